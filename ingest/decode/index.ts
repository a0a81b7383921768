import type { StreamConfig } from '../../core/config/stream.ts';
import type { Decoder } from '../ports.ts';
import { influxLineDecoder } from './influx-line.ts';
import { otlpDecoder } from './otlp.ts';
import { telegrafJsonDecoder } from './telegraf-json.ts';
import { tidewatchJsonDecoder } from './tidewatch-json.ts';

export type Encoding = StreamConfig['encoding'];

const MAKERS: Record<Encoding, (config: StreamConfig) => Decoder> = {
  tidewatch_json: () => tidewatchJsonDecoder(),
  influx: (config) => influxLineDecoder({ entityTags: config.entityTags }),
  otlp_proto: ({ entityTags }) => otlpDecoder({ encoding: 'otlp_proto', entityTags }),
  otlp_json: ({ entityTags }) => otlpDecoder({ encoding: 'otlp_json', entityTags }),
  telegraf_json: ({ entityTags, timestampUnit }) => telegrafJsonDecoder({ entityTags, timestampUnit }),
};

/** The decoder of a stream's records. Each call makes one of its own, since decoders reuse what they hand out. */
export function decoderFor(config: StreamConfig, encoding: Encoding = config.encoding): Decoder {
  return MAKERS[encoding](config);
}
