import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MAX_DEPTH, MAX_RECORD_BYTES } from '../../../ingest/decode/limits.ts';
import { tidewatchJsonDecoder } from '../../../ingest/decode/tidewatch-json.ts';
import { codes, decodeAll } from './collect.ts';

const decoder = tidewatchJsonDecoder();
const decode = (value: Uint8Array | string) => decodeAll(decoder, value);
const record = (more: object) => JSON.stringify({ entity: 'a', time: 1000, values: { x: 1 }, ...more });
const ONE = { entity: 'a', timeMs: 1000, values: [['x', 1]] };

test('a record becomes one sample', () => {
  expect(decode('{"entity":"db","time":1700000000000,"values":{"cpu":0.5,"mem":2e3}}')).toEqual({
    samples: [
      {
        entity: 'db',
        timeMs: 1700000000000,
        values: [
          ['cpu', 0.5],
          ['mem', 2000],
        ],
      },
    ],
    events: [],
    faults: [],
  });
});

test('any finite measurements come back bit for bit, under any good names', () => {
  const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).filter((s) => /^[^\p{Cc}]+$/u.test(s));
  const values = fc.dictionary(name, fc.double({ noNaN: true, noDefaultInfinity: true }), { minKeys: 1, maxKeys: 8 });
  fc.assert(
    fc.property(name, fc.nat(), values, (entity, timeMs, measured) => {
      fc.pre(!['__proto__', 'constructor', 'prototype'].some((key) => Object.hasOwn(measured, key)));
      const { samples, faults } = decode(JSON.stringify({ entity, time: timeMs, values: measured }));
      expect(faults).toEqual([]);
      expect(samples).toEqual([{ entity, timeMs, values: Object.entries(measured).map(([k, v]) => [k, v + 0 || 0]) }]);
    }),
  );
});

test.each([
  ['2026-01-05T00:00:00Z', Date.UTC(2026, 0, 5)],
  ['2026-01-05t01:30:00.25+01:30', Date.UTC(2026, 0, 5, 0, 0, 0, 250)],
  ['2026-01-04 19:00:00.123456789-05:00', Date.UTC(2026, 0, 5, 0, 0, 0, 123)],
  ['2024-02-29T23:59:60Z', Date.UTC(2024, 2, 1)],
  [1000.9, 1000],
  [0, 0],
])('the time %s is an instant', (time, timeMs) => {
  expect(decode(record({ time })).samples[0]!.timeMs).toBe(timeMs);
});

test.each([
  null,
  true,
  {},
  [1],
  '',
  'yesterday',
  '2026-01-05',
  '2026-01-05T00:00:00',
  '2026-13-05T00:00:00Z',
  '2026-02-29T00:00:00Z',
  '2026-01-05T24:00:00Z',
  '2026-01-05T00:00:00+24:00',
  '1600-01-05T00:00:00Z',
  '0001-01-05T00:00:00Z',
  -1,
  1.7e15,
  1.7e18,
  undefined,
])('the time %s is refused', (time) => {
  expect(decode(record({ time }))).toMatchObject({ samples: [], faults: [{ code: 'time_invalid' }] });
});

test.each([
  ['', 'record_empty'],
  [' \n\t', 'record_empty'],
  ['null', 'record_empty'],
  ['[]', 'record_empty'],
  ['nonsense', 'record_not_json'],
  ['{"entity":"a","time":1000,"val', 'record_not_json'],
  ['{"entity":"a"}{"entity":"b"}', 'record_not_json'],
  ['7', 'record_shape'],
  ['"text"', 'record_shape'],
  ['[[1]]', 'record_shape'],
  [record({ values: undefined }), 'record_shape'],
  [record({ values: {} }), 'record_shape'],
  [record({ values: [1] }), 'record_shape'],
  [record({ values: 'x' }), 'record_shape'],
  [record({ values: null }), 'record_shape'],
  [record({ values: undefined, body: 7 }), 'record_shape'],
  [record({ values: undefined, body: 'text', level: {} }), 'record_shape'],
  [record({ entity: undefined }), 'entity_missing'],
  [record({ entity: null }), 'entity_missing'],
  [record({ entity: 7 }), 'record_shape'],
  [record({ entity: '' }), 'name_invalid'],
  [record({ entity: 'x'.repeat(257) }), 'name_invalid'],
  [record({ entity: 'a\0b' }), 'name_invalid'],
  ['{"entity":"\\ud800","time":1,"values":{"x":1}}', 'name_invalid'],
  ['{"entity":"a","time":1,"values":{"x":1},"constructor":1}', 'key_forbidden'],
  ['{"entity":"a","time":1,"values":{"x":1},"__proto__":{"entity":"b"}}', 'key_forbidden'],
  ['{"entity":"a","time":1,"values":{"x":1},"tags":[{"b":{"\\u005f_proto__":1}}]}', 'key_forbidden'],
  ['{"entity":"a","time":1,"values":{"__proto__":1}}', 'key_forbidden'],
])('%s is one fault: %s', (text, code) => {
  const decoded = decode(text);
  expect(codes(decoded)).toEqual([code]);
  expect(decoded.samples).toEqual([]);
});

test('bytes that are not UTF-8 are refused, and those above the limit', () => {
  expect(codes(decode(Uint8Array.of(0x7b, 0xff, 0x7d)))).toEqual(['record_not_utf8']);
  expect(codes(decode(new Uint8Array(MAX_RECORD_BYTES + 1).fill(0x20)))).toEqual(['record_too_large']);
  expect(codes(decode(new Uint8Array(MAX_RECORD_BYTES).fill(0x20)))).toEqual(['record_empty']);
});

test.each([
  ['{"x":1,"y":"text"}', 'value_not_number'],
  ['{"x":1,"y":null}', 'value_not_number'],
  ['{"x":1,"y":true}', 'value_not_number'],
  ['{"x":1,"y":{"z":1}}', 'value_not_number'],
  ['{"x":1,"y":1e999}', 'value_not_finite'],
  ['{"x":1,"y":NaN}', 'value_not_finite'],
  ['{"x":1,"y":-Infinity}', 'value_not_finite'],
  ['{"x":1,"":2}', 'name_invalid'],
  ['{"x":1,"a\\u0000":2}', 'name_invalid'],
  ['{"constructor":2,"x":1}', 'key_forbidden'],
])('of %s the bad measurement is one fault and the good one goes out', (values, code) => {
  const decoded = decode(`{"entity":"a","time":1000,"values":${values}}`);
  expect(codes(decoded)).toEqual([code]);
  expect(decoded.samples).toEqual([ONE]);
});

test('the words NaN and Infinity inside texts stay texts', () => {
  const decoded = decode('{"entity":"NaN \\" Infinity","time":1000,"note":"-NaN","values":{"NaN":1,"y":NaN}}');
  expect(decoded.samples).toEqual([{ entity: 'NaN " Infinity', timeMs: 1000, values: [['NaN', 1]] }]);
});

test('nesting is no way to crash, and too deep a field is refused', () => {
  const deep = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;
  const withField = (levels: number) => `{"entity":"a","time":1000,"values":{"x":1},"more":${deep(levels)}}`;
  expect(decode(withField(MAX_DEPTH - 1)).samples).toEqual([ONE]);
  expect(codes(decode(withField(MAX_DEPTH)))).toEqual(['record_too_deep']);
  expect(codes(decode(withField(400_000)))).toEqual(['record_too_deep']);
  expect(decode(deep(400_000)).samples).toEqual([]);
  expect(decode('['.repeat(MAX_RECORD_BYTES)).faults).toHaveLength(1);
  expect(decode('{"a":'.repeat(200_000)).faults).toHaveLength(1);
});

test('a list and lines hold several records; each bad one is one fault that names its place', () => {
  const list = decode(`[${record({})},7,${record({ entity: 'b' })}]`);
  expect(list.samples.map((s) => s.entity)).toEqual(['a', 'b']);
  expect(list.faults).toMatchObject([{ code: 'record_shape', detail: expect.stringContaining('item 2') }]);
  const lines = decode(
    `${record({})}\r\n\n{"entity"\n${record({ entity: 'b', time: 'x' })}\n${record({ entity: 'c' })}\n`,
  );
  expect(lines.samples.map((s) => s.entity)).toEqual(['a', 'c']);
  expect(lines.faults).toMatchObject([
    { code: 'record_not_json', detail: expect.stringContaining('line 3') },
    { code: 'time_invalid', detail: expect.stringContaining('line 4') },
  ]);
});

test('a truncated record of many lines is one fault', () => {
  const text = JSON.stringify({ entity: 'a', time: 1000, values: { x: 1 } }, null, 2);
  expect(codes(decode(text.slice(0, -3)))).toEqual(['record_not_json']);
});

test('a log event has a level and a body, and unknown fields are ignored', () => {
  expect(
    decode('{"entity":"a","time":1000,"level":"warn","body":"disk \\u0000 full","trace":{"id":[1]}}').events,
  ).toEqual([{ entity: 'a', timeMs: 1000, level: 'warn', body: 'disk \0 full' }]);
  expect(decode('{"entity":"a","time":1000,"body":""}').events).toEqual([
    { entity: 'a', timeMs: 1000, level: '', body: '' },
  ]);
});

test('a byte order mark does no harm', () => {
  expect(decode(`\ufeff${record({})}`).samples).toEqual([ONE]);
});

test('names of another record do not leak into the next one', () => {
  decode(record({ values: { x: 1, y: 2 } }));
  expect(decode(record({ values: { y: 3 } })).samples[0]!.values).toEqual([['y', 3]]);
  expect(codes(decode(record({ values: { y: 3, '\u007f': 1 } })))).toEqual(['name_invalid']);
});
