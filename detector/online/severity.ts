import { exp2, LN10, ln, log2 } from '../../core/math.ts';
import { BINS, count, flawOfCounts, halve } from './histogram.ts';

/**
 * From a sum of evidence to calibrated decades: its rank among the entity's own sums, where a curve that holds nearly
 * everywhere weighs as much as 10,000 rows against the 4,096 that the entity remembers at most. The evidence is a tail
 * probability already; a history that adapts faster learns the anomalies too and forgives them.
 */
const WIDTH = 0.5;
const PRIOR_ROWS = 10_000;
const OFFSET = -0.1;
const SLOPE = -0.36;
/** Growth of the sum of the three largest with each doubling of the metrics, from independent ones. */
const GROWTH = 0.52;
const EIGHTHS = 8;

/** Counts of the sums of one entity in BINS bins, and their total. */
export const SEVERITY = BINS + 1;

/**
 * The 99 % point of one metric's sum. Up to it sums grow with the metrics as a whole; beyond it less, because then one
 * metric makes them or all together do. The square root lies between what independent and what related metrics ask for.
 */
const BULK = 4.05;

/** How much larger the sums of an entity with so many metrics are, up to their 99 % point. */
export const spreadOf = (metrics: number): number => (metrics > 1 ? 1 + GROWTH * log2(metrics) : 1);

/** Decades of a sum (≥ 0) among those before it; the sum is then one of them. spread: see spreadOf. */
export function rank(counts: Uint16Array, at: number, sum: number, spread: number): number {
  const place = sum / WIDTH;
  const bin = Math.min(Math.floor(place), BINS - 1);
  let above = counts[at + bin]! * (1 - Math.min(1, place - bin));
  for (let b = BINS - 1; b > bin; b--) above += counts[at + b]!;
  const single = sum <= BULK * spread ? sum / spread : BULK + (sum - BULK * spread) / Math.sqrt(spread);
  const expected = Math.min(1, exp2(((OFFSET + SLOPE * single) * LN10) / Math.LN2));
  const rows = counts[at + BINS]! / EIGHTHS;
  const decades = sum > 0 ? -ln((above / EIGHTHS + PRIOR_ROWS * expected) / (rows + PRIOR_ROWS)) / LN10 : 0;
  halve(counts, at, BINS);
  count(counts, at, bin, BINS);
  return Math.max(0, decades);
}

export const flawOfSeverity = (counts: Uint16Array, at: number): string | null => flawOfCounts(counts, at, BINS);
