import { fail, ok, type Result } from '../errors.ts';

/** More bins than this say nothing more and cost memory in every interval profile. */
export const MAX_BINS = 256;

/** Bin i holds edges[i] ≤ x < edges[i + 1], the last one its upper edge too. Below and above are bins of their own. */
export interface ReferenceBins {
  /** One more than bins, ascending and finite; a constant sample gives one bin of width 0. */
  edges: Float64Array;
  binsAsked: number;
  /**
   * Why there are fewer bins than asked for, or null when there are as many: few_values: no more distinct values than
   * that, each has a bin; ties: single values hold more than a bin's share, and are not divided.
   */
  fewer: 'few_values' | 'ties' | null;
}

/**
 * Bins that hold equal shares of a sample as far as ties allow: distinct values in order are put together until a bin
 * is as near as possible to its share of what is left. Without ties every bin holds ⌊n / k⌋ or ⌈n / k⌉ values.
 *
 * sample: any order; NaN (missing) is left out. binsAsked: 1 to MAX_BINS. Cost: one sort of a copy.
 * sample_empty, sample_not_finite, argument_invalid.
 */
export function referenceBins(sample: ArrayLike<number>, binsAsked: number): Result<ReferenceBins> {
  if (!Number.isInteger(binsAsked) || binsAsked < 1 || binsAsked > MAX_BINS)
    return fail('argument_invalid', `bins are ${binsAsked}, wanted 1 to ${MAX_BINS}`);
  const sorted = Float64Array.from(sample)
    .filter((x) => !Number.isNaN(x))
    .sort();
  const n = sorted.length;
  if (n === 0) return fail('sample_empty', 'the sample holds no values');
  for (const x of [sorted[0]!, sorted[n - 1]!]) {
    if (!Number.isFinite(x)) return fail('sample_not_finite', `the sample holds ${x}`);
  }

  const values: number[] = [];
  const counts: number[] = [];
  for (let i = 0; i < n; i++) {
    if (i > 0 && sorted[i] === sorted[i - 1]) counts[counts.length - 1]!++;
    else {
      values.push(sorted[i]! + 0); // −0 and 0 are one value, written as 0
      counts.push(1);
    }
  }
  const lower = values.length <= binsAsked ? values : equalShares(values, counts, n, binsAsked);
  const fewer = lower.length === binsAsked ? null : values.length < binsAsked ? 'few_values' : 'ties';
  return ok({ edges: Float64Array.from([...lower, values.at(-1)!]), binsAsked, fewer });
}

/** Lower edges of the bins. */
function equalShares(values: readonly number[], counts: readonly number[], n: number, bins: number): number[] {
  const lower = [values[0]!];
  let left = n;
  let held = 0;
  for (let i = 0; i < values.length; i++) {
    const share = left / (bins - lower.length + 1);
    const with_ = held + counts[i]!;
    if (held > 0 && lower.length < bins && Math.abs(with_ - share) > Math.abs(held - share)) {
      lower.push(values[i]!);
      left -= held;
      held = counts[i]!;
    } else held = with_;
  }
  return lower;
}
