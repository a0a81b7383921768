import { RATIO_BINS } from '../../detector/interval-counts.ts';

/** Distances between histograms on the same bins, and the shift that explains them best. */

/** Counts as shares of their sum; null for none at all, which is unknown and not zero. */
export function sharesOf(counts: ArrayLike<number>, slots = counts.length): Float64Array | null {
  let sum = 0;
  for (let i = 0; i < slots; i++) sum += counts[i]!;
  if (sum === 0) return null;
  const shares = new Float64Array(slots);
  for (let i = 0; i < slots; i++) shares[i] = counts[i]! / sum;
  return shares;
}

/** Slots of a ratio: below, the bins, above; then missing or zero, which has no ratio. */
export const RATIO_PLACES = RATIO_BINS + 2;

/** Ratios as shares of those that are one; null for none. */
export const ratioShares = (ratio: Float64Array): Float64Array | null => sharesOf(ratio, RATIO_PLACES);

/** Earth mover's distance in bins, p moved up by `shift` bins first; what leaves the ends gathers in the outer slots. */
export function moverDistance(p: Float64Array, q: Float64Array, shift = 0): number {
  const n = p.length;
  const moved = shift === 0 ? p : movedBy(p, shift);
  let sum = 0;
  let apart = 0;
  for (let i = 0; i < n; i++) {
    apart += moved[i]! - q[i]!;
    sum += Math.abs(apart);
  }
  return sum;
}

function movedBy(p: Float64Array, shift: number): Float64Array {
  const out = new Float64Array(p.length);
  for (let i = 0; i < p.length; i++) out[Math.min(p.length - 1, Math.max(0, i + shift))]! += p[i]!;
  return out;
}

/** Where a share of the mass lies below, in slots, the mass of a slot spread over it evenly. */
export function quantileSlot(p: Float64Array, share: number): number {
  let before = 0;
  for (let i = 0; i < p.length; i++) {
    const after = before + p[i]!;
    if (after >= share && p[i]! > 0) return i + (share - before) / p[i]!;
    before = after;
  }
  return p.length;
}

export interface Shift {
  /** How far the middle has moved, in slots and parts of them. */
  slots: number;
  /** Distance as they are, and after the best whole shift. */
  before: number;
  after: number;
}

/** Slots around the shift of the medians that are tried. */
const SEARCH = 4;

/** The shift of p that comes nearest to q. */
export function bestShift(p: Float64Array, q: Float64Array): Shift {
  const slots = quantileSlot(q, 0.5) - quantileSlot(p, 0.5);
  const before = moverDistance(p, q);
  let after = before;
  let best = 0;
  for (let s = Math.round(slots) - SEARCH; s <= Math.round(slots) + SEARCH; s++) {
    const distance = moverDistance(p, q, s);
    if (distance < after) {
      after = distance;
      best = s;
    }
  }
  // The middle of a distribution with two humps can lie anywhere between them: then the whole shift is the better word.
  return { slots: Math.abs(slots - best) <= 1 ? slots : best, before, after };
}

/** Largest difference of the distribution functions (Kolmogorov-Smirnov) of shares on the same bins. */
export function largestGap(p: Float64Array, q: Float64Array): number {
  let gap = 0;
  let apart = 0;
  for (let i = 0; i < p.length; i++) {
    apart += p[i]! - q[i]!;
    gap = Math.max(gap, Math.abs(apart));
  }
  return gap;
}

/** Mean rank of q among p, less a half: from −½ (all below) to ½ (all above), 0 where they are alike. */
export function meanRank(p: Float64Array, q: Float64Array): number {
  let before = 0;
  let sum = 0;
  for (let i = 0; i < p.length; i++) {
    sum += q[i]! * (before + p[i]! / 2);
    before += p[i]!;
  }
  return sum - 0.5;
}

export function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
}
