import fc from 'fast-check';
import { expect, test } from 'vitest';
import { tidewatchJsonDecoder } from '../../../ingest/decode/tidewatch-json.ts';
import { PlainRecords } from '../../../ingest/decode/tidewatch-plain.ts';
import type { Decoder } from '../../../ingest/ports.ts';

/** All that a decoder tells of some bytes, numbers to the last bit. */
function told(decode: Decoder, bytes: Uint8Array): string[] {
  const out: string[] = [];
  const bits = (x: number): string => Buffer.from(Float64Array.of(x).buffer).toString('hex');
  decode(bytes, 0, {
    sample: ({ entity, timeMs, names, values }) =>
      out.push(JSON.stringify(['sample', entity, timeMs, names, values.map(bits)])),
    cumulative: (point) => out.push(JSON.stringify(['cumulative', point])),
    event: (event) => out.push(JSON.stringify(['event', event])),
    fault: (fault, at) => out.push(JSON.stringify(['fault', fault, at])),
  });
  return out;
}

/** A decoder that has seen a record of these metrics, and one that has seen nothing and so reads by JSON.parse. */
function sameAsFresh(before: readonly Uint8Array[], bytes: Uint8Array): void {
  const used = tidewatchJsonDecoder();
  for (const one of before) told(used, one);
  expect(told(used, bytes)).toEqual(told(tidewatchJsonDecoder(), bytes));
}

const text = (json: string): Buffer => Buffer.from(json);
const metric = fc.oneof(fc.constantFrom('a', 'b', 'cpu_user', 'x.y', '1', '0', 'q"', 'é', '__proto__'), fc.string());
const number = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer(),
  fc.integer({ min: -1e9, max: 1e9 }).map((n) => n / 1000),
  fc.constantFrom(0, -0, 1e21, 5e-324, 0.1, 123456789012345, 1234567890123456, 2 ** 53 + 2),
);
const numberText = fc.oneof(
  number.map((n) => (Object.is(n, -0) ? '-0' : JSON.stringify(n))),
  fc.constantFrom(
    '-0',
    '-0.0',
    '0.30000000000000004',
    '1.5e3',
    '1E-2',
    '01',
    '1.',
    '.5',
    '+1',
    '-',
    '1e999',
    'NaN',
    '""',
    'null',
  ),
  fc.tuple(fc.bigInt({ min: 0n, max: 10n ** 22n }), fc.nat(22)).map(([n, k]) => `${n}.${String(k).padStart(k, '0')}`),
);
const space = fc.constantFrom('', '', '', ' ', '  ', '\n');
const entity = fc.oneof(fc.constantFrom('host-1', 'host-2', 'a"b', 'ü', '', 'x'.repeat(257)), fc.string());
const time = fc.oneof(
  fc.integer({ min: 0, max: 4e12 }).map(String),
  fc.constantFrom('-1', '1.5', '1e12', '"2026-01-01T00:00:00Z"', '99999999999999999', 'null'),
);
const record = (names: readonly string[]) =>
  fc
    .tuple(entity, time, fc.tuple(...names.map(() => numberText)), space, space, space)
    .map(([e, t, values, s1, s2, s3]) => {
      const pairs = names.map((name, i) => `${JSON.stringify(name)}:${s1}${values[i]}`);
      return `{"entity":${s2}${JSON.stringify(e)},${s1}"time":${s3}${t}${s2},"values":${s1}{${pairs.join(`,${s3}`)}}${s1}}${s2}`;
    });
const fleet = fc.uniqueArray(metric, { minLength: 1, maxLength: 5 });

test('what is read from bytes is to the last bit what JSON.parse makes of it', () => {
  fc.assert(
    fc.property(
      fleet.chain((names) => fc.array(record(names), { minLength: 2, maxLength: 4 })),
      (all) => sameAsFresh(all.slice(0, -1).map(text), text(all.at(-1)!)),
    ),
    { numRuns: 3_000 },
  );
});

const GOOD = '{"entity":"host-1","time":1700000000000,"values":{"cpu":1.25,"mem":-3}}';

test('any change of a byte is read as JSON.parse reads it', () => {
  fc.assert(
    fc.property(
      fc.nat(GOOD.length - 1),
      fc.oneof(fc.nat(255), fc.constantFrom(0x20, 0x22, 0x5c, 0x7b, 0x7d, 0x2c, 0x30)),
      (at, byte) => {
        const changed = text(GOOD);
        changed[at] = byte;
        sameAsFresh([text(GOOD)], changed);
      },
    ),
    { numRuns: 3_000 },
  );
  for (let length = 0; length < GOOD.length; length++) sameAsFresh([text(GOOD)], text(GOOD.slice(0, length)));
});

test('another list of metrics, another order and a name that is there twice are left to JSON.parse', () => {
  const values = (body: string): Buffer => text(`{"entity":"h","time":1,"values":{${body}}}`);
  const seen = [values('"a":1,"b":2')];
  for (const body of ['"b":1,"a":2', '"a":1', '"a":1,"b":2,"c":3', '"a":1,"a":2', '"a":1,"b":2,"b":3', '"a":1,"B":2'])
    sameAsFresh(seen, values(body));
  sameAsFresh([values('"1":1,"0":2')], values('"1":1,"0":2'));
});

test('it does read what is common, and gives the same text for the same entity', () => {
  const plain = new PlainRecords();
  const sample = { entity: '', timeMs: 0, names: ['cpu', 'mem'], values: [0, 0] };
  expect(plain.read(text(GOOD), sample)).toBe(false);
  plain.learn(['cpu', 'mem']);
  expect(plain.read(text(GOOD), sample)).toBe(true);
  expect(sample).toEqual({ entity: 'host-1', timeMs: 1_700_000_000_000, names: ['cpu', 'mem'], values: [1.25, -3] });
  expect(plain.read(text(GOOD.replaceAll(',', ', ').replaceAll(':', ': ')), sample)).toBe(true);
});
