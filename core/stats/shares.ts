import { ok, type Result } from '../errors.ts';
import { checkCounts, checkSameLength } from './check.ts';

export type SharePair = readonly [reference: Float64Array, serving: Float64Array];

/**
 * Two lists of counts on the same bins as shares that can be compared by logarithms. A share below half an observation
 * of the smaller sample is taken for that half, on both sides alike, since neither sample could tell it from zero; then
 * both are scaled to sum to 1. So the rule is symmetric, a bin that is empty on both sides adds nothing, and samples in
 * equal proportions, whatever their sizes, have exactly equal shares.
 *
 * bins_mismatch, count_invalid, sample_empty (either sample: no data is no figure).
 */
export function comparableShares(reference: ArrayLike<number>, serving: ArrayLike<number>): Result<SharePair> {
  const same = checkSameLength(reference, serving, 'bins');
  if (!same.ok) return same;
  const a = checkCounts(reference, 'reference counts');
  if (!a.ok) return a;
  const b = checkCounts(serving, 'serving counts');
  if (!b.ok) return b;
  const least = 0.5 / Math.min(a.value, b.value);
  return ok([sharesOf(reference, a.value, least), sharesOf(serving, b.value, least)]);
}

function sharesOf(counts: ArrayLike<number>, total: number, least: number): Float64Array {
  const shares = new Float64Array(counts.length);
  let sum = 0;
  for (let i = 0; i < shares.length; i++) {
    shares[i] = Math.max(counts[i]! / total, least);
    sum += shares[i]!;
  }
  for (let i = 0; i < shares.length; i++) shares[i]! /= sum;
  return shares;
}
