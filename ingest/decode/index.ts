import type { StreamConfig } from '../../core/config/stream.ts';
import type { Decoder } from '../ports.ts';
import { tidewatchJsonDecoder } from './tidewatch-json.ts';

/** The decoder of a stream's encoding. Decoders keep scratch, so each partition has its own. */
export function decoderFor(_config: Pick<StreamConfig, 'encoding' | 'entityTags'>): Decoder {
  return tidewatchJsonDecoder();
}
