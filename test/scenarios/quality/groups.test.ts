import { expect, test } from 'vitest';
import { groupBy, mean, standardDeviation } from '../../../scenarios/quality/groups.ts';

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
