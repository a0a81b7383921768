import { expect, test } from 'vitest';
import { bootstrap, groupBy, mean, standardDeviation } from '../../../scenarios/quality/bootstrap.ts';

const values = [1, 2, 3, 4, 10];

test('an interval is the same for the same seed, holds the mean and lies within the values', () => {
  const [low, high] = bootstrap(values, mean, 7);
  expect(bootstrap(values, mean, 7)).toEqual([low, high]);
  expect(bootstrap(values, mean, 8)).not.toEqual([low, high]);
  expect(low).toBeGreaterThanOrEqual(1);
  expect(low).toBeLessThan(4);
  expect(high).toBeGreaterThan(4);
  expect(high).toBeLessThanOrEqual(10);
});

test('a single unit tells nothing about others', () => {
  expect(bootstrap([5], mean, 1)).toEqual([Number.NaN, Number.NaN]);
});

test('means leave out what could not be computed', () => {
  expect(mean([1, Number.NaN, 3])).toBe(2);
  expect(mean([])).toBeNaN();
  expect(standardDeviation([2, 4])).toBeCloseTo(Math.SQRT2, 12);
  expect(standardDeviation([2])).toBe(0);
});

test('groups come in the order of their keys', () => {
  expect([...groupBy(['b1', 'a1', 'b2'], (s) => s[0]!).entries()]).toEqual([
    ['a', ['a1']],
    ['b', ['b1', 'b2']],
  ]);
});
