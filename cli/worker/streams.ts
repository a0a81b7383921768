import { type Config, SOURCE_STREAMS } from '../../core/config/root.ts';
import type { StreamConfig } from '../../core/config/stream.ts';
import { TidewatchError } from '../../core/errors.ts';

/** Streams of sources that live in the embedded process and have no topic. */
const EMBEDDED: readonly string[] = [SOURCE_STREAMS.host, SOURCE_STREAMS.demo];

/** The streams that workers serve, by topic. Throws config_invalid where two have one topic, or there is none. */
export function streamsByTopic({ streams }: Config): Map<string, StreamConfig> {
  const out = new Map<string, StreamConfig>();
  for (const stream of streams) {
    if (EMBEDDED.includes(stream.name)) continue;
    const other = out.get(stream.topic);
    if (other !== undefined)
      throw new TidewatchError(
        'config_invalid',
        `streams ${other.name} and ${stream.name} have the same topic ${stream.topic}: a topic has one stream`,
      );
    out.set(stream.topic, stream);
  }
  if (out.size === 0)
    throw new TidewatchError('config_invalid', 'streams: there is none to read; add one with its topic');
  return out;
}
