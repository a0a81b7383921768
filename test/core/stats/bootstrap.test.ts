import { mean } from 'simple-statistics';
import { expect, test } from 'vitest';
import { bootstrap } from '../../../core/stats/bootstrap.ts';

const values = [1, 2, 3, 4, 10];

test('an interval is the same for the same seed, holds the mean and lies within the values', () => {
  const [low, high] = bootstrap(values, (drawn) => mean([...drawn]), 7);
  expect(bootstrap(values, (drawn) => mean([...drawn]), 7)).toEqual([low, high]);
  expect(bootstrap(values, (drawn) => mean([...drawn]), 8)).not.toEqual([low, high]);
  expect(low).toBeGreaterThanOrEqual(1);
  expect(low).toBeLessThan(4);
  expect(high).toBeGreaterThan(4);
  expect(high).toBeLessThanOrEqual(10);
});

test('a single unit tells nothing about others', () => {
  expect(bootstrap([5], (drawn) => mean([...drawn]), 1)).toEqual([Number.NaN, Number.NaN]);
});
