import { fail, ok, type Result } from '../errors.ts';
import { checkLabelled, checkWeights } from './check.ts';
import { MAX_BINS, referenceBins } from './reference-bins.ts';

/** Rows of one stretch of predicted probability. */
export interface Reliability {
  low: number;
  high: number;
  rows: number;
  /** Sum of the rows' weights; without weights, the rows. */
  weight: number;
  /** Weighted means over the rows; NaN for an empty bin. */
  predicted: number;
  observed: number;
}

export type BinRule = 'equal_width' | 'equal_mass';

/**
 * Mean squared distance of probabilities from labels (Brier 1950): 0 is best. labels: 0 or 1; weights > 0: how many rows
 * each stands for, 1 by default.
 */
export function brierScore(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  weights?: ArrayLike<number>,
): Result<number> {
  for (const check of [checkLabelled(probabilities, labels), checkWeights(weights, labels.length)])
    if (!check.ok) return check;
  let sum = 0;
  let all = 0;
  for (let i = 0; i < labels.length; i++) {
    const weight = weights ? weights[i]! : 1;
    sum += weight * (probabilities[i]! - labels[i]!) ** 2;
    all += weight;
  }
  return ok(sum / all);
}

/**
 * Predicted against observed, bin by bin. equal_width: [0, 1] in equal parts, empty bins kept; equal_mass: bins of equal
 * rows as far as ties allow, so maybe fewer. weights as brierScore; edges do not depend on them.
 * bins_mismatch, argument_invalid, sample_empty, sample_not_finite.
 */
export function reliability(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  bins: number,
  rule: BinRule,
  weights?: ArrayLike<number>,
): Result<Reliability[]> {
  for (const check of [checkLabelled(probabilities, labels), checkWeights(weights, labels.length)])
    if (!check.ok) return check;
  if (!Number.isInteger(bins) || bins < 1 || bins > MAX_BINS)
    return fail('argument_invalid', `bins are ${bins}, wanted 1 to ${MAX_BINS}`);
  let edges = Float64Array.from({ length: bins + 1 }, (_, i) => i / bins);
  if (rule === 'equal_mass') {
    const made = referenceBins(probabilities, bins);
    if (!made.ok) return made;
    edges = made.value.edges as Float64Array<ArrayBuffer>;
  }
  const last = edges.length - 2;
  const sums = Array.from({ length: last + 1 }, () => ({ rows: 0, weight: 0, predicted: 0, observed: 0 }));
  for (let i = 0; i < labels.length; i++) {
    let bin = last;
    while (bin > 0 && probabilities[i]! < edges[bin]!) bin--;
    const of = sums[bin]!;
    const weight = weights ? weights[i]! : 1;
    of.rows++;
    of.weight += weight;
    of.predicted += weight * probabilities[i]!;
    of.observed += weight * labels[i]!;
  }
  return ok(
    sums.map(({ rows, weight, predicted, observed }, i) => ({
      low: edges[i]!,
      high: edges[i + 1]!,
      rows,
      weight,
      predicted: predicted / weight,
      observed: observed / weight,
    })),
  );
}

/** Expected calibration error of a table: |predicted − observed|, by weight (Naeini, Cooper, Hauskrecht 2015). */
export function expectedCalibrationError(table: readonly Reliability[]): number {
  let sum = 0;
  let all = 0;
  for (const bin of table) {
    if (bin.rows === 0) continue;
    sum += bin.weight * Math.abs(bin.predicted - bin.observed);
    all += bin.weight;
  }
  return sum / all;
}
