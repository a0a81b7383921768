import type { IntervalCounts } from '../../detector/interval-counts.ts';
import type { Cause } from '../observation.ts';
import { along, type Course, courseOf, SUDDEN_INTERVALS } from './course.ts';
import { ofTheirOwn } from './factor.ts';
import { answer, at, earlierOf, type Facts, listed, metricsOf, percent } from './facts.ts';
import { mayBeProducer } from './unit.ts';

/**
 * For a metric alone, of which a producer could be suspected: intervals from which a change is slow, and how much better than
 * a step a slope must fit then.
 */
const SLOW_INTERVALS = 5;
const SLOWLY_FITS = 0.7;
/** Metrics whose own course is looked at, the farthest first. */
const FOLLOWED = 3;
/** Times its limit that the farthest metric must be: what is just beyond it may be back tomorrow. */
const FAR = 1.25;
/** How far on its way the newest grain must be: what is going back is no new normal. */
const STAYS = 0.5;
/** Share of the change that must lie within the history for its course to be known. */
const WITHIN = 0.35;

/** Several features moved, each by its own measure: the world has changed. Null where a producer may be behind it. */
export function genuineDrift(facts: Facts): Cause | null {
  const { moved, before, now } = facts;
  const metrics = metricsOf(moved);
  if (!facts.seen || metrics.length === 0 || before.length < 2 || mayBeProducer(facts).length > 0) return null;
  const newest = facts.grain === null ? null : along(moved, facts.grain);
  if (moved[0]!.excess < FAR || (newest !== null && newest < STAYS)) return null;
  // A week ago is before all of it, and at the same hour as now.
  const intervals = [...earlierOf(facts), now];
  const fit = courseOf(moved, intervals);
  if (fit === null) return null;
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
  // What leaps may be a producer's doing where it is one metric or one factor: then waiting is cheap and acting is not.
  const slowly = fit.rise >= WITHIN && slow(fit) && slowOfThemselves(facts, intervals);
  if (!slowly && (metrics.length < 2 || !ofTheirOwn(facts))) return null;
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

const slow = (fit: Course): boolean =>
  fit.to - fit.from >= SLOW_INTERVALS && fit.slopeError < SLOWLY_FITS * fit.stepError;

/** Whether no metric that clearly moved did so at once: two that leap one after the other look slow together. */
function slowOfThemselves({ moved }: Facts, intervals: readonly IntervalCounts[]): boolean {
  return metricsOf(moved)
    .slice(0, FOLLOWED)
    .every((metric) => {
      const own = courseOf(
        moved.filter((f) => f.metric === metric),
        intervals,
      );
      return own === null || own.slopeError < own.stepError;
    });
}
