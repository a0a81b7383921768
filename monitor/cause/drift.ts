import { binned } from '../../core/stats/histogram.ts';
import type { IntervalCounts } from '../../detector/interval-counts.ts';
import type { Cause } from '../observation.ts';
import { answer, at, earlierOf, type Facts, featureOf, listed, metricsOf, percent } from './facts.ts';
import { meanRank, sharesOf } from './shape.ts';
import { mayBeProducer } from './unit.ts';

/** Intervals from the old level to the new one up to which a change is sudden; one of them may be in both. */
const SUDDEN_INTERVALS = 2;
/** How much better a slope must fit than a step to be believed. */
const SLOPE_FITS = 0.85;
/** The same for a metric alone, of which a producer could be suspected. */
const SLOW_INTERVALS = 5;
const SLOWLY_FITS = 0.7;
/** Share of the change that must lie within the history for its course to be known. */
const WITHIN = 0.35;

/** Several features moved, each by its own measure: the world has changed. Null where a producer may be behind it. */
export function genuineDrift(facts: Facts): Cause | null {
  const { moved, before, now } = facts;
  const metrics = metricsOf(moved);
  if (metrics.length === 0 || before.length < 2 || mayBeProducer(facts).length > 0) return null;
  // A week ago is before all of it, and at the same hour as now.
  const intervals = [...earlierOf(facts), now];
  const course = intervals.map((counts) => along(facts, counts));
  if (course.some((x) => x === null)) return null;
  const fit = bestCourse(course as number[], hoursOf(intervals));
  const names = moved.map((f) => f.name);
  const share = metrics.length / new Set(facts.features.map((f) => f.metric)).size;
  const evidence = {
    moved: moved.length,
    metricsShare: share,
    rise: fit.rise,
    slopeIntervals: fit.to - fit.from,
    stepError: fit.stepError,
    slopeError: fit.slopeError,
    largestExcess: moved[0]!.excess,
  };
  const sinceMs = (intervals[fit.from + 1] ?? now).startMs;
  const gradual = fit.rise < WITHIN || fit.to - fit.from > SUDDEN_INTERVALS;
  // One metric alone that leaps may as well be a producer's doing, and then waiting is cheap and acting is not.
  const slowly = fit.to - fit.from >= SLOW_INTERVALS && fit.slopeError < SLOWLY_FITS * fit.stepError;
  if (metrics.length < 2 && !(slowly && fit.rise >= WITHIN)) return null;
  const what = `${listed(names)} (${percent(share)} of the metrics)`;
  return gradual
    ? answer(
        'gradual_drift',
        `${what} have been moving away from training${fit.rise < WITHIN ? ' for longer than the history goes back' : ` since about ${at(sinceMs)}`}, each by a measure of its own.`,
        evidence,
        names,
      )
    : answer(
        'sudden_drift',
        `${what} moved at once about ${at(sinceMs)} and stayed, each by a measure of its own.`,
        evidence,
        names,
      );
}

/** How far an interval is on the way from training (0) to now (1), by the ranks of the features that moved. */
function along({ moved }: Facts, counts: IntervalCounts): number | null {
  let sum = 0;
  let whole = 0;
  for (const feature of moved) {
    const then = featureOf(counts, feature.name);
    const place = then === null ? null : sharesOf(binned(then.place));
    if (place === null || feature.placeBefore === null) continue;
    sum += meanRank(feature.placeBefore, place) * Math.sign(feature.rank);
    whole += Math.abs(feature.rank);
  }
  return whole === 0 ? null : sum / whole;
}

interface Course {
  /** The last interval at the old level and the first at the new one. */
  from: number;
  to: number;
  /** From the old level to the new one, where 1 is all the way from training. */
  rise: number;
  stepError: number;
  slopeError: number;
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
  const best = slope.error < SLOPE_FITS * step.error ? slope : step;
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
