import fc from 'fast-check';
import { quantileSorted as oracle } from 'simple-statistics';
import { describe, expect, test } from 'vitest';
import { Random } from '../../core/random.ts';
import { quantileSorted } from '../../core/stats/quantile.ts';
import { decades, fitKnots, KNOTS } from '../../detector/knots.ts';

const magnitudes = fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 300 });
const knotsOf = (values: readonly number[]): Float64Array => {
  const knots = new Float64Array(KNOTS);
  fitKnots(Float64Array.from(values), knots);
  return knots;
};

describe('a quantile', () => {
  test('lies between its order statistics, and is one of them where the position is whole', () => {
    const sorted = [1, 2, 4, 8, 16];
    expect([0, 0.25, 0.5, 0.75, 1].map((p) => quantileSorted(sorted, p))).toEqual(sorted);
    expect(quantileSorted(sorted, 0.375)).toBe(3);
  });

  test('agrees with another library on the median, the extremes and to a step elsewhere', () => {
    fc.assert(
      fc.property(magnitudes, fc.double({ min: 0, max: 1, noNaN: true }), (values, p) => {
        const sorted = [...values].sort((a, b) => a - b);
        expect(quantileSorted(sorted, 0)).toBe(oracle(sorted, 0));
        expect(quantileSorted(sorted, 1)).toBe(oracle(sorted, 1));
        expect(quantileSorted(sorted, 0.5)).toBeCloseTo(oracle(sorted, 0.5), 6);
        // The other library takes an order statistic as it is; ours interpolates beside it.
        const at = (sorted.length - 1) * p;
        const low = sorted[Math.max(0, Math.floor(at) - 1)]!;
        const high = sorted[Math.min(sorted.length - 1, Math.ceil(at) + 1)]!;
        for (const q of [quantileSorted(sorted, p), oracle(sorted, p)]) expect(q >= low && q <= high).toBe(true);
      }),
    );
  });
});

describe('decades', () => {
  test('never fall as the magnitude grows, and are finite for any', () => {
    fc.assert(
      fc.property(
        magnitudes,
        fc.double({ min: 0, max: 1e300, noNaN: true }),
        fc.double({ min: 0, max: 1e300, noNaN: true }),
        (values, x, y) => {
          const knots = knotsOf(values);
          const [low, high] = [decades(Math.min(x, y), knots), decades(Math.max(x, y), knots)];
          expect(low).toBeLessThanOrEqual(high);
          expect(low).toBeGreaterThanOrEqual(0);
          expect(Number.isFinite(high)).toBe(true);
        },
      ),
    );
  });

  test('are 1 at the 90 % quantile of training, 2 at 99 %, 3 at 99.9 %', () => {
    const random = new Random(1);
    const values = Array.from({ length: 5000 }, () => Math.abs(random.normal()));
    const knots = knotsOf(values);
    const sorted = values.sort((a, b) => a - b);
    for (const [p, d] of [
      [0.9, 1],
      [0.99, 2],
      [0.999, 3],
    ] as const)
      expect(decades(quantileSorted(sorted, p), knots)).toBeCloseTo(d, 9);
  });

  test('of what training held constantly are 0, of anything else more than 0', () => {
    const knots = knotsOf(new Array(50).fill(3));
    expect([decades(0, knots), decades(3, knots)]).toEqual([0, 0]);
    expect(decades(3.1, knots)).toBeGreaterThan(0);
    const zeros = knotsOf(new Array(50).fill(0));
    expect(decades(0, zeros)).toBe(0);
    expect(Number.isFinite(decades(1e9, zeros))).toBe(true);
  });

  test('without any training are 0 at 0, and finite', () => {
    const knots = knotsOf([]);
    expect(decades(0, knots)).toBe(0);
    expect(Number.isFinite(decades(1, knots))).toBe(true);
  });

  test('of a missing magnitude are 0', () => {
    expect(decades(Number.NaN, knotsOf([1, 2, 3]))).toBe(0);
  });
});
