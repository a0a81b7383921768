import { ok, type Result } from '../errors.ts';
import { checkSample } from './check.ts';

const BUCKETS = 2_048;
/** Below this many values sorting costs less than another division. */
const SORT_BELOW = 1_024;
/** Values that still lie together after so many divisions (an outlier made the range huge) are sorted. */
const MAX_DEPTH = 6;

/** Values of both samples in one stretch of the axis, and how many lie below it. */
interface Stretch {
  a: Float64Array;
  b: Float64Array;
  beforeA: number;
  beforeB: number;
}

/**
 * The exact two-sample Kolmogorov-Smirnov statistic sup |F − G|, in linear time for common data: instead of sorting,
 * values are counted into buckets, and only buckets in which the difference could exceed the largest one found at an
 * edge (see ksBinned) are looked into, again by buckets. Differences are compared as whole numbers |i·m − j·n|.
 *
 * a, b: n and m finite values in any order, unchanged; n·m < 2^53. sample_empty, sample_not_finite.
 */
export function ksStatistic(a: Float64Array, b: Float64Array): Result<number> {
  const badA = checkSample(a, 'the first sample');
  if (!badA.ok) return badA;
  const badB = checkSample(b, 'the second sample');
  if (!badB.ok) return badB;
  return ok(search({ a, b, beforeA: 0, beforeB: 0 }, a.length, b.length, 0, 0) / (a.length * b.length));
}

/** The largest |i·m − j·n| within a stretch, or best if that is larger. */
function search(stretch: Stretch, n: number, m: number, best: number, depth: number): number {
  const { a, b } = stretch;
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const values of [a, b]) {
    for (let i = 0; i < values.length; i++) {
      const x = values[i]!;
      if (x < low) low = x;
      if (x > high) high = x;
    }
  }
  const scale = BUCKETS / (high - low);
  // An infinite or vanishing range cannot be divided.
  if (a.length + b.length < SORT_BELOW || depth === MAX_DEPTH || !(scale > 0 && scale < 1e300))
    return bySorting(stretch, n, m, best);

  const countA = countBuckets(a, low, scale);
  const countB = countBuckets(b, low, scale);
  let i = stretch.beforeA;
  let j = stretch.beforeB;
  for (let k = 0; k < BUCKETS; k++) {
    i += countA[k]!;
    j += countB[k]!;
    best = Math.max(best, Math.abs(i * m - j * n));
  }
  // Of what is left, the most promising first: it raises best, which spares others.
  const open: { bucket: number; bound: number; beforeA: number; beforeB: number }[] = [];
  i = stretch.beforeA;
  j = stretch.beforeB;
  for (let k = 0; k < BUCKETS; k++) {
    const before = i * m - j * n;
    const p = countA[k]! * m;
    const q = countB[k]! * n;
    const after = before + p - q;
    const bound = Math.max(Math.min(before + p, after + q), Math.min(q - before, p - after));
    if (bound > best) open.push({ bucket: k, bound, beforeA: i, beforeB: j });
    i += countA[k]!;
    j += countB[k]!;
  }
  if (open.length === 0) return best;
  const partsA = gather(a, low, scale, countA, open);
  const partsB = gather(b, low, scale, countB, open);
  open.sort((x, y) => y.bound - x.bound || x.bucket - y.bucket);
  for (const { bucket, bound, beforeA, beforeB } of open) {
    if (bound <= best) break;
    best = search({ a: partsA.get(bucket)!, b: partsB.get(bucket)!, beforeA, beforeB }, n, m, best, depth + 1);
  }
  return best;
}

function countBuckets(values: Float64Array, low: number, scale: number): Uint32Array {
  const counts = new Uint32Array(BUCKETS + 1);
  for (let i = 0; i < values.length; i++) counts[((values[i]! - low) * scale) | 0]!++;
  // The largest value falls on the upper edge.
  counts[BUCKETS - 1]! += counts[BUCKETS]!;
  return counts;
}

function gather(
  values: Float64Array,
  low: number,
  scale: number,
  counts: Uint32Array,
  open: readonly { bucket: number }[],
): Map<number, Float64Array> {
  const next = new Int32Array(BUCKETS + 1).fill(-1);
  let size = 0;
  for (const { bucket } of open) {
    next[bucket] = size;
    size += counts[bucket]!;
  }
  const held = new Float64Array(size);
  const parts = new Map<number, Float64Array>();
  for (const { bucket } of open) parts.set(bucket, held.subarray(next[bucket]!, next[bucket]! + counts[bucket]!));
  for (let i = 0; i < values.length; i++) {
    const at = ((values[i]! - low) * scale) | 0;
    const bucket = at === BUCKETS ? BUCKETS - 1 : at;
    if (next[bucket]! >= 0) held[next[bucket]!++] = values[i]!;
  }
  return parts;
}

function bySorting({ a, b, beforeA, beforeB }: Stretch, n: number, m: number, best: number): number {
  const sortedA = a.slice().sort();
  const sortedB = b.slice().sort();
  let i = 0;
  let j = 0;
  while (i < sortedA.length || j < sortedB.length) {
    const nextA = sortedA[i] ?? Number.POSITIVE_INFINITY;
    const nextB = sortedB[j] ?? Number.POSITIVE_INFINITY;
    const x = Math.min(nextA, nextB);
    // Ties are passed together: the functions differ only after all values of one size.
    while (i < sortedA.length && sortedA[i] === x) i++;
    while (j < sortedB.length && sortedB[j] === x) j++;
    best = Math.max(best, Math.abs((beforeA + i) * m - (beforeB + j) * n));
  }
  return best;
}
