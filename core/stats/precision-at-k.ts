import { fail, ok, type Result } from '../errors.ts';
import { wilsonInterval } from './intervals.ts';
import type { RankingCurve } from './ranking.ts';

/**
 * Share of anomalous rows among the k highest scores; a tie at the edge counts in part, as the mean over all orders of
 * the tied. Without k, k is the number of anomalous rows, where precision equals recall. NaN for k = 0 or no rows.
 */
export function precisionAtK(
  { falsePositives: fp, truePositives: tp }: RankingCurve,
  k: number = tp.at(-1) ?? 0,
): number {
  if (k === 0 || tp.length === 0) return Number.NaN;
  let called = 0;
  let hits = 0;
  for (let i = 0; i < tp.length; i++) {
    const size = tp[i]! + fp[i]! - called;
    if (called + size >= k) return (hits + ((tp[i]! - hits) * (k - called)) / size) / k;
    called += size;
    hits = tp[i]!;
  }
  return hits / k;
}

export interface Precision {
  value: number;
  /** Wilson's interval of a share among k. */
  interval: readonly [low: number, high: number];
}

/**
 * Precision at a whole k ≤ rows with its interval. labelled: rows that were looked at for these k, where the curve is
 * weighted and they are fewer (see effectiveRows). argument_invalid for another k.
 */
export function precisionAtKWithInterval(
  curve: RankingCurve,
  k: number,
  coverage = 0.95,
  labelled = k,
): Result<Precision> {
  const rows = (curve.truePositives.at(-1) ?? 0) + (curve.falsePositives.at(-1) ?? 0);
  if (rows === 0) return fail('sample_empty', 'no scored rows');
  if (!Number.isInteger(k) || k < 1 || k > rows)
    return fail('argument_invalid', `k is ${k}, wanted a whole number from 1 to ${rows}`);
  // sums of weights are rounded, a share is at most 1
  const value = Math.min(1, precisionAtK(curve, k));
  const interval = wilsonInterval(value * labelled, labelled, coverage);
  return interval.ok ? ok({ value, interval: interval.value }) : interval;
}

/**
 * How many rows of weight 1 tell as much as the highest k by weight do: (Σ w)² / Σ w² (Kish 1965). 1 to k for weights of at
 * least 1. scores and weights: of the same rows, in any order.
 */
export function effectiveRows(scores: Float64Array, weights: ArrayLike<number>, k: number): number {
  const order = Uint32Array.from(scores, (_, i) => i).sort((a, b) => scores[b]! - scores[a]!);
  let sum = 0;
  let squares = 0;
  for (const row of order) {
    if (sum >= k) break;
    sum += weights[row]!;
    squares += weights[row]! ** 2;
  }
  return squares === 0 ? 0 : Math.min(k, sum ** 2 / squares);
}
