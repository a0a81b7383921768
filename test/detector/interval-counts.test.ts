import { expect, test } from 'vitest';
import { MIX_BUCKETS, mixBucket, RATIO_BINS, ratioSlot } from '../../detector/interval-counts.ts';

test('a ratio lies in the quarter octave of its logarithm', () => {
  for (let bin = 0; bin < RATIO_BINS; bin++) {
    const middle = 2 ** (-14 + (bin + 0.5) / 4);
    expect(ratioSlot(middle * 3, 3)).toBe(bin + 1);
    expect(ratioSlot(-middle * 3, 3)).toBe(bin + 1);
  }
  expect(ratioSlot(1, 1)).toBe(1 + RATIO_BINS / 2);
  expect(ratioSlot(2 ** -15, 1)).toBe(0);
  expect(ratioSlot(5e-324, 1)).toBe(0);
  expect(ratioSlot(2 ** 14, 1)).toBe(RATIO_BINS + 1);
});

test('what is missing or zero has no ratio', () => {
  for (const [value, median] of [
    [Number.NaN, 1],
    [0, 1],
    [1, 0],
    [0, 0],
    [1, Number.NaN],
  ] as const)
    expect(ratioSlot(value, median)).toBe(RATIO_BINS + 2);
});

test('names spread evenly over the buckets of the mix', () => {
  const buckets = new Float64Array(MIX_BUCKETS);
  for (let i = 0; i < 6400; i++) buckets[mixBucket(`host-${i}`)]!++;
  expect(Math.min(...buckets)).toBeGreaterThan(60);
  expect(Math.max(...buckets)).toBeLessThan(150);
});
