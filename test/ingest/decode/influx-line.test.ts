import fc from 'fast-check';
import { expect, test } from 'vitest';
import { influxLineDecoder } from '../../../ingest/decode/influx-line.ts';
import { isForbiddenKey } from '../../../ingest/decode/names.ts';
import type { Precision } from '../../../ingest/decode/time.ts';
import { codes, decodeAll } from './collect.ts';

const decoder = influxLineDecoder({ entityTags: ['host', 'service'] });
const decode = (value: Uint8Array | string) => decodeAll(decoder, value);
const values = (line: string) => decode(line).samples.flatMap((s) => s.values);

test('a line becomes one sample; the entity is the first of the entity tags, the others tell series apart', () => {
  expect(decode('cpu,service=web,host=a,cpu=cpu0 user=1.5,sys=2i 1700000000123456789')).toEqual({
    samples: [
      {
        entity: 'a',
        timeMs: 1700000000123,
        values: [
          ['cpu_user{cpu=cpu0,service=web}', 1.5],
          ['cpu_sys{cpu=cpu0,service=web}', 2],
        ],
      },
    ],
    events: [],
    faults: [],
  });
});

test('a field named value takes the name of its measurement', () => {
  expect(values('load,host=a value=3')).toEqual([['load', 3]]);
});

test('the order of tags says nothing', () => {
  expect(values('m,b=2,host=x,a=1 value=1')).toEqual(values('m,a=1,b=2,host=x value=1'));
});

test.each([
  ['1', 1],
  ['-1.5', -1.5],
  ['+2', 2],
  ['.5', 0.5],
  ['5.', 5],
  ['1e3', 1000],
  ['1.5E-1', 0.15],
  ['7i', 7],
  ['-7i', -7],
  ['7u', 7],
  ['t', 1],
  ['T', 1],
  ['true', 1],
  ['True', 1],
  ['TRUE', 1],
  ['f', 0],
  ['F', 0],
  ['false', 0],
  ['False', 0],
  ['FALSE', 0],
])('the value %s is %d', (text, value) => {
  expect(values(`m,host=a v=${text}`)).toEqual([['m_v', value]]);
});

test('texts are no measurements, whatever they hold', () => {
  expect(
    decode('m,host=a s="a,b c=\\"d\\" \\\\",v=1,t="two\nlines # no comment" 1000000000\nm,host=b v=2'),
  ).toMatchObject({
    samples: [
      { entity: 'a', timeMs: 1000, values: [['m_v', 1]] },
      { entity: 'b', timeMs: 5000, values: [['m_v', 2]] },
    ],
    faults: [],
  });
  expect(decode('m,host=a s="only text"')).toEqual({ samples: [], events: [], faults: [] });
});

test('escaped commas, spaces and equals signs belong to the names', () => {
  expect(decode('my\\ m\\,x,ho\\ st=1,host=a\\ b\\,c\\=d,t\\=g=v\\\\w f\\ 1\\,2\\=3=1').samples).toEqual([
    { entity: 'a b,c=d', timeMs: 5000, values: [['my m,x_f 1,2=3{ho st=1,t=g=v\\\\w}', 1]] },
  ]);
});

test('comments, blank lines, CRLF and spaces around are passed over', () => {
  expect(
    decode('# c,host=a v=1\n\n  \t\r\n m,host=a v=1 1000000\r\n#\nm,host=a v=2  2000000  \r\n').samples.map(
      (s) => s.timeMs,
    ),
  ).toEqual([1, 2]);
});

test.each<[Precision, string, number]>([
  ['ns', '1700000000123999999', 1700000000123],
  ['us', '1700000000123999', 1700000000123],
  ['ms', '1700000000123', 1700000000123],
  ['s', '1700000000', 1700000000000],
  ['ns', '5', 0],
])('a timestamp in %s is read by its digits', (precision, digits, timeMs) => {
  const decoded = decodeAll(influxLineDecoder({ entityTags: ['host'], precision }), `m,host=a v=1 ${digits}`);
  expect(decoded.samples[0]!.timeMs).toBe(timeMs);
});

test.each([
  ['m', 'line_syntax'],
  ['m,host=a', 'line_syntax'],
  ['m,host=a ', 'line_syntax'],
  ['m,host v=1', 'line_syntax'],
  ['m,host= v=1', 'line_syntax'],
  ['m,=a v=1', 'line_syntax'],
  [',host=a v=1', 'line_syntax'],
  ['m,host=a v', 'line_syntax'],
  ['m,host=a v=', 'line_syntax'],
  ['m,host=a v=abc', 'line_syntax'],
  ['m,host=a v=1x', 'line_syntax'],
  ['m,host=a v=1.5i', 'line_syntax'],
  ['m,host=a v=-1u', 'line_syntax'],
  ['m,host=a v=1,', 'line_syntax'],
  ['m,host=a v="open', 'line_syntax'],
  ['m,host=a v="x"y', 'line_syntax'],
  ['m,host=a v=1 1 2', 'line_syntax'],
  ['m,host=a v=1 now', 'time_invalid'],
  ['m,host=a v=1 -5', 'time_invalid'],
  ['m,host=a v=1 99999999999999999999999', 'time_invalid'],
  ['m v=1', 'entity_missing'],
  ['m,rack=a v=1', 'entity_missing'],
  [`m,host=${'x'.repeat(300)} v=1`, 'name_invalid'],
  ['m,__proto__=1,host=a v=1', 'line_syntax'],
  ['m,host=a v=NaN', 'value_not_finite'],
  ['m,host=a v=-inf', 'value_not_finite'],
  ['m,host=a v=1e999', 'value_not_finite'],
  ['m,host=a __proto__=1', 'key_forbidden'],
  ['constructor,host=a value=1', 'key_forbidden'],
  [`m,host=a ${'x'.repeat(300)}=1`, 'name_invalid'],
  ['', 'record_empty'],
])('%s is one fault: %s', (line, code) => {
  const decoded = decode(line);
  expect(codes(decoded)).toEqual([code]);
  expect(decoded.samples).toEqual([]);
});

test('a bad line names line and column and leaves its neighbours whole', () => {
  const decoded = decode('m,host=a v=1\nm,host=a s="x\ny",v=oops\nm,host=a v=3');
  expect(decoded.samples.map((s) => s.values[0]![1])).toEqual([1, 3]);
  expect(decoded.faults[0]).toMatchObject({
    code: 'line_syntax',
    detail: expect.stringMatching(/^line 2, column 20: .*oops/),
  });
});

test('a quote that is never closed does not swallow the lines after it', () => {
  expect(values('m,host=a s="open\nm,host=a v=2\nm,host=a v=3')).toEqual([
    ['m_v', 2],
    ['m_v', 3],
  ]);
});

test('of a line with one bad field the others go out', () => {
  expect(decode('m,host=a x=1,y=nan,z=3')).toMatchObject({
    samples: [
      {
        values: [
          ['m_x', 1],
          ['m_z', 3],
        ],
      },
    ],
    faults: [{ code: 'value_not_finite', detail: 'line 1, column 14: the field "y"' }],
  });
});

test('names are UTF-8, and a line with other bytes is refused by itself', () => {
  const bytes = Buffer.concat([
    Buffer.from('größe,host=ä v=1\nm,host='),
    Buffer.of(0xff),
    Buffer.from(' v=1\nm,host=b v=2'),
  ]);
  expect(decode(bytes)).toMatchObject({
    samples: [{ entity: 'ä', values: [['größe_v', 1]] }, { entity: 'b' }],
    faults: [{ code: 'record_not_utf8', detail: expect.stringContaining('line 2') }],
  });
});

test('whatever names are escaped are read back', () => {
  const name = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
    .filter((s) => !/[\p{Cc}\\]/u.test(s) && s.trim() === s);
  const escaped = (text: string) => text.replace(/[,= ]/g, '\\$&');
  fc.assert(
    fc.property(
      name,
      name,
      name,
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      (measurement, entity, field, value) => {
        fc.pre(field !== 'value' && !measurement.startsWith('#') && ![field, measurement].some(isForbiddenKey));
        const line = `${measurement.replace(/[, ]/g, '\\$&')},host=${escaped(entity)} ${escaped(field)}=${value}`;
        expect(decode(line)).toMatchObject({
          faults: [],
          samples: [{ entity, values: [[`${measurement}_${field}`, value + 0 || 0]] }],
        });
      },
    ),
  );
});

test('lines that begin alike, with escapes or without, are read alike each time', () => {
  const line = (i: number) => `m\\ x,host=a\\ b v=${i}\nm,host=a value=${i},s="x y"\nm,host=a,c=d value=${i}\n`;
  for (let i = 0; i < 3; i++) {
    expect(decode(line(i)).samples.map((s) => [s.entity, ...s.values])).toEqual([
      ['a b', ['m x_v', i]],
      ['a', ['m', i]],
      ['a', ['m{c=d}', i]],
    ]);
  }
});

test('the same name may be good as one metric and bad as another', () => {
  const long = 'x'.repeat(250);
  expect(codes(decode(`m,host=a ${long}=1\nmeasure,host=a ${long}=1\nm,host=a ${long}=1`))).toEqual(['name_invalid']);
});
