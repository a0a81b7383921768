import fc from 'fast-check';
import { expect, test } from 'vitest';
import { tidewatchJsonDecoder } from '../../../ingest/decode/tidewatch-json.ts';
import { TotalsObject } from '../../../ingest/decode/totals.ts';
import type { Cumulative } from '../../../ingest/ports.ts';
import { codes, decodeAll } from './collect.ts';

const decode = (json: unknown) => decodeAll(tidewatchJsonDecoder(), JSON.stringify(json));
const base = { entity: 'a', time: 2000 };

test('totals are handed over with since and source, beside the values of the same object', () => {
  const h = { count: 3, sum: 4.5, bounds: [1, 2], buckets: [1, 1, 1] };
  const { samples, cumulatives, faults } = decode({
    ...base,
    since: '1970-01-01T00:00:01Z',
    source: 'r1',
    values: { x: 1 },
    totals: { n: 5, h },
  });
  expect(faults).toEqual([]);
  expect(samples).toHaveLength(1);
  const whose = { entity: 'a', timeMs: 2000, startMs: 1000, source: 'r1' };
  expect(cumulatives).toEqual([
    { ...whose, metric: 'n', bounds: null, totals: [5] },
    { ...whose, metric: 'h', bounds: [1, 2], totals: [3, 4.5, 1, 1, 1] },
  ]);
});

test('each bad total is one fault and its neighbours count', () => {
  const { cumulatives, faults } = decode({
    ...base,
    totals: {
      good: 1,
      text: 'x',
      empty: {},
      uneven: { count: 1, bounds: [1], buckets: [1] },
      long: { count: 1, sum: null },
    },
  });
  expect(cumulatives!.map((c) => c.metric)).toEqual(['good']);
  expect(faults.map((f) => f.code)).toEqual(['value_not_number', 'record_shape', 'record_shape', 'value_not_finite']);
});

test('a bad since or source, and totals that are none, are named', () => {
  expect(codes(decode({ ...base, since: 'x', totals: { n: 1 } }))).toEqual(['time_invalid']);
  expect(codes(decode({ ...base, source: 7, totals: { n: 1 } }))).toEqual(['record_shape']);
  expect(codes(decode({ ...base, totals: {} }))).toEqual(['record_shape']);
  expect(codes(decode({ ...base, totals: [] }))).toEqual(['record_shape']);
  expect(codes(decodeAll(tidewatchJsonDecoder(), '{"entity":"a","time":1,"totals":{"__proto__":1}}'))).toEqual([
    'key_forbidden',
  ]);
});

test('without totals, since and source are fields like any other', () => {
  expect(decode({ ...base, since: 'x', source: 7, values: { x: 1 } }).faults).toEqual([]);
});

function jsonOf(...points: Cumulative[]): string {
  const object = new TotalsObject(points[0]!);
  expect(points.map((point) => object.add(point))).toEqual(points.map(() => true));
  expect(object.points).toBe(points.length);
  return object.json;
}

test('points of one writer and time share an object, others do not', () => {
  const point = (metric: string, more: Partial<Cumulative> = {}): Cumulative => ({
    ...{ entity: 'a', source: 'r1', metric, timeMs: 5, startMs: 1, bounds: null, totals: [1] },
    ...more,
  });
  const { cumulatives } = decodeAll(tidewatchJsonDecoder(), jsonOf(point('m'), point('n')));
  expect(cumulatives).toEqual([point('m'), point('n')]);
  const object = new TotalsObject(point('m'));
  for (const more of [{ entity: 'b' }, { source: '' }, { timeMs: 6 }, { startMs: 0 }])
    expect(object.add(point('n', more))).toBe(false);
});

test('what is written is read as it was', () => {
  const anyCumulative: fc.Arbitrary<Cumulative> = fc
    .record({
      startMs: fc.nat(),
      source: fc.constantFrom('', 'r1|web'),
      count: fc.nat(),
      sum: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true }), { nil: Number.NaN }),
      buckets: fc.option(fc.array(fc.nat(), { minLength: 1, maxLength: 5 }), { nil: [] as number[] }),
      plain: fc.boolean(),
    })
    .map(({ startMs, source, count, sum, buckets, plain }) => ({
      entity: 'ä"b',
      metric: 'm{k="v"}',
      timeMs: 5,
      startMs,
      source,
      bounds: plain ? null : buckets.slice(1).map((_, i) => i),
      totals: plain ? [count] : [count, sum, ...buckets],
    }));
  fc.assert(
    fc.property(anyCumulative, (point) => {
      const { cumulatives, faults } = decodeAll(tidewatchJsonDecoder(), jsonOf(point));
      expect(faults).toEqual([]);
      // JSON has no negative zero.
      expect(cumulatives).toEqual([{ ...point, totals: point.totals.map((total) => (total === 0 ? 0 : total)) }]);
    }),
  );
});
