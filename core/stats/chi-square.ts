import { ok, type Result } from '../errors.ts';
import { checkCounts, checkSameLength } from './check.ts';
import { gammaQ } from './gamma.ts';

export interface ChiSquare {
  statistic: number;
  /** Categories seen in either sample, less one. 0 says that nothing could differ: p = 1. */
  degreesOfFreedom: number;
  pValue: number;
  /** The smallest expected count; below 5 the p-value is rough (Cochran 1954). */
  smallestExpected: number;
}

/** P(X ≥ statistic) for chi-square with so many degrees of freedom. */
export const chiSquareTail = (statistic: number, degreesOfFreedom: number): number =>
  degreesOfFreedom === 0 ? 1 : gammaQ(degreesOfFreedom / 2, statistic / 2);

/**
 * Pearson's chi-square test (1900) that two samples of counts come from one distribution: labels then and now, say.
 * Categories empty in both are left out; no continuity correction. Equal counts give statistic 0 and p = 1.
 * bins_mismatch, count_invalid, sample_empty.
 */
export function chiSquare(reference: ArrayLike<number>, serving: ArrayLike<number>): Result<ChiSquare> {
  const same = checkSameLength(reference, serving, 'categories');
  if (!same.ok) return same;
  const a = checkCounts(reference, 'reference counts');
  if (!a.ok) return a;
  const b = checkCounts(serving, 'serving counts');
  if (!b.ok) return b;
  const total = a.value + b.value;
  let statistic = 0;
  let categories = 0;
  let smallestExpected = Number.POSITIVE_INFINITY;
  for (let i = 0; i < reference.length; i++) {
    const both = reference[i]! + serving[i]!;
    if (both === 0) continue;
    categories++;
    // The two deviations of a category from what is expected are equal in size, so one is enough.
    const expectedA = (both * a.value) / total;
    const expectedB = (both * b.value) / total;
    const off = (reference[i]! * b.value - serving[i]! * a.value) / total;
    statistic += (off * off) / expectedA + (off * off) / expectedB;
    smallestExpected = Math.min(smallestExpected, expectedA, expectedB);
  }
  const degreesOfFreedom = categories - 1;
  return ok({ statistic, degreesOfFreedom, pValue: chiSquareTail(statistic, degreesOfFreedom), smallestExpected });
}
