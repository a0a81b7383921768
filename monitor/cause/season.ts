import { binned } from '../../core/stats/histogram.ts';
import type { IntervalCounts } from '../../detector/interval-counts.ts';
import type { Cause } from '../observation.ts';
import { answer, type Facts, featureOf, listed, percent } from './facts.ts';
import { largestGap, sharesOf } from './shape.ts';

/** How near to an earlier interval, against the distance to training, is the same again. */
const AGAIN = 0.5;
const DAY_MS = 86_400_000;
/** How far away an interval between must have been, for it to come and go. */
const AWAY = 0.7;

/** What moved was so a day or a week ago too, and was not in between: it comes and goes. */
export function season(facts: Facts): Cause | null {
  const { before, now, moved, dayAgo, weekAgo } = facts;
  if (moved.length === 0 || !facts.seen) return null;
  const farthest = (fromMs: number) =>
    Math.max(0, ...before.filter((c) => c.startMs > fromMs).map((counts) => distance(facts, counts) ?? 0));
  for (const [name, then] of [
    ['day', dayAgo],
    ['week', weekAgo],
  ] as const) {
    const near = then === null ? null : distance(facts, then);
    if (then === null || near === null || then.startMs >= now.startMs) continue;
    const away = farthest(then.startMs);
    if (near > AGAIN || away < AWAY) continue;
    if (name === 'day' && !asTheDayBefore(facts)) continue;
    return answer(
      'season',
      `${listed(moved.map((f) => f.name))} moved as a ${name} ago and were back in between: ${percent(1 - near)} of the change is the ${name}'s.`,
      { distanceThen: near, distanceBetween: away, intervalsBetween: before.length, moved: moved.length },
      moved.map((f) => f.name),
    );
  }
  return null;
}

/**
 * Whether the intervals of the last day were as those of the day before it. What began in between looks like a day ago as
 * well where values have a daily course of their own, but then the hours on both sides of its beginning differ.
 */
function asTheDayBefore(facts: Facts): boolean {
  const { before, now } = facts;
  const pairs = before.flatMap((counts) => {
    const then = before.find((earlier) => earlier.startMs === counts.startMs - DAY_MS);
    return then === undefined || counts.startMs <= now.startMs - DAY_MS ? [] : [[then, counts] as const];
  });
  const gaps = pairs.map(([then, counts]) => distance(facts, then, counts) ?? 0);
  return gaps.every((gap) => gap <= AGAIN);
}

/** How unlike an interval is another, or now, in what moved, where 1 is as unlike as now is training; null for no data. */
function distance({ moved }: Facts, counts: IntervalCounts, other: IntervalCounts | null = null): number | null {
  let gap = 0;
  let whole = 0;
  for (const feature of moved) {
    const place = placeOf(counts, feature.name);
    if (place === null || feature.placeBefore === null || feature.placeNow === null) continue;
    const against = other === null ? feature.placeNow : placeOf(other, feature.name);
    if (against === null) continue;
    gap += largestGap(place, against);
    whole += largestGap(feature.placeBefore, feature.placeNow);
  }
  return whole === 0 ? null : gap / whole;
}

function placeOf(counts: IntervalCounts, name: string): Float64Array | null {
  const then = featureOf(counts, name);
  return then === null ? null : sharesOf(binned(then.place));
}
