import { log2 } from '../../core/math.ts';
import {
  decadesOf,
  deviationAt,
  deviationOf,
  HISTOGRAM,
  isSpread,
  learn,
  levelOf,
  limited,
  rowsIn,
  tenthLevel,
} from './histogram.ts';
import {
  isNew,
  learnMeans,
  learnSlot,
  MEANS,
  originOf,
  residualMean,
  SLOTS,
  setOrigin,
  slowMean,
  trendOf,
} from './means.ts';

/**
 * How unusual a metric is among its own past, without any training: four deviations (of the value and of its recent
 * mean, from the slow mean and from the mean of the half hour), each ranked in a histogram of its own.
 */
export const TAILS = 4;
const VALUE = 0;
const TREND = 1;
const SLOT_VALUE = 2;
const SLOT_TREND = 3;

/** Counts of one metric: rows of each slot, then the four histograms. */
export const COUNTS = SLOTS + TAILS * HISTOGRAM;

/** Deviations of less than this share of the value are rounding noise. */
const NOISE = 1e-9;
const LARGEST = 1e30;
/** Means learn from no further than this many times the 10 % point: an absurd value must not poison them for weeks. */
const MEANS_REACH = 1e4;
const MEANS_REACH_LEVELS = 3 * log2(MEANS_REACH);
/** The expected band ends where a deviation reaches this many decades, a share of one in a thousand. */
const BAND_DECADES = 3;

const deviations = new Float64Array(TAILS);

/** The arrays of an entity; metric i has MEANS doubles, SLOTS floats and COUNTS counts from the given offsets on. */
export interface TailState {
  readonly means: Float64Array;
  readonly slots: Float32Array;
  readonly counts: Uint16Array;
}

/**
 * Judges a finite value of metric i by the past, then learns it. Writes TAILS decades to out[at …] and returns their
 * evidence: the larger tail of the value plus the larger one of the recent mean. slot, memory: see means.ts.
 */
export function observe(
  state: TailState,
  i: number,
  value: number,
  slot: number,
  memory: number,
  out: Float64Array,
  at: number,
): number {
  const { means, slots, counts } = state;
  const meansAt = i * MEANS;
  const slotAt = i * SLOTS + slot;
  const countAt = i * COUNTS + slot;
  const histograms = i * COUNTS + SLOTS;
  const clamped = Math.max(-LARGEST, Math.min(LARGEST, value));
  const first = isNew(means, meansAt);
  if (first) setOrigin(means, meansAt, clamped);
  const origin = originOf(means, meansAt);
  const v = clamped - origin;
  const usual = slowMean(means, meansAt, v);
  const expected = counts[countAt]! > 0 ? slots[slotAt]! : usual;
  const learned = within(counts, histograms, v, usual);
  learnMeans(means, meansAt, learned, expected);
  deviations[VALUE] = Math.abs(v - usual);
  deviations[TREND] = Math.abs(trendOf(means, meansAt));
  deviations[SLOT_VALUE] = Math.abs(v - expected);
  deviations[SLOT_TREND] = Math.abs(residualMean(means, meansAt));
  const noise = NOISE * (Math.abs(clamped) + Math.abs(origin));
  for (let j = 0; j < TAILS; j++) {
    const h = histograms + j * HISTOGRAM;
    const deviation = deviations[j]!;
    const tenth = tenthLevel(counts, h);
    const level = limited(counts, h, deviation <= noise ? Number.NEGATIVE_INFINITY : levelOf(deviation), tenth);
    out[at + j] = decadesOf(counts, h, level, tenth);
    if (!first) learn(counts, h, level);
  }
  learnSlot(slots, counts, slotAt, countAt, memory, learned);
  return Math.max(out[at + VALUE]!, out[at + SLOT_VALUE]!) + Math.max(out[at + TREND]!, out[at + SLOT_TREND]!);
}

/** The value as the means learn it. */
function within(counts: Uint16Array, h: number, v: number, usual: number): number {
  const off = v - usual;
  if (off === 0 || rowsIn(counts, h) < 1) return v;
  const tenth = tenthLevel(counts, h);
  if (!isSpread(counts, h, tenth) || levelOf(Math.abs(off)) <= tenth + MEANS_REACH_LEVELS) return v;
  return usual + Math.sign(off) * MEANS_REACH * deviationAt(tenth);
}

/**
 * The band in which metric i was expected in a slot, to low[c] and high[c]: where neither the slow mean nor the slot's
 * is BAND_DECADES away. Left as it is (NaN) while so few rows are known that no value is. Call before observe.
 */
export function expectBand(
  state: TailState,
  i: number,
  slot: number,
  low: Float64Array,
  high: Float64Array,
  c: number,
): void {
  const { means, slots, counts } = state;
  const meansAt = i * MEANS;
  if (isNew(means, meansAt)) return;
  const histograms = i * COUNTS + SLOTS;
  const reach = reachOf(counts, histograms + VALUE * HISTOGRAM);
  const slotReach = reachOf(counts, histograms + SLOT_VALUE * HISTOGRAM);
  if (Number.isNaN(reach) || Number.isNaN(slotReach)) return;
  const origin = originOf(means, meansAt);
  const usual = origin + slowMean(means, meansAt, 0);
  const expected = counts[i * COUNTS + slot]! > 0 ? origin + slots[i * SLOTS + slot]! : usual;
  low[c] = Math.max(usual - reach, expected - slotReach);
  high[c] = Math.min(usual + reach, expected + slotReach);
  if (low[c]! <= high[c]!) return;
  low[c] = expected - slotReach;
  high[c] = expected + slotReach;
}

const reachOf = (counts: Uint16Array, h: number): number => deviationOf(counts, h, BAND_DECADES, tenthLevel(counts, h));
