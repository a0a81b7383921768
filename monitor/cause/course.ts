import { exp2 } from '../../core/math.ts';
import { binned } from '../../core/stats/histogram.ts';
import { type FeatureCounts, type IntervalCounts, RATIO_OCTAVES_PER_BIN } from '../../detector/interval-counts.ts';
import { type FeatureFacts, featureOf } from './facts.ts';
import { meanRank, quantileSlot, ratioShares, sharesOf } from './shape.ts';

/**
 * Intervals from the old level to the new one up to which a change is sudden; one of them may be in both. More than that is
 * gradual.
 */
export const SUDDEN_INTERVALS = 2;
/** How much better a slope must fit than a step to be believed. */
const SLOPE_FITS = 0.85;
/** A slope this short is hardly more than a step: it is believed only where a step fits worse than this. */
const SHORT_SLOPE = 3;
const STEP_FITS = 0.1;
/** Mean rank from which a feature has nearly left its values: ranks then say no more how far it went. */
const SATURATED = 0.38;
/** Octaves of a ratio that are enough to follow it by. */
const FOLLOWED_OCTAVES = 0.5;

/** How far an interval is on the way from training (0) to now (1), by the features that moved. */
export function along(moved: readonly FeatureFacts[], counts: IntervalCounts): number | null {
  let sum = 0;
  let whole = 0;
  for (const feature of moved) {
    const then = featureOf(counts, feature.name);
    const part = then === null ? null : (byRatio(feature, then) ?? byRank(feature, then));
    if (part === null) continue;
    const weight = Math.abs(feature.rank);
    sum += weight * part;
    whole += weight;
  }
  return whole === 0 ? null : sum / whole;
}

function byRank({ placeBefore, rank }: FeatureFacts, then: FeatureCounts): number | null {
  const place = sharesOf(binned(then.place));
  return place === null || placeBefore === null || rank === 0 ? null : meanRank(placeBefore, place) / rank;
}

/** The same by the middle of value over median, which goes on where ranks end; null where it does not tell. */
function byRatio({ rank, reference, now }: FeatureFacts, then: FeatureCounts): number | null {
  if (Math.abs(rank) < SATURATED) return null;
  const [trained, last, at] = [middleRatio(reference.ratio), middleRatio(now.ratio), middleRatio(then.ratio)];
  if (trained === null || last === null || at === null) return null;
  const octaves = (last - trained) * RATIO_OCTAVES_PER_BIN;
  if (Math.abs(octaves) < FOLLOWED_OCTAVES) return null;
  const risen = exp2((at - trained) * RATIO_OCTAVES_PER_BIN) - 1;
  return Math.min(1.5, Math.max(-0.5, risen / (exp2(octaves) - 1)));
}

function middleRatio(ratio: Float64Array): number | null {
  const shares = ratioShares(ratio);
  return shares === null ? null : quantileSlot(shares, 0.5);
}

export interface Course {
  /** The last interval at the old level and the first at the new one. */
  from: number;
  to: number;
  /** From the old level to the new one, where 1 is all the way from training. */
  rise: number;
  stepError: number;
  slopeError: number;
}

/** The way of features through intervals, oldest first; null where one of them has no values. */
export function courseOf(moved: readonly FeatureFacts[], intervals: readonly IntervalCounts[]): Course | null {
  const course = intervals.map((counts) => along(moved, counts));
  return course.some((x) => x === null) ? null : bestCourse(course as number[], hoursOf(intervals));
}

/** How much a rise other than from training to now counts against a course, in squared errors of an interval. */
const RISE_WEIGHT = 0.5;
const DAY_MS = 86_400_000;

/**
 * The hour of the day of each interval, as a number that those of the same hour share. Where the history is too short to
 * have any hour twice, all have the same one.
 */
function hoursOf(intervals: readonly IntervalCounts[]): number[] {
  const hours = intervals.map((counts) => counts.startMs % DAY_MS);
  return new Set(hours).size <= hours.length / 2 ? hours : hours.map(() => 0);
}

/**
 * The straight way between two levels that fits best, by least squares, with a level of its own for each hour of the day; a
 * slope only where a step fits clearly worse.
 */
function bestCourse(course: readonly number[], hours: readonly number[]): Course {
  const last = course.length - 1;
  const nothing = { from: last - 1, to: last, rise: 0, error: Number.POSITIVE_INFINITY };
  let step = nothing;
  let slope = nothing;
  for (let from = 0; from < last; from++) {
    for (let to = from + 1; to <= last; to++) {
      const ramp = course.map((_, i) => Math.min(1, Math.max(0, (i - from) / (to - from))));
      const fitted = { from, to, ...leastSquares(ramp, course, hours) };
      if (to - from <= SUDDEN_INTERVALS) {
        if (fitted.error < step.error) step = fitted;
      } else if (fitted.error < slope.error) slope = fitted;
    }
  }
  const sloping =
    slope.error < SLOPE_FITS * step.error && (slope.to - slope.from > SHORT_SLOPE || step.error > STEP_FITS);
  const best = sloping ? slope : step;
  return { from: best.from, to: best.to, rise: best.rise, stepError: step.error, slopeError: slope.error };
}

/** y = level of the hour + rise × x. */
function leastSquares(x: readonly number[], y: readonly number[], hours: readonly number[]) {
  const [u, v] = [within(x, hours), within(y, hours)];
  let xx = 0;
  let xy = 0;
  for (let i = 0; i < u.length; i++) {
    xx += u[i]! ** 2;
    xy += u[i]! * v[i]!;
  }
  const rise = xx < 1e-12 ? 0 : xy / xx;
  let error = 0;
  for (let i = 0; i < u.length; i++) error += (v[i]! - rise * u[i]!) ** 2;
  // From training to now is 1: what rises by more or less follows chance, or an hour of its own.
  error += RISE_WEIGHT * (rise - 1) ** 2;
  return { rise, error };
}

/** Each value less the mean of those of its hour. */
function within(values: readonly number[], hours: readonly number[]): number[] {
  return values.map((value, i) => {
    const same = values.filter((_, k) => hours[k] === hours[i]);
    return value - same.reduce((a, b) => a + b, 0) / same.length;
  });
}
