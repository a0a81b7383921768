import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { DecodeSink, LogRecord, PointAt, RecordHeaders } from '../../ingest/ports.ts';
import {
  ANY_POINT,
  APPENDED_HEADER,
  MAX_POINTS_BYTES,
  POINTS_HEADER,
  type PointPick,
  pickedFrom,
  picksOf,
  redrivenHeaders,
} from '../../ingest/redriven.ts';

const utf8 = (text: string): Uint8Array => Buffer.from(text);

/** What gets through to the fold. */
function throughOf(headers: RecordHeaders | undefined) {
  const seen: string[] = [];
  const sink: DecodeSink = {
    sample: ({ entity, timeMs, names, values }) => seen.push(`${entity} ${timeMs} ${names.join()} ${values.join()}`),
    cumulative: ({ metric }) => seen.push(`total ${metric}`),
    event: () => seen.push('event'),
    fault: ({ code }) => seen.push(code),
  };
  const record: LogRecord = { offset: 0, appendMs: 5_000, key: null, value: utf8(''), ...(headers && { headers }) };
  const picked = pickedFrom(record, sink);
  const to = picked?.sink ?? sink;
  to.sample({ entity: 'a', timeMs: 10, names: ['cpu', 'mem'], values: [1, 2] });
  to.sample({ entity: 'b', timeMs: 10, names: ['cpu'], values: [3] });
  to.cumulative({ entity: 'a', timeMs: 10, startMs: 0, source: '', metric: 'requests', bounds: null, totals: [1] });
  to.event({ entity: 'a', timeMs: 10, level: '', body: '' });
  const faults: [string, PointAt | undefined][] = [
    ['value_not_number', { entity: 'a', metric: 'disk', timeMs: 10 }],
    ['name_invalid', { entity: 'a', timeMs: 10 }],
    ['entity_missing', {}],
    ['record_not_json', undefined],
  ];
  for (const [code, at] of faults) to.fault({ code: code as 'internal', detail: '' }, at);
  return { seen, appendMs: picked?.appendMs ?? null };
}
const picking = (...picks: PointPick[]) => throughOf(redrivenHeaders([], picks, null)).seen;

it('a record without our headers is read in full', () => {
  expect(throughOf(undefined).seen).toHaveLength(8);
  expect(throughOf([['tidewatch', utf8('[]')]])).toMatchObject({ appendMs: null });
});

it('lets through the points named, and a fault of the record as a whole', () => {
  expect(picking(['a', 'mem', 10])).toEqual(['a 10 mem 2', 'record_not_json']);
  expect(picking(['a', 'requests', 10], ['b', 'cpu', 10])).toEqual(['b 10 cpu 3', 'total requests', 'record_not_json']);
  expect(picking(['a', 'disk', 10])).toEqual(['value_not_number', 'record_not_json']);
  expect(picking(['a', 'mem', 11])).toEqual(['record_not_json']);
});

it('what is unknown stands for any, and no pick lets a log event through', () => {
  expect(picking([null, 'cpu', 10])).toEqual(['a 10 cpu 1', 'b 10 cpu 3', 'record_not_json']);
  expect(picking(ANY_POINT)).toEqual([
    'a 10 cpu,mem 1,2',
    'b 10 cpu 3',
    'total requests',
    'value_not_number',
    'name_invalid',
    'entity_missing',
    'record_not_json',
  ]);
});

it.each(['', '{}', '[[1,2,3]]', '[["a","b"]]', '[["a","b","c"]]', '[[null,null,1.5]]', 'ÿ', '[null]'])(
  'a damaged list selects nothing: %s',
  (text) => {
    expect(throughOf([[POINTS_HEADER, Buffer.from(text, 'latin1')]]).seen).toEqual(['record_not_json']);
  },
);

it('a list without end or without bytes selects nothing', () => {
  expect(picksOf([[POINTS_HEADER, utf8(`[${' '.repeat(MAX_POINTS_BYTES)}]`)]])).toEqual([]);
  expect(picksOf([[POINTS_HEADER, null]])).toEqual([]);
});

it('decodes with the time of its first append, never with a later one', () => {
  expect(throughOf(redrivenHeaders([], null, 1_234))).toMatchObject({ appendMs: 1_234 });
  expect(throughOf(redrivenHeaders([], null, 1_234)).seen).toHaveLength(8);
  expect(throughOf(redrivenHeaders([], null, 9_999)).appendMs).toBe(5_000);
  expect(throughOf([[APPENDED_HEADER, utf8('-1')]]).appendMs).toBeNull();
});

it('a record that is sent once more has our headers once', () => {
  const first = redrivenHeaders([['trace', utf8('x')]], [ANY_POINT], 1);
  const second = redrivenHeaders(first, [['a', 'b', 3]], 1);
  expect(second.map(([name]) => name)).toEqual(['trace', POINTS_HEADER, APPENDED_HEADER]);
  expect(picksOf(second)).toEqual([['a', 'b', 3]]);
});

it('names that would not fit stand for all points', () => {
  const many = Array.from({ length: 64 }, (_, i): PointPick => ['é'.repeat(256), '\u{10000}'.repeat(256), i]);
  expect(picksOf(redrivenHeaders([], many, null))).toEqual([ANY_POINT]);
});

it('whatever bytes the headers have, reading them ends well', () => {
  const value = fc.option(
    fc.oneof(
      fc.uint8Array(),
      fc.json().map(utf8),
      fc.integer().map((n) => utf8(String(n))),
    ),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom(POINTS_HEADER, APPENDED_HEADER, 'x'), value)), (headers) => {
      const { appendMs } = throughOf(headers);
      expect(appendMs === null || (Number.isInteger(appendMs) && appendMs <= 5_000)).toBe(true);
    }),
  );
});
