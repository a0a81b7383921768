/**
 * What one metric is usually like: a slow and a fast exponential mean, the recent mean of its residual, and a mean for
 * each half hour of the day (UTC). Half-lives count rows, so gaps and irregular sampling need no rule. Everything is
 * kept relative to the first value, where differences lose no digits. MEANS doubles and SLOTS floats with their counts.
 */
const ORIGIN = 0;
const SLOW = 1;
const FAST = 2;
const RESIDUAL = 3;
const SLOW_WEIGHT = 4;
const FAST_WEIGHT = 5;
export const MEANS = 6;

export const SLOTS = 48;
const DAY_MS = 86_400_000;
const SLOT_MS = DAY_MS / SLOTS;
/** Days that the mean of a slot remembers. */
const DAYS = 14;
const MOST_ROWS = 65_535;

const LEARN_SLOW = 1 - 2 ** (-1 / 200);
const LEARN_FAST = 1 - 2 ** (-1 / 10);

export const slotAt = (timeMs: number): number => Math.floor((((timeMs % DAY_MS) + DAY_MS) % DAY_MS) / SLOT_MS);

/** Rows that the mean of a slot remembers when rows are so far apart. */
export const slotMemory = (spacingMs: number): number =>
  Math.min(MOST_ROWS, Math.max(DAYS, Math.round((DAYS * SLOT_MS) / spacingMs)));

export const isNew = (m: Float64Array, at: number): boolean => m[at + SLOW_WEIGHT] === 0;
export const originOf = (m: Float64Array, at: number): number => m[at + ORIGIN]!;

/** The slow mean, or the value itself before the first row. */
export const slowMean = (m: Float64Array, at: number, value: number): number =>
  m[at + SLOW_WEIGHT]! > 0 ? m[at + SLOW]! / m[at + SLOW_WEIGHT]! : value;

/** How far the fast mean lies from the slow one. */
export const trendOf = (m: Float64Array, at: number): number =>
  m[at + FAST]! / m[at + FAST_WEIGHT]! - m[at + SLOW]! / m[at + SLOW_WEIGHT]!;

/** Recent mean of what the slots did not expect. */
export const residualMean = (m: Float64Array, at: number): number => m[at + RESIDUAL]! / m[at + FAST_WEIGHT]!;

export function setOrigin(m: Float64Array, at: number, value: number): void {
  m[at + ORIGIN] = value;
}

/** value: relative to the origin; expected: what its slot said. */
export function learnMeans(m: Float64Array, at: number, value: number, expected: number): void {
  m[at + SLOW]! += LEARN_SLOW * (value - m[at + SLOW]!);
  m[at + SLOW_WEIGHT]! += LEARN_SLOW * (1 - m[at + SLOW_WEIGHT]!);
  m[at + FAST]! += LEARN_FAST * (value - m[at + FAST]!);
  m[at + FAST_WEIGHT]! += LEARN_FAST * (1 - m[at + FAST_WEIGHT]!);
  m[at + RESIDUAL]! += LEARN_FAST * (value - expected - m[at + RESIDUAL]!);
}

/** Takes a value into the mean of its slot. */
export function learnSlot(
  mean: Float32Array,
  count: Uint16Array,
  at: number,
  countAt: number,
  memory: number,
  value: number,
): void {
  const rows = Math.min(count[countAt]! + 1, memory);
  count[countAt] = rows;
  mean[at]! += (value - mean[at]!) / rows;
}

/** What is wrong with means that were read, in words; null if nothing. */
export function flawOfMeans(m: Float64Array, at: number): string | null {
  for (const weight of [m[at + SLOW_WEIGHT]!, m[at + FAST_WEIGHT]!]) {
    if (!(weight >= 0 && weight <= 1)) return `weight of a mean is ${weight}`;
  }
  return (m[at + SLOW_WEIGHT] === 0) === (m[at + FAST_WEIGHT] === 0) ? null : 'one mean has rows, the other none';
}
