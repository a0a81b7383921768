import { binned } from '../../core/stats/histogram.ts';
import type { IntervalCounts } from '../../detector/interval-counts.ts';
import type { Cause } from '../observation.ts';
import { answer, at, earlierOf, type Facts, type FeatureFacts, featureOf, metricsOf, percent } from './facts.ts';
import { largestGap, sharesOf } from './shape.ts';

/** Distance (Kolmogorov-Smirnov) from training at which hardly a value is where values were, and up to which most are. */
const AWAY = 0.85;
const THERE = 0.65;
/** Other metrics that may have moved beside it. */
const OTHERS = 1;

/**
 * One metric has left all its values, in all entities, from one interval to the next, and hardly another moved: an offset
 * as that between °C and °F, or an encoding. No load does this to one metric alone, so it is held to be the producer's
 * doing, although no factor shows.
 */
export function leap(facts: Facts): Cause | null {
  const first = facts.moved[0];
  if (first === undefined || facts.before.length === 0) return null;
  const others = metricsOf(facts.moved).filter((metric) => metric !== first.metric).length;
  const gap = gapOf(first, first.placeNow);
  if (others > OTHERS || gap < AWAY || (gapIn(facts.grain, first) ?? gap) < AWAY) return null;
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
  if (!there || mixed > 1) return null;
  return answer(
    'unit_change',
    `${first.metric} left all the values it had about ${at(sinceMs)}, in all entities (${percent(gap)} of the windows) and alone: a producer changed its scale or its zero.`,
    { gap, metricsElseMoved: others },
    [first.metric],
  );
}

const gapOf = ({ placeBefore }: FeatureFacts, place: Float64Array | null): number =>
  placeBefore === null || place === null ? 0 : largestGap(placeBefore, place);

function gapIn(counts: IntervalCounts | null, feature: FeatureFacts): number | null {
  const then = featureOf(counts, feature.name);
  const place = then === null ? null : sharesOf(binned(then.place));
  return place === null ? null : gapOf(feature, place);
}
