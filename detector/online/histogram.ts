import { exp2, LN10, ln, log2 } from '../../core/math.ts';

/**
 * How large the deviations of one metric usually are: a histogram over the logarithm of the deviation, three bins an
 * octave, that follows the data up and down. It fills a stretch of a Uint16Array: BINS counts in eighths of a row (so
 * that halving forgets gradually), their total, and the level of the lowest bin, biased, with 0 for "nothing has ever
 * deviated". Bin 0 means "anything lower".
 *
 * A level is 3 log2 of a deviation; that of a deviation of zero is −∞.
 */
export const BINS = 32;
const TOTAL = BINS;
const BASE = BINS + 1;
export const HISTOGRAM = BINS + 2;

const PER_OCTAVE = 3;
const EIGHTHS = 8;
/** Rows after which all counts are halved. */
const MEMORY_ROWS = 4096;
const BIAS = 0x8000;
/** Levels of 5e-324 and 1e31, with room for the bins below: what a base can be. */
const LOWEST_BASE = -3300;
const HIGHEST_BASE = 320;

/** Rows that the power law beyond the 10 % point weighs against those counted. */
const PRIOR_ROWS = 30;
/** Share of rows above the point from which the power law is drawn; its power is 3, so it halves with each bin. */
const SHARE = 0.1;
/** At this many rows a tail counts half. */
const WARM_ROWS = 50;
/** Rows before the histogram limits what it sees. */
const LIMITED_ROWS = 20;
/** Nothing is seen further out than this many levels (a factor of 100) above the 10 % point. */
const FAR_LEVELS = PER_OCTAVE * log2(100);
const FAR_SHARE = SHARE / 1e6;

export const levelOf = (deviation: number): number => {
  if (!(deviation > 0)) return Number.NEGATIVE_INFINITY;
  // Whole powers of two, the commonest deviations of whole numbers, lie on the edge of a bin: they must not fall off it.
  const log = log2(deviation);
  const near = Math.round(log);
  return PER_OCTAVE * (Math.abs(log - near) < 1e-14 * Math.abs(near) && exp2(near) === deviation ? near : log);
};
export const deviationAt = (level: number): number => exp2(level / PER_OCTAVE);

const baseOf = (h: Uint16Array, at: number): number => h[at + BASE]! - BIAS;
export const hasMoved = (h: Uint16Array, at: number): boolean => h[at + BASE] !== 0;
export const rowsIn = (h: Uint16Array, at: number): number => h[at + TOTAL]! / EIGHTHS;

/** Level with a tenth of the rows above it, linear within a bin; the top of bin 0 when it lies there. NaN if nothing has ever deviated. */
export function tenthLevel(h: Uint16Array, at: number): number {
  if (!hasMoved(h, at)) return Number.NaN;
  const wanted = SHARE * h[at + TOTAL]!;
  let above = 0;
  for (let b = BINS - 1; b > 0; b--) {
    const here = h[at + b]!;
    if (here > 0 && above + here >= wanted) return baseOf(h, at) + b + 1 - (wanted - above) / here;
    above += here;
  }
  return baseOf(h, at) + 1;
}

/** Whether the 10 % point says anything of how far a value lies: enough rows, and above bin 0. */
export const isSpread = (h: Uint16Array, at: number, tenth: number): boolean =>
  h[at + TOTAL]! >= EIGHTHS * LIMITED_ROWS && tenth > baseOf(h, at) + 1;

/** The level, no further out than the histogram sees: an absurd value must not empty its bins. */
export const limited = (h: Uint16Array, at: number, level: number, tenth: number): number =>
  isSpread(h, at, tenth) ? Math.min(level, tenth + FAR_LEVELS) : level;

/**
 * Decades of tail probability of a level: the share of rows above it, shrunk to a power law drawn from the 10 % point,
 * and weak while there are few rows. 0 in the bulk.
 */
export function decadesOf(h: Uint16Array, at: number, level: number, tenth: number): number {
  const rows = rowsIn(h, at);
  if (level === Number.NEGATIVE_INFINITY || rows < 1) return 0;
  let above = 0;
  let expected = FAR_SHARE;
  if (hasMoved(h, at)) {
    const place = level - baseOf(h, at);
    const bin = Math.floor(place);
    if (bin < 1) return 0;
    if (bin < BINS) {
      let sum = 0;
      for (let b = BINS - 1; b > bin; b--) sum += h[at + b]!;
      above = (sum + h[at + bin]! * (bin + 1 - place)) / EIGHTHS;
    }
    expected = level > tenth ? SHARE * exp2(-Math.min(level - tenth, FAR_LEVELS)) : above / rows;
  }
  const decades = -ln((above + PRIOR_ROWS * expected) / (rows + PRIOR_ROWS)) / LN10;
  return (Math.max(0, decades) * rows) / (rows + WARM_ROWS);
}

/** Largest deviation with less than so many decades; NaN while no deviation has as many. Exact to a part of a bin. */
export function deviationOf(h: Uint16Array, at: number, decades: number, tenth: number): number {
  const rows = rowsIn(h, at);
  if (rows < 1) return Number.NaN;
  const mass = (rows + PRIOR_ROWS) * exp2((-decades * (rows + WARM_ROWS) * LN10) / (rows * Math.LN2));
  if (mass <= PRIOR_ROWS * FAR_SHARE) return Number.NaN;
  if (!hasMoved(h, at)) return 0;
  const base = baseOf(h, at);
  const beyond = tenth + log2((PRIOR_ROWS * SHARE) / mass);
  if (beyond >= base + BINS) return deviationAt(beyond);
  // The power law's share above a level doubles with each bin on the way down.
  let beyondShare = SHARE * exp2(tenth - base - BINS);
  let outer = PRIOR_ROWS * beyondShare;
  let sum = 0;
  for (let b = BINS - 1; b > 0; b--) {
    beyondShare *= 2;
    sum += h[at + b]!;
    const above = sum / EIGHTHS;
    const share = base + b > tenth ? beyondShare : above / rows;
    const inner = above + PRIOR_ROWS * share;
    if (inner >= mass) return deviationAt(base + b + ln(inner / mass) / ln(inner / outer));
    outer = inner;
  }
  return deviationAt(base + 1);
}

/** Counts one row at a level. */
export function learn(h: Uint16Array, at: number, level: number): void {
  halve(h, at, BINS);
  let bin = 0;
  if (level !== Number.NEGATIVE_INFINITY) {
    const whole = Math.floor(level);
    if (!hasMoved(h, at)) h[at + BASE] = whole - BINS / 2 + BIAS;
    const over = whole - baseOf(h, at) - (BINS - 1);
    if (over > 0) raise(h, at, over);
    const under = 1 - (whole - baseOf(h, at));
    if (under > 0) lower(h, at, under);
    bin = Math.max(0, whole - baseOf(h, at));
  }
  count(h, at, bin, BINS);
}

/** Adds a row to one of `bins` counts that their total follows. */
export function count(h: Uint16Array, at: number, bin: number, bins: number): void {
  h[at + bin]! += EIGHTHS;
  h[at + bins]! += EIGHTHS;
}

/** Halves counts, and their total with them, once they hold as many rows as they remember. */
export function halve(h: Uint16Array, at: number, bins: number): void {
  if (h[at + bins]! < EIGHTHS * MEMORY_ROWS) return;
  let total = 0;
  for (let b = 0; b < bins; b++) {
    const half = h[at + b]! >>> 1;
    h[at + b] = half;
    total += half;
  }
  h[at + bins] = total;
}

function raise(h: Uint16Array, at: number, bins: number): void {
  const last = Math.min(bins, BINS - 1);
  for (let b = 1; b <= last; b++) h[at]! += h[at + b]!;
  for (let b = 1; b < BINS; b++) h[at + b] = b + bins < BINS ? h[at + b + bins]! : 0;
  h[at + BASE]! += bins;
}

/** Moves down as far as the empty bins at the top allow. */
function lower(h: Uint16Array, at: number, wanted: number): void {
  let empty = 0;
  while (empty < BINS - 1 && h[at + BINS - 1 - empty] === 0) empty++;
  const bins = empty === BINS - 1 ? wanted : Math.min(wanted, empty);
  if (bins === 0) return;
  for (let b = BINS - 1; b > 0; b--) h[at + b] = b - bins >= 1 ? h[at + b - bins]! : 0;
  h[at + BASE]! -= bins;
}

/** What is wrong with counts that were read, in words; null if nothing. */
export function flawOfCounts(h: Uint16Array, at: number, bins: number): string | null {
  let total = 0;
  for (let b = 0; b < bins; b++) total += h[at + b]!;
  if (total !== h[at + bins] || total >= EIGHTHS * (MEMORY_ROWS + 1))
    return `counts sum to ${total}, not to ${h[at + bins]}`;
  return null;
}

export function flawOf(h: Uint16Array, at: number): string | null {
  const base = baseOf(h, at);
  if (hasMoved(h, at) && !(base >= LOWEST_BASE && base <= HIGHEST_BASE)) return `lowest level is ${base}`;
  if (!hasMoved(h, at) && h[at] !== h[at + TOTAL]) return 'a deviation is counted, but none has a level';
  return flawOfCounts(h, at, BINS);
}
