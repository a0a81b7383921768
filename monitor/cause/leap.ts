import { binned } from '../../core/stats/histogram.ts';
import type { IntervalCounts } from '../../detector/interval-counts.ts';
import type { Cause } from '../observation.ts';
import { courseOf } from './course.ts';
import { answer, at, clearlyMoved, earlierOf, type Facts, type FeatureFacts, featureOf, metricsOf } from './facts.ts';
import { largestGap, sharesOf } from './shape.ts';

/** Distance (Kolmogorov-Smirnov) from training at which hardly a value is where values were, and up to which most are. */
const AWAY = 0.85;
const THERE = 0.65;
/** Other metrics that may have moved beside it, none of them clearly. */
const OTHERS = 1;
/** Distance that is enough where no other moved and a step describes its course: how much better than a slope, and how well. */
const APART = 0.7;
const BETTER = 0.9;
const STEP_ERROR = 0.25;
const LEAST_RISE = 0.6;

/**
 * One metric has left its values from one interval to the next, and hardly another moved: an offset as that between °C and
 * °F, or an encoding. No load does this to one metric alone, so it is held to be the producer's doing, although no factor
 * shows.
 */
export function leap(facts: Facts): Cause | null {
  const first = facts.moved[0];
  if (first === undefined || facts.before.length === 0 || !facts.seen) return null;
  const others = metricsOf(facts.moved).filter((metric) => metric !== first.metric).length;
  const gap = gapOf(first, first.placeNow);
  if (others > OTHERS || clearlyMoved(facts).some((metric) => metric !== first.metric)) return null;
  const sinceMs = leftSince(facts, first, gap) ?? (others === 0 ? steppedSince(facts, first, gap) : null);
  if (sinceMs === null) return null;
  return answer(
    'unit_change',
    `${first.metric} left ${gap >= AWAY ? 'all the' : 'most of the'} values it had about ${at(sinceMs)} (distance ${gap.toFixed(2)} of 1), at once and alone: a producer changed its scale or its zero.`,
    { gap, metricsElseMoved: others },
    [first.metric],
  );
}

/** Since when hardly a value has been where values were; null where some are, or where it is not known to have begun. */
function leftSince(facts: Facts, first: FeatureFacts, gap: number): number | null {
  if (gap < AWAY || (gapIn(facts.grain, first) ?? gap) < AWAY) return null;
  let sinceMs = facts.now.startMs;
  let mixed = 0;
  let there = false;
  for (const counts of [...earlierOf(facts)].reverse()) {
    const then = gapIn(counts, first);
    if (then === null) continue;
    if (then <= THERE) there = true;
    else if (there) return null;
    else {
      if (then < AWAY) mixed++;
      sinceMs = counts.startMs;
    }
  }
  return there && mixed <= 1 ? sinceMs : null;
}

/** Since when it has been at another level, with values wide enough to overlap those it had; null for no such step. */
function steppedSince(facts: Facts, first: FeatureFacts, gap: number): number | null {
  const intervals = [...earlierOf(facts), facts.now];
  const fit = gap < APART ? null : courseOf([first], intervals);
  if (fit === null || fit.rise < LEAST_RISE || fit.stepError > Math.min(STEP_ERROR, BETTER * fit.slopeError))
    return null;
  return intervals[fit.from + 1]!.startMs;
}

const gapOf = ({ placeBefore }: FeatureFacts, place: Float64Array | null): number =>
  placeBefore === null || place === null ? 0 : largestGap(placeBefore, place);

function gapIn(counts: IntervalCounts | null, feature: FeatureFacts): number | null {
  const then = featureOf(counts, feature.name);
  const place = then === null ? null : sharesOf(binned(then.place));
  return place === null ? null : gapOf(feature, place);
}
