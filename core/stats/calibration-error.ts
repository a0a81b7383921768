import { fail, ok, type Result } from '../errors.ts';
import { checkLabelled } from './check.ts';
import { MAX_BINS, referenceBins } from './reference-bins.ts';

/** Rows of one stretch of predicted probability. */
export interface Reliability {
  low: number;
  high: number;
  rows: number;
  /** Means over the rows; NaN for an empty bin. */
  predicted: number;
  observed: number;
}

export type BinRule = 'equal_width' | 'equal_mass';

/** Mean squared distance of probabilities from labels (Brier 1950): 0 is best. labels: 0 or 1. */
export function brierScore(probabilities: ArrayLike<number>, labels: ArrayLike<number>): Result<number> {
  const bad = checkLabelled(probabilities, labels);
  if (!bad.ok) return bad;
  let sum = 0;
  for (let i = 0; i < labels.length; i++) sum += (probabilities[i]! - labels[i]!) ** 2;
  return ok(sum / labels.length);
}

/**
 * Predicted against observed, bin by bin. equal_width: [0, 1] in equal parts, empty bins kept; equal_mass: bins of equal
 * rows as far as ties allow, so maybe fewer. bins_mismatch, argument_invalid, sample_empty, sample_not_finite.
 */
export function reliability(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  bins: number,
  rule: BinRule,
): Result<Reliability[]> {
  const bad = checkLabelled(probabilities, labels);
  if (!bad.ok) return bad;
  if (!Number.isInteger(bins) || bins < 1 || bins > MAX_BINS)
    return fail('argument_invalid', `bins are ${bins}, wanted 1 to ${MAX_BINS}`);
  let edges = Float64Array.from({ length: bins + 1 }, (_, i) => i / bins);
  if (rule === 'equal_mass') {
    const made = referenceBins(probabilities, bins);
    if (!made.ok) return made;
    edges = made.value.edges as Float64Array<ArrayBuffer>;
  }
  const last = edges.length - 2;
  const sums = Array.from({ length: last + 1 }, () => ({ rows: 0, predicted: 0, observed: 0 }));
  for (let i = 0; i < labels.length; i++) {
    let bin = last;
    while (bin > 0 && probabilities[i]! < edges[bin]!) bin--;
    const of = sums[bin]!;
    of.rows++;
    of.predicted += probabilities[i]!;
    of.observed += labels[i]!;
  }
  return ok(
    sums.map(({ rows, predicted, observed }, i) => ({
      low: edges[i]!,
      high: edges[i + 1]!,
      rows,
      predicted: predicted / rows,
      observed: observed / rows,
    })),
  );
}

/** Expected calibration error of a table: |predicted − observed|, weighted by rows (Naeini, Cooper, Hauskrecht 2015). */
export function expectedCalibrationError(table: readonly Reliability[]): number {
  let sum = 0;
  let rows = 0;
  for (const bin of table) {
    if (bin.rows === 0) continue;
    sum += bin.rows * Math.abs(bin.predicted - bin.observed);
    rows += bin.rows;
  }
  return sum / rows;
}
