import { fail, ok, type Result } from '../errors.ts';
import { checkCounts, checkSameLength } from './check.ts';

export interface BinnedKs {
  /** Largest difference of the distribution functions at the edges; never above the exact statistic. */
  statistic: number;
  /** The exact statistic is at most this: within a bin the functions can differ by no more than what the bin holds. */
  atMost: number;
}

/**
 * Two-sample Kolmogorov-Smirnov statistic from counts on the same bins. Between edges e ≤ x < f with differences d and d′
 * of the distribution functions, the difference at x is at most min(d + p, d′ + q) and at least max(d − q, d′ − p), p
 * and q being the bin's masses; so atMost − statistic ≤ the largest bin's mass in either sample.
 * bins_mismatch, count_invalid, sample_empty.
 */
export function ksBinned(reference: ArrayLike<number>, serving: ArrayLike<number>): Result<BinnedKs> {
  const same = checkSameLength(reference, serving, 'bins');
  if (!same.ok) return same;
  const a = checkCounts(reference, 'reference counts');
  if (!a.ok) return a;
  const b = checkCounts(serving, 'serving counts');
  if (!b.ok) return b;
  let statistic = 0;
  let atMost = 0;
  let before = 0;
  let ranA = 0;
  let ranB = 0;
  for (let i = 0; i < reference.length; i++) {
    ranA += reference[i]!;
    ranB += serving[i]!;
    const p = reference[i]! / a.value;
    const q = serving[i]! / b.value;
    const after = ranA / a.value - ranB / b.value;
    statistic = Math.max(statistic, Math.abs(after));
    atMost = Math.max(atMost, Math.min(before + p, after + q), Math.min(q - before, p - after));
    before = after;
  }
  return ok({ statistic, atMost: Math.max(atMost, statistic) });
}

/**
 * The same against the uniform distribution on [0, 1], for p-values counted on edges from 0 to 1 (counts: below, bins,
 * above, as binned() gives them; none may lie outside). argument_invalid, count_invalid, sample_empty.
 */
export function uniformityBinned(edges: Float64Array, counts: ArrayLike<number>): Result<BinnedKs> {
  const bins = edges.length - 1;
  if (bins < 1 || edges[0] !== 0 || edges[bins] !== 1) return fail('argument_invalid', 'edges do not run from 0 to 1');
  if (counts.length !== bins + 2) return fail('bins_mismatch', `${counts.length} counts for ${bins} bins`);
  if (counts[0] !== 0 || counts[bins + 1] !== 0) return fail('argument_invalid', 'p-values outside 0 to 1');
  const n = checkCounts(counts, 'counts');
  if (!n.ok) return n;
  let statistic = 0;
  let atMost = 0;
  let before = 0;
  let ran = 0;
  for (let i = 0; i < bins; i++) {
    ran += counts[i + 1]!;
    const q = counts[i + 1]! / n.value;
    const p = edges[i + 1]! - edges[i]!;
    const after = edges[i + 1]! - ran / n.value;
    statistic = Math.max(statistic, Math.abs(after));
    atMost = Math.max(atMost, Math.min(before + p, after + q), Math.min(q - before, p - after));
    before = after;
  }
  return ok({ statistic, atMost: Math.max(atMost, statistic) });
}
