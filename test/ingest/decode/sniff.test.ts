import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { streamConfig } from '../../../core/config/stream.ts';
import { Fold } from '../../../detector/fold.ts';
import { decoderFor, type Encoding } from '../../../ingest/decode/index.ts';
import { looksLike } from '../../../ingest/decode/sniff.ts';
import { newOutputs } from '../../detector/make.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const EXAMPLES: Record<Encoding, Uint8Array[]> = {
  tidewatch_json: [
    bytes('{"entity":"checkout","time":1767571200000,"values":{"latency_ms":12.5}}'),
    bytes(' [{"entity":"a","time":1,"level":"warn","body":"queue is half full"}]'),
  ],
  influx: [
    bytes('cpu,host=web-1,cpu=cpu0 usage_user=12.5,usage_idle=80 1767571200000000000\n'),
    bytes('# a comment\n\nmem,host=a\\ b value=512i'),
    bytes('disk free=true'),
  ],
  otlp_proto: [
    readFileSync('test/golden/otlp-metrics-delta-1.bin'),
    readFileSync('test/golden/otlp-logs.bin'),
    readFileSync('test/golden/otlp-metrics-cumulative-2.bin'),
  ],
  otlp_json: [
    bytes('{"resourceMetrics":[{"resource":{"attributes":[]},"scopeMetrics":[]}]}'),
    bytes('{"resourceLogs":[]}'),
  ],
  telegraf_json: [
    bytes('{"fields":{"usage_user":12.5},"name":"cpu","tags":{"host":"a"},"timestamp":1767571200}'),
    bytes('{"metrics":[{"fields":{"x":1},"name":"cpu","tags":{"host":"a"},"timestamp":1767571200}]}'),
  ],
};
const ENCODINGS = Object.keys(EXAMPLES) as Encoding[];

describe.each(ENCODINGS)('%s', (encoding) => {
  const others = ENCODINGS.filter((other) => other !== encoding);

  test('is recognised where another encoding is configured, and is no news where it is configured itself', () => {
    for (const example of EXAMPLES[encoding]) {
      for (const configured of others) expect(looksLike(example, configured)).toBe(encoding);
      expect(looksLike(example, encoding)).toBe(null);
    }
  });

  test('a stream of it counts whole records of others as what they look like, and their letters say so', () => {
    const config = streamConfig.parse({ name: 's', encoding });
    for (const other of others) {
      const fold = new Fold(config, decoderFor(config));
      const out = newOutputs();
      EXAMPLES[other].forEach((value, offset) => {
        fold.record({ offset, appendMs: 1767571200000, key: null, value }, out);
      });
      const refused = fold.tallies.refusedRecords;
      expect(refused, `${other} in ${encoding}`).toBe(fold.tallies.looksLike.get(other) ?? 0);
      expect(out.deadLetters.filter(({ fault }) => fault.detail.endsWith(`; looks like ${other}`)).length).toBe(
        out.deadLetters.length,
      );
      // an unknown field is no fault in OTLP's JSON, so a foreign object is an empty request to it
      if (encoding !== 'otlp_json') expect(refused).toBe(EXAMPLES[other].length);
    }
  });
});

test.each([
  '',
  'hello world',
  'key=value',
  '<metric name="x" value="1"/>',
  '{"a":1}',
  '2026-01-05T00:00:00Z ERROR x=1failed',
  '\n\n\n',
  '\u0000\u0001',
])('%j looks like nothing', (text) => {
  for (const encoding of ENCODINGS) expect(looksLike(bytes(text), encoding)).toBe(null);
});

test('whatever the bytes, there is an answer, and a part of a record with good points is not guessed at', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (value) => {
      expect([...ENCODINGS, null]).toContain(looksLike(value, 'influx'));
    }),
  );
  const config = streamConfig.parse({ name: 's' });
  const fold = new Fold(config, decoderFor(config));
  const out = newOutputs();
  const value = bytes('{"entity":"a","time":1767571200000,"values":{"x":1}}\ncpu,host=a value=1');
  fold.record({ offset: 0, appendMs: 1767571200000, key: null, value }, out);
  expect(out.deadLetters.map(({ fault }) => fault.detail.includes('looks like'))).toEqual([false]);
  expect(fold.tallies.refusedRecords).toBe(0);
});

test('a long line of nothing but separators is seen through at once', () => {
  const startMs = performance.now();
  for (const unit of ['a,', 'a=', '\\ ', 'a,b=', '\u0000'])
    expect(looksLike(bytes(unit.repeat(500_000)), 'tidewatch_json')).toBe(null);
  expect(performance.now() - startMs).toBeLessThan(1000);
});
