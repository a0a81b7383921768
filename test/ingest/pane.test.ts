import fc from 'fast-check';
import { max, mean, min, sampleVariance } from 'simple-statistics';
import { expect, test } from 'vitest';
import { COUNT, FIRST, LAST, M2, MAX, MEAN, MIN, mergeStats, Pane, STATS, T_M2, TX } from '../../ingest/pane.ts';

const value = fc.double({ min: -1e6, max: 1e6, noNaN: true });

function paneOf(points: readonly (readonly [number, number])[]): Pane {
  const pane = new Pane(1);
  pane.reset(0);
  for (const [timeMs, x] of points) {
    const row = pane.rowOf(timeMs);
    pane.put(row, 0, x);
  }
  return pane;
}

test('the summary of a pane agrees with simple-statistics', () => {
  fc.assert(
    fc.property(fc.array(value, { minLength: 2, maxLength: 40 }), (values) => {
      const stats = paneOf(values.map((x, i) => [i * 1000, x])).stats();
      expect(stats[COUNT]).toBe(values.length);
      expect(stats[MEAN]).toBeCloseTo(mean(values), 6);
      expect(stats[M2]! / (values.length - 1)).toSatisfy(
        (v: number) => Math.abs(v - sampleVariance(values)) <= 1e-9 * (1 + sampleVariance(values)),
      );
      expect(stats[MIN]).toBe(min(values));
      expect(stats[MAX]).toBe(max(values));
      expect(stats[FIRST]).toBe(values[0]);
      expect(stats[LAST]).toBe(values.at(-1));
    }),
  );
});

test('the order in which points arrive does not change a single bit of the summary', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.integer({ min: 0, max: 9999 }), { minLength: 1, maxLength: 20 }),
      fc.infiniteStream(fc.nat()),
      (times, picks) => {
        const points = times.map((t) => [t, Math.fround(t * 0.37) % 11] as const);
        const shuffled = points
          .map((p) => [picks.next().value as number, p] as const)
          .sort((a, b) => a[0] - b[0])
          .map(([, p]) => p);
        const inOrder = [...points].sort((a, b) => a[0] - b[0]);
        expect([...paneOf(shuffled).stats()]).toEqual([...paneOf(inOrder).stats()]);
      },
    ),
  );
});

test('merging the panes of a window gives the summary of all its points', () => {
  fc.assert(
    fc.property(fc.array(value, { minLength: 2, maxLength: 30 }), fc.nat(30), (values, cut) => {
      const at = Math.min(cut, values.length);
      const points = values.map((x, i) => [i * 500, x] as const);
      const merged = new Float64Array(STATS);
      for (const part of [points.slice(0, at), points.slice(at)]) mergeStats(merged, 0, paneOf(part).stats(), 0);
      const whole = paneOf(points).stats();
      const scale = Math.max(...values.map(Math.abs), 1);
      for (const i of [COUNT, MIN, MAX, FIRST, LAST]) expect(merged[i]).toBe(whole[i]);
      for (const i of [MEAN, TX, T_M2])
        expect(Math.abs(merged[i]! - whole[i]!)).toBeLessThanOrEqual(1e-6 * scale * values.length);
    }),
  );
});

test('a metric that comes late to a pane leaves the others as they were', () => {
  const pane = paneOf([
    [0, 1],
    [1000, 2],
  ]);
  pane.widen(2);
  const stats = pane.stats();
  expect(stats[MEAN]).toBe(1.5);
  expect(stats[STATS + COUNT]).toBe(0);
});

test('a time is found again after an older one has come late', () => {
  const pane = new Pane(1);
  const newest = pane.rowOf(8995);
  pane.rowOf(0);
  expect(pane.rowOf(8995)).toBe(newest);
  expect(pane.rowOf(0)).toBe(1);
  expect(pane.rows).toBe(2);
});
