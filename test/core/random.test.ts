import { mean, standardDeviation } from 'simple-statistics';
import { expect, test } from 'vitest';
import { Random } from '../../core/random.ts';

const DRAWS = 20_000;
const draw = (next: () => number): number[] => Array.from({ length: DRAWS }, next);

test('the same seed draws the same numbers, another seed others', () => {
  const three = (seed: number) => {
    const random = new Random(seed);
    return [random.uint32(), random.uint32(), random.uint32()];
  };
  expect(three(7)).toEqual(three(7));
  expect(three(7)).not.toEqual(three(8));
});

test('uniform draws fill [0, 1) evenly', () => {
  const random = new Random(1);
  const counts = new Array<number>(10).fill(0);
  for (const x of draw(() => random.next())) counts[Math.floor(10 * x)]!++;
  // Chi-square with 9 degrees of freedom: 27.9 is its 99.9 % point.
  const chi = counts.reduce((sum, n) => sum + (n - DRAWS / 10) ** 2 / (DRAWS / 10), 0);
  expect(chi).toBeLessThan(27.9);
});

test('normal draws have mean 0 and standard deviation 1', () => {
  const random = new Random(1);
  const xs = draw(() => random.normal());
  expect(Math.abs(mean(xs))).toBeLessThan(0.03);
  expect(Math.abs(standardDeviation(xs) - 1)).toBeLessThan(0.02);
});

test('below draws every whole number and no other', () => {
  const random = new Random(1);
  expect([...new Set(draw(() => random.below(5)))].sort()).toEqual([0, 1, 2, 3, 4]);
});

test('forks of different labels are unrelated, and the same label at the same place is the same', () => {
  const fork = (label: string) => new Random(1).fork(label).uint32();
  expect(fork('forest')).toBe(fork('forest'));
  expect(fork('forest')).not.toBe(fork('search'));
});
