import type { Random } from '../../core/random.ts';
import { influxLineDecoder } from '../../ingest/decode/influx-line.ts';
import { MAX_TIME_MS } from '../../ingest/decode/limits.ts';
import { isForbiddenKey, isName } from '../../ingest/decode/names.ts';
import { tidewatchJsonDecoder } from '../../ingest/decode/tidewatch-json.ts';
import type { Decoder } from '../../ingest/ports.ts';
import { badFault, mixed, pick, type Target } from './target.ts';

const APPEND_MS = 1_700_000_000_000;

/** What every decoder owes: good names, finite values, real times, listed codes, and something for each input. */
export function checkDecoder(decoder: Decoder, input: Uint8Array, maySayNothing: boolean): string | null {
  let wrong: string | null = null;
  let said = 0;
  decoder(input, APPEND_MS, {
    sample: ({ entity, timeMs, names, values }) => {
      said++;
      if (!isName(entity)) wrong ??= `the entity ${JSON.stringify(entity)}`;
      if (!(timeMs >= 0 && timeMs <= MAX_TIME_MS && Number.isInteger(timeMs))) wrong ??= `the time ${timeMs}`;
      if (names.length === 0 || names.length !== values.length) wrong ??= `${names.length} names`;
      for (const name of names) if (!isName(name) || isForbiddenKey(name)) wrong ??= `the metric ${name}`;
      for (const value of values) if (!Number.isFinite(value)) wrong ??= `the value ${value}`;
    },
    cumulative: ({ entity, timeMs, startMs, source, metric, bounds, totals }) => {
      said++;
      if (!isName(entity) || !isName(metric) || (source !== '' && !isName(source))) wrong ??= 'a name of a series';
      if (!Number.isInteger(timeMs) || !Number.isInteger(startMs)) wrong ??= `the times ${startMs} and ${timeMs}`;
      const expected = bounds === null ? [1] : [2, bounds.length + 3];
      if (!expected.includes(totals.length)) wrong ??= `${totals.length} totals`;
      for (const [i, total] of totals.entries())
        if (!(Number.isFinite(total) || (bounds !== null && i === 1))) wrong ??= `the total ${total}`;
    },
    event: ({ entity, timeMs, level, body }) => {
      said++;
      if (!isName(entity) || !Number.isInteger(timeMs)) wrong ??= 'an event of nobody or no time';
      if (!level.isWellFormed() || !body.isWellFormed()) wrong ??= 'a text that is not Unicode';
    },
    fault: (fault) => {
      said++;
      wrong ??= badFault(fault);
    },
  });
  if (Object.hasOwn(Object.prototype, 'polluted')) wrong ??= 'it polluted Object.prototype';
  return wrong ?? (said === 0 && !maySayNothing ? 'it said nothing' : null);
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

const GOOD_JSON = [
  '{"entity":"checkout","time":1700000000000,"values":{"latency_ms":12.5,"requests":812,"errors":0}}',
  '[{"entity":"a","time":"2026-01-05T00:00:00.5Z","values":{"x":-1e-7}},{"entity":"b","time":1,"level":"warn","body":"text \\u00e4"}]',
  '{"entity":"a","time":1,"values":{"x":1}}\n{"entity":"b","time":2,"values":{"y":NaN,"z":null}}\n',
].map(utf8);
const JSON_PIECES = [
  '{', '}', '[', ']', ':', ',', '"', '\\', '\n', ' ', '"entity"', '"time"', '"values"', '"body"', '"level"', '"__proto__"',
  '{"polluted":1}', '"constructor"', '"\\u005f_proto__"', '"a"', '"\\ud800"', '"\\u0000"', '1', '-0', '1e999', 'NaN', '-Infinity',
  'null', 'true', '1700000000000', '"2026-01-05T00:00:00Z"', '{"entity":"a","time":1,"values":{', '"x":1', '}}', '\ufeff',
]; // biome-ignore format: one piece beside the other

const GOOD_LINES = [
  'cpu,host=a,cpu=cpu0 user=1.5,sys=2i,idle=90u,ok=true 1700000000000000000\nmem,host=a value=3\n',
  'my\\ m\\,x,host=a\\ b,t\\=g=v f\\ 1=1,s="a \\"quoted\\"\ntext" 1700000000000000000\r\n# comment\r\n',
].map(utf8);
const LINE_PIECES = [
  'm', ',', '=', ' ', '\\', '"', '\n', '\r', '#', '\t', 'host=a', 'm,host=a ', 'v=1', 'v=1i', 'v=t', 'v="x', 'v="x"', '1700000000000000000',
  '-1', 'NaN', '1e999', '__proto__', 'constructor', '\u00e4', '\ud800', '\0', 'value', ',host=a', '\\ ', '\\,', '\\=', '\\"',
]; // biome-ignore format: one piece beside the other

const assemble = (pieces: readonly string[]) => (random: Random) =>
  utf8(Array.from({ length: random.below(24) }, () => pick(random, pieces)).join(''));

const json = tidewatchJsonDecoder();
const lines = influxLineDecoder({ entityTags: ['host', 'service'] });

export const decoderTargets: readonly Target[] = [
  {
    name: 'tidewatch-json',
    share: 0.45,
    inputs: (seed) => mixed(seed, GOOD_JSON, assemble(JSON_PIECES)),
    check: (input) => checkDecoder(json, input, false),
  },
  {
    name: 'influx-line',
    share: 0.45,
    inputs: (seed) => mixed(seed, GOOD_LINES, assemble(LINE_PIECES)),
    // Comments and lines of texts alone are no points.
    check: (input) => checkDecoder(lines, input, true),
  },
];
