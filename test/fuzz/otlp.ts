import { readFileSync } from 'node:fs';
import type { Random } from '../../core/random.ts';
import { Fold } from '../../detector/fold.ts';
import { otlpDecoder } from '../../ingest/decode/otlp.ts';
import { telegrafJsonDecoder } from '../../ingest/decode/telegraf-json.ts';
import { tidewatchJsonDecoder } from '../../ingest/decode/tidewatch-json.ts';
import { newOutputs, testConfig } from '../detector/make.ts';
import { checkDecoder } from './decoders.ts';
import { badFault, damaged, mixed, pick, type Target } from './target.ts';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const NAMES = ['metrics-cumulative-2', 'metrics-delta-2', 'logs'];
const golden = (ending: string) =>
  NAMES.map((name) => new Uint8Array(readFileSync(`test/golden/otlp-${name}.${ending}`)));

const entityTags = ['service.name', 'host'];
const proto = otlpDecoder({ encoding: 'otlp_proto', entityTags });
const json = otlpDecoder({ encoding: 'otlp_json', entityTags });
const telegraf = telegrafJsonDecoder({ entityTags, timestampUnit: 's' });

/** Bytes that a tag or a length may be, so that some of what is put together is Protobuf. */
const TAGS = [
  0x08, 0x09, 0x0a, 0x12, 0x1a, 0x22, 0x2a, 0x3a, 0x4a, 0x52, 0x0b, 0x0c, 0x19, 0x31, 0, 1, 2, 4, 8, 0xff, 0x7f,
];
const wire = (random: Random) => Uint8Array.from({ length: random.below(40) }, () => pick(random, TAGS));

const OTLP_PIECES = [
  '{', '}', '[', ']', ',', '"resourceMetrics":[', '"resourceLogs":[', '"resource":', '"scopeMetrics":[', '"metrics":[', '"name":"m"', '"gauge":{',
  '"sum":{', '"histogram":{', '"dataPoints":[', '"timeUnixNano":"1700000000000000000"', '"asInt":"1"', '"asDouble":"NaN"', '"count":-1', 'null', '7',
  '"aggregationTemporality":2', '"isMonotonic":true', '"attributes":[{"key":"service.name","value":{"stringValue":"a"}}]', '"__proto__":{"polluted":1}',
  '"bucketCounts":[1,2]', '"explicitBounds":[1]', '"flags":1', ':', '{"resourceMetrics":[{"resource":{"attributes":[{"key":"host","value":{"intValue":1}}]},',
]; // biome-ignore format: one piece beside the other
const TELEGRAF_PIECES = [
  '{', '}', '[', ']', ',', ':', '"name":"cpu"', '"tags":{"host":"a"}', '"fields":{"x":1', '"timestamp":1700000000', '"metrics":[', '1', 'NaN', 'true',
  'null', '"__proto__":{"polluted":1}', '"t"', '{"name":"m","tags":{"host":"a","k":"v"},"fields":{', '"value":1', '},"timestamp":1}', '1e999', '"\\ud800"',
]; // biome-ignore format: one piece beside the other
const TOTALS = utf8(
  '{"entity":"a","time":1700000000000,"since":1600000000000,"source":"r1","totals":{"n":5,"h":{"count":3,"sum":1.5,"bounds":[1,2],"buckets":[1,1,1]}}}',
);

const assemble = (pieces: readonly string[]) => (random: Random) =>
  utf8(Array.from({ length: random.below(24) }, () => pick(random, pieces)).join(''));

const stream = testConfig();
const totalsAt = (i: number) =>
  utf8(
    `{"entity":"${'ab'[i % 2]}","time":${i * 4000},"totals":{"n":${i * i},"h":{"count":${i},"bounds":[1],"buckets":[${i},0]}}}`,
  );
const feed = (fold: Fold, from: number, to: number) => {
  for (let i = from; i < to; i++)
    fold.record({ offset: i, appendMs: i * 4000, key: null, value: totalsAt(i) }, newOutputs());
  return fold;
};

/** A state that is taken must serve: the next records and saving it again throw nothing either. */
function goesOn(input: Uint8Array): string | null {
  const restored = Fold.restore(stream, tidewatchJsonDecoder(), input);
  if (!restored.ok) return badFault(restored.fault);
  feed(restored.value, 20, 26).save();
  return null;
}

export const otlpTargets: readonly Target[] = [
  {
    name: 'otlp-proto',
    share: 0.2,
    inputs: (seed) => mixed(seed, golden('bin'), wire),
    // A request may hold no points.
    check: (input) => checkDecoder(proto, input, true),
  },
  {
    name: 'otlp-json',
    share: 0.1,
    inputs: (seed) => mixed(seed, golden('json'), assemble(OTLP_PIECES)),
    check: (input) => checkDecoder(json, input, true),
  },
  {
    name: 'telegraf-json',
    share: 0.2,
    inputs: (seed) =>
      mixed(
        seed,
        [
          '{"fields":{"usage":12.5,"up":true},"name":"cpu","tags":{"cpu":"cpu0","host":"web-1"},"timestamp":1767571200}',
          '{"metrics":[{"fields":{"value":1},"name":"m","tags":{"host":"a"},"timestamp":1767571200}]}',
        ].map(utf8),
        assemble(TELEGRAF_PIECES),
      ),
    // Texts are no measurements.
    check: (input) => checkDecoder(telegraf, input, true),
  },
  {
    name: 'totals',
    share: 0.1,
    inputs: (seed) => damaged(seed, [TOTALS]),
    check: (input) => checkDecoder(tidewatchJsonDecoder(), input, false),
  },
  {
    name: 'state with cumulative series',
    share: 0.02,
    inputs: (seed) => damaged(seed, [feed(new Fold(stream, tidewatchJsonDecoder()), 0, 20).save()]),
    check: goesOn,
  },
];
