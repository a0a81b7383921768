import { ok, type Result } from '../errors.ts';
import { checkProbabilities } from './check.ts';
import { kolmogorovTail } from './kolmogorov.ts';

export interface Uniformity {
  /** Kolmogorov-Smirnov distance of the p-values from uniform, 0 to 1. */
  statistic: number;
  /** For independent values; consecutive windows of one entity are not, so compare the statistic with its own past. */
  pValue: number;
}

/**
 * How far p-values are from uniform on [0, 1], as calibrated ones must be on data like the training data (Kolmogorov
 * 1933, one sample). pValues: any order. sample_empty, sample_not_finite, argument_invalid.
 */
export function uniformity(pValues: ArrayLike<number>): Result<Uniformity> {
  const bad = checkProbabilities(pValues, 'p-values');
  if (!bad.ok) return bad;
  const sorted = Float64Array.from(pValues).sort();
  const n = sorted.length;
  let statistic = 0;
  for (let i = 0; i < n; i++) statistic = Math.max(statistic, (i + 1) / n - sorted[i]!, sorted[i]! - i / n);
  return ok({ statistic, pValue: kolmogorovTail(n, statistic) });
}
