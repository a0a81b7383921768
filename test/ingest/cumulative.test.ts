import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteReader, ByteWriter } from '../../core/bytes.ts';
import { CumulativeSeries, MAX_NUMBERS, SERIES_IDLE_MS } from '../../ingest/cumulative.ts';
import type { Cumulative } from '../../ingest/ports.ts';

const counter = (seconds: number, total: number, startSeconds = 0, more: Partial<Cumulative> = {}): Cumulative => ({
  entity: 'a',
  source: '',
  metric: 'requests{route=/a}',
  timeMs: seconds * 1000,
  startMs: startSeconds * 1000,
  bounds: null,
  totals: [total],
  ...more,
});

/** What came of each point: the word, or the values. */
function follow(points: readonly Cumulative[], series = new CumulativeSeries()) {
  return points.map((point) => {
    const outcome = series.add(point);
    if (typeof outcome === 'string') return outcome;
    return Object.fromEntries(outcome.names.map((name, i) => [name, outcome.values[i]]));
  });
}
const rate = (value: number) => ({ 'requests{route=/a}': value });

test('a counter becomes its increase a second since the point before', () => {
  expect(follow([counter(10, 100, 1), counter(20, 150, 1), counter(25, 150, 1), counter(26, 157, 1)])).toEqual([
    'first',
    rate(5),
    rate(0),
    rate(7),
  ]);
});

test('a later start is a restart: all it counts came since', () => {
  expect(follow([counter(10, 100, 1), counter(20, 30, 12), counter(30, 40, 12)])).toEqual(['first', rate(3), rate(1)]);
  // Even when the new count is above the old one.
  expect(follow([counter(10, 100, 1), counter(20, 300, 12)])).toEqual(['first', rate(30)]);
});

test('a start before the last point, or one at the point itself, says nothing about what came in between', () => {
  expect(follow([counter(10, 100, 1), counter(20, 30, 5), counter(30, 50, 5)])).toEqual(['first', 'first', rate(2)]);
  expect(follow([counter(10, 100, 1), counter(20, 30, 20), counter(30, 50, 20)])).toEqual(['first', 'first', rate(2)]);
});

test('a total that fell without a new start is a gap, and is counted from', () => {
  expect(follow([counter(10, 100), counter(20, 30), counter(30, 50)])).toEqual(['first', 'first', rate(2)]);
  expect(follow([counter(10, 100, 1), counter(20, 30, 1), counter(30, 50, 1)])).toEqual(['first', 'first', rate(2)]);
});

test('repeats, conflicts and points older than the newest change nothing', () => {
  expect(
    follow([
      counter(10, 100),
      counter(20, 120),
      counter(20, 120),
      counter(20, 130),
      counter(15, 110),
      counter(30, 140),
    ]),
  ).toEqual(['first', rate(2), 'duplicate', 'conflict', 'late', rate(2)]);
});

test('replicas of a service are counted apart, and of two that nothing tells apart the later one', () => {
  const replica = (source: string, seconds: number, total: number) => counter(seconds, total, 1, { source });
  expect(follow([replica('x', 10, 100), replica('y', 11, 5), replica('x', 20, 110), replica('y', 21, 25)])).toEqual([
    'first',
    'first',
    rate(1),
    rate(2),
  ]);
  expect(follow([counter(10, 100, 1), counter(11, 5, 2), counter(20, 200, 1), counter(21, 25, 2)])).toEqual([
    'first',
    'first',
    'late',
    rate(2),
  ]);
});

const histogram = (seconds: number, totals: number[], bounds = [10, 20]) =>
  counter(seconds, 0, 0, { metric: 'latency{route=/a}', bounds, totals });

test('a histogram becomes rates of count and sum, and quantiles of what came in between', () => {
  const [first, second, third] = follow([
    histogram(10, [100, 900, 90, 5, 5]),
    histogram(20, [120, 1100, 100, 15, 5]),
    histogram(30, [120, 1100, 100, 15, 5]),
  ]);
  expect(first).toBe('first');
  expect(second).toEqual({
    'latency_count{route=/a}': 2,
    'latency_sum{route=/a}': 20,
    'latency_p50{route=/a}': 10,
    'latency_p90{route=/a}': 18,
    'latency_p99{route=/a}': 10 + 10 * ((0.99 * 20 - 10) / 10),
  });
  // Nothing was observed: the count is 0, and there is no quantile of nothing.
  expect(third).toEqual({ 'latency_count{route=/a}': 0, 'latency_sum{route=/a}': 0 });
});

test('quantiles above the last bound are that bound, and those below the first begin at zero', () => {
  const quantile = (counts: number[], bounds: number[], name: string) =>
    (
      follow([histogram(1, [0, 0, 0, 0, 0], bounds), histogram(2, [10, 0, ...counts], bounds)])[1] as Record<
        string,
        number
      >
    )[`latency_${name}{route=/a}`];
  expect(quantile([0, 0, 10], [10, 20], 'p50')).toBe(20);
  expect(quantile([10, 0, 0], [10, 20], 'p50')).toBe(5);
  expect(quantile([10, 0, 0], [-1, 20], 'p50')).toBe(-1);
  expect(quantile([0, 10, 0], [-20, -10], 'p50')).toBe(-15);
});

test('other buckets, a sum that falls, and no sum at all', () => {
  expect(follow([histogram(1, [1, 1, 1, 0, 0]), histogram(2, [2, 2, 2, 0, 0], [10, 30])])).toEqual(['first', 'first']);
  const falling = follow([histogram(1, [1, 5, 1, 0, 0]), histogram(2, [2, 1, 2, 0, 0])])[1];
  expect(falling).toMatchObject({ 'latency_count{route=/a}': 1, 'latency_sum{route=/a}': -4 });
  const none = (count: number) => counter(count, 0, 0, { metric: 'm', bounds: [], totals: [count, Number.NaN] });
  expect(follow([none(1), none(2), none(2)])).toEqual(['first', { m_count: 1 }, 'duplicate']);
});

test('at the limit the silent make room, and the living do not', () => {
  const series = new CumulativeSeries(undefined, 2);
  const of = (metric: string, seconds: number) => counter(seconds, seconds, 0, { metric });
  expect(follow([of('x', 1), of('y', 2), of('z', 3)], series)).toEqual(['first', 'first', 'full']);
  const later = 3 + SERIES_IDLE_MS / 1000;
  expect(follow([of('y', later), of('z', later), of('x', later), of('y', later + 1)], series)).toEqual(
    ['first', 'first', 'full', 'first'].map((word, i) => (i === 0 || i === 3 ? { y: 1 } : word)),
  );
  expect(series.size).toBe(2);
});

test('the numbers of all series together are bounded', () => {
  const series = new CumulativeSeries();
  const totals = Array<number>(1000).fill(0);
  let held = 0;
  for (; ; held++) if (series.add(counter(1, 0, 0, { metric: `m${held}`, bounds: [], totals })) === 'full') break;
  expect(held).toBe(MAX_NUMBERS / totals.length);
});

test('metrics that are not watched are not followed', () => {
  const series = new CumulativeSeries((name) => name === 'm_count');
  expect(series.add(counter(1, 1, 0, { metric: 'n' }))).toBe('filtered');
  expect(series.add(counter(1, 1, 0, { metric: 'm', bounds: [], totals: [1, 1] }))).toBe('first');
  expect(series.size).toBe(1);
});

const anyPoints = fc.array(
  fc
    .record({
      entity: fc.constantFrom('a', 'b'),
      source: fc.constantFrom('', 'r1'),
      metric: fc.constantFrom('x', 'y'),
      seconds: fc.integer({ min: 1, max: 60 }),
      start: fc.constantFrom(0, 0, 1, 20, 40),
      total: fc.nat(1000),
      spread: fc.boolean(),
    })
    .map(({ seconds, total, start, spread, ...more }) =>
      counter(seconds, total, start, spread ? { ...more, bounds: [5], totals: [total, total, total, 0] } : more),
    ),
  { maxLength: 60 },
);

test('saved and loaded anywhere in between, it goes on as if nothing had been', () => {
  fc.assert(
    fc.property(anyPoints, fc.nat(60), (points, cut) => {
      const whole = new CumulativeSeries(undefined, 5);
      const outcomes = follow(points, whole);
      const before = new CumulativeSeries(undefined, 5);
      const head = follow(points.slice(0, cut), before);
      const after = new CumulativeSeries(undefined, 5);
      after.load(new ByteReader(saved(before)));
      expect([...head, ...follow(points.slice(cut), after)]).toEqual(outcomes);
      expect(saved(after)).toEqual(saved(whole));
    }),
  );
});

test('rates add up to what was counted while it only grew', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 100 }), fc.nat(1000)), { minLength: 2 }), (steps) => {
      let [seconds, total] = [0, 0];
      const points = steps.map(([after, more]) => {
        seconds += after;
        total += more;
        return counter(seconds, total);
      });
      let sum = 0;
      for (const [i, outcome] of follow(points).entries())
        if (i > 0) sum += (outcome as Record<string, number>)['requests{route=/a}']! * steps[i]![0];
      expect(sum).toBeCloseTo(total - steps[0]![1], 6);
    }),
  );
});

function saved(series: CumulativeSeries): Uint8Array {
  const writer = new ByteWriter();
  series.save(writer);
  return writer.finish();
}
