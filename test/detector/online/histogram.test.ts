import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Random } from '../../../core/random.ts';
import {
  BINS,
  decadesOf,
  deviationAt,
  deviationOf,
  flawOf,
  HISTOGRAM,
  learn,
  levelOf,
  limited,
  rowsIn,
  tenthLevel,
} from '../../../detector/online/histogram.ts';

const filled = (deviations: readonly number[]): Uint16Array => {
  const h = new Uint16Array(HISTOGRAM);
  for (const deviation of deviations) learn(h, 0, levelOf(deviation));
  return h;
};
const decadesIn = (h: Uint16Array, deviation: number) => decadesOf(h, 0, levelOf(deviation), tenthLevel(h, 0));
const deviation = fc.oneof(
  fc.constant(0),
  fc.double({ min: 1e-300, max: 1e30, noNaN: true }),
  fc.integer({ min: 0, max: 40 }),
);

describe('the histogram of deviations', () => {
  test('stays whole whatever it learns', () => {
    fc.assert(
      fc.property(fc.array(deviation, { maxLength: 300 }), (list) => {
        const h = filled(list);
        expect(flawOf(h, 0)).toBeNull();
        expect(rowsIn(h, 0)).toBe(list.length);
      }),
    );
  });

  test('gives larger deviations no fewer decades, all finite', () => {
    fc.assert(
      fc.property(fc.array(deviation, { minLength: 1, maxLength: 200 }), deviation, deviation, (list, a, b) => {
        const h = filled(list);
        const [low, high] = [decadesIn(h, Math.min(a, b)), decadesIn(h, Math.max(a, b))];
        expect(Number.isFinite(high)).toBe(true);
        expect(high).toBeGreaterThanOrEqual(low - 1e-12);
      }),
    );
  });

  test('moving it by many bins at once is moving it bin by bin', () => {
    for (const jump of [1, 7, 31, 32, 80]) {
      const atOnce = filled([1, 1, 2, 4, 8, 64, 1000]);
      const stepwise = atOnce.slice();
      const highest = levelOf(1000 * deviationAt(3 * 5));
      for (let k = 1; k <= jump; k++) learn(stepwise, 0, highest + k);
      learn(atOnce, 0, highest + jump);
      const bulk = (h: Uint16Array, from: number) => h.subarray(from, BINS).reduce((sum, c) => sum + c, 0) / 8;
      expect(stepwise[BINS + 1]).toBe(atOnce[BINS + 1]);
      expect(bulk(stepwise, 0) - bulk(atOnce, 0)).toBe(jump - 1);
    }
  });

  test('puts whole powers of two on the edge of their bin', () => {
    for (let k = -1000; k <= 100; k++) expect(levelOf(2 ** k)).toBe(3 * k);
  });

  test('halves what is old, so that it follows a change of scale', () => {
    const h = filled(new Array(5000).fill(1000));
    expect(rowsIn(h, 0)).toBeLessThan(4097);
    for (let i = 0; i < 30_000; i++) learn(h, 0, levelOf(1));
    expect(tenthLevel(h, 0)).toBeLessThan(levelOf(4));
    expect(flawOf(h, 0)).toBeNull();
  });

  test('sees nothing further out than a hundred times its 10 % point', () => {
    const random = new Random(1);
    const h = filled(Array.from({ length: 500 }, () => Math.abs(random.normal())));
    const tenth = tenthLevel(h, 0);
    expect(deviationAt(limited(h, 0, levelOf(1e20), tenth)) / deviationAt(tenth)).toBeCloseTo(100, 9);
  });

  test('the deviation of so many decades has about that many', () => {
    const random = new Random(2);
    for (const rows of [60, 300, 4000]) {
      const h = filled(Array.from({ length: rows }, () => Math.abs(random.normal())));
      const found = deviationOf(h, 0, 3, tenthLevel(h, 0));
      expect(decadesIn(h, found)).toBeGreaterThan(2.7);
      expect(decadesIn(h, found)).toBeLessThan(3.3);
    }
    expect(deviationOf(filled([1, 2, 3]), 0, 3, tenthLevel(filled([1, 2, 3]), 0))).toBeNaN();
  });

  test('counts that do not add up are found', () => {
    const h = filled([1, 2, 3]);
    h[5]!++;
    expect(flawOf(h, 0)).toContain('counts sum to');
    const still = new Uint16Array(HISTOGRAM);
    still[3] = still[BINS] = 8;
    expect(flawOf(still, 0)).toBe('a deviation is counted, but none has a level');
    const odd = filled([1]);
    odd[BINS + 1] = 1;
    expect(flawOf(odd, 0)).toContain('lowest level');
  });
});
