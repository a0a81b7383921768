import { exp2, log2 } from '../../core/math.ts';
import { type IntervalCounts, RATIO_OCTAVES_PER_BIN } from '../../detector/interval-counts.ts';
import type { Cause } from '../observation.ts';
import {
  answer,
  at,
  clearlyMoved,
  earlierOf,
  type Facts,
  type FeatureFacts,
  featureOf,
  listed,
  metricsOf,
  percent,
} from './facts.ts';
import { bestShift, largestGap, moverDistance, quantileSlot, RATIO_PLACES, ratioShares, sharesOf } from './shape.ts';

/** Windows with a ratio below which its histogram says nothing. */
const MIN_RATIOS = 12;
const MIN_GRAIN_RATIOS = 4;
/** Slots (quarter octaves) from which a shift is one, and from which it is more than a usual change of load brings. */
const LEAST_SHIFT = 3;
const LARGE_SHIFT = 8;
/** From here on (64 times) no entity gets by itself, so the rest need not look like the whole. */
const FAR_SHIFT = 24;
/** What may be left of the distance after the shift, as a share of it, and in slots. */
const LEFT = 0.3;
const LEFT_SLOTS = 1.5;
/** The same where many other metrics have moved too. */
const LEFT_STRONG = 0.12;
/** Share of the windows from which a second mode is looked at: a producer that is rolled out by and by. */
const LEAST_PART = 0.12;
/** Share from which it is all of them. */
const WHOLE = 0.9;
/** Slots beyond the usual range from which a value is far out. */
const MARGIN = 3;
/** Share of the second mode that must still be there in the newest grain. */
const STAYS = 0.6;
/** Octaves by which a factor may miss a round one. */
const ROUND_OCTAVES = 0.15;
/** Other metrics that may have moved too, as a share of all, and at least so many: with real data some always have. */
const OTHERS = 0.1;
const OTHERS_LEAST = 2;
/** So many others that moved beyond doubt make a change of the world likelier than one of a producer. */
const OTHERS_MANY = 4;
const OTHERS_MANY_SHARE = 0.12;
/** Slots by which metrics that changed by the same factor may differ. */
const ALIKE = 1.5;

/** Factors between units: of time, size, share, and angle; their inverses too. */
const ROUND = [8, 10, 12, 24, 60, 100, 1000, 1024, 1440, 3600, 60_000, 86_400, 1e6, 1_048_576, 3.6e6, 1e9];

/** A metric whose values are a constant multiple of what they were, in all entities or in a part of them. */
export interface Rescaled {
  feature: FeatureFacts;
  metric: string;
  slots: number;
  /** What is left of the distance after the shift, as a share. */
  left: number;
  part: number;
  /** No interval lay between the two scales. */
  abrupt: boolean;
  sinceMs: number | null;
}

/** Metrics that look rescaled; one answer a metric, that of its feature with the largest shift. */
export function rescaled(facts: Facts): Rescaled[] {
  const found = new Map<string, Rescaled>();
  for (const feature of facts.features) {
    const one = wholeShift(facts, feature) ?? partShift(facts, feature);
    // A small shift within what limits allow is a load of the day.
    if (one === null || (!feature.moved && Math.abs(one.slots) < (one.part < WHOLE ? FAR_SHIFT : LARGE_SHIFT)))
      continue;
    const known = found.get(one.metric);
    if (known === undefined || Math.abs(known.slots) < Math.abs(one.slots)) found.set(one.metric, one);
  }
  return [...found.values()].sort((a, b) => Math.abs(b.slots) * b.part - Math.abs(a.slots) * a.part);
}

const ratioOf = (ratio: Float64Array | undefined, least = MIN_RATIOS): Float64Array | null => {
  if (ratio === undefined) return null;
  let sum = 0;
  for (let i = 0; i < RATIO_PLACES; i++) sum += ratio[i]!;
  return sum < least ? null : ratioShares(ratio);
};

function wholeShift(facts: Facts, feature: FeatureFacts): Rescaled | null {
  const now = ratioOf(feature.now.ratio);
  const trained = ratioOf(feature.reference.ratio);
  if (now === null || trained === null) return null;
  // The same time of day has the same shape, so the nearest of what is known before is what it is held against.
  const day = [facts.dayAgo, facts.weekAgo].map((c) => ratioOf(featureOf(c, feature.name)?.ratio));
  let best: { slots: number; left: number; slotsLeft: number } | null = null;
  for (const before of [trained, ...day]) {
    if (before === null) continue;
    const shift = bestShift(before, now);
    if (Math.abs(shift.slots) < LEAST_SHIFT || moverDistance(trained, now) < LEAST_SHIFT) continue;
    const left = shift.after / shift.before;
    if (best === null || left < best.left) best = { slots: shift.slots, left, slotsLeft: shift.after };
  }
  if (best === null) return null;
  // Beyond the bins there is no shape to keep, and what is 16,000 times as large is no load.
  const outside = now[0]! + now[RATIO_PLACES - 1]! - trained[0]! - trained[RATIO_PLACES - 1]!;
  const rigid = best.left <= LEFT || (best.slotsLeft <= LEFT_SLOTS && Math.abs(best.slots) >= LARGE_SHIFT);
  if (!rigid && outside < 0.8) return null;
  const course = history(facts, feature, trained, best.slots);
  const newest = ratioOf(featureOf(facts.grain, feature.name)?.ratio, MIN_GRAIN_RATIOS);
  if (course === null || (newest !== null && wayTo(trained, newest, best.slots) < 0.5)) return null;
  return { feature, metric: feature.metric, slots: best.slots, left: best.left, part: 1, ...course };
}

/**
 * Whether the intervals before had either the one scale or the other, and since when they have had this one. null when the
 * scale had been so before and gone back: what comes and goes is a season or a load, and no unit.
 */
function history(facts: Facts, feature: FeatureFacts, trained: Float64Array, slots: number) {
  let between = 0;
  let arrived = false;
  let sinceMs: number | null = facts.now.startMs;
  let back = false;
  const earlier = earlierOf(facts);
  for (const counts of [...earlier].reverse()) {
    const then = ratioOf(featureOf(counts, feature.name)?.ratio);
    if (then === null) continue;
    const moved = wayTo(trained, then, slots);
    // Only on the way there: what wavered before it began says nothing of how it came.
    if (moved <= 0.25) arrived = true;
    else if (!arrived && moved < 0.75) between++;
    if (moved < 0.5) back = true;
    else if (back) return null;
    else sinceMs = counts.startMs;
  }
  if (earlier.length > 0 && !back) sinceMs = null;
  return { abrupt: between <= 1, sinceMs };
}

/** How far the middle has come on its way of so many slots. */
const wayTo = (from: Float64Array, to: Float64Array, slots: number): number =>
  (quantileSlot(to, 0.5) - quantileSlot(from, 0.5)) / slots;

/** A second mode far from the first one, with the rest where it was. */
function partShift(facts: Facts, feature: FeatureFacts): Rescaled | null {
  const now = ratioOf(feature.now.ratio);
  const trained = ratioOf(feature.reference.ratio);
  if (now === null || trained === null) return null;
  const low = quantileSlot(trained, 0.01) - MARGIN;
  const high = quantileSlot(trained, 0.99) + MARGIN;
  const far = new Float64Array(RATIO_PLACES);
  const near = new Float64Array(RATIO_PLACES);
  let part = 0;
  for (let i = 0; i < RATIO_PLACES; i++) {
    const outside = i < low || i > high;
    (outside ? far : near)[i] = now[i]!;
    if (outside) part += now[i]! - trained[i]!;
  }
  if (part < LEAST_PART) return null;
  const mode = sharesOf(far)!;
  const slots = quantileSlot(mode, 0.5) - quantileSlot(trained, 0.5);
  const spread = quantileSlot(mode, 0.9) - quantileSlot(mode, 0.1);
  const usualSpread = quantileSlot(trained, 0.95) - quantileSlot(trained, 0.05);
  if (Math.abs(slots) < LEAST_SHIFT || spread > usualSpread + MARGIN) return null;
  const rest = sharesOf(near);
  const shape = bestShift(trained, mode);
  if (
    rest !== null &&
    part < WHOLE &&
    Math.abs(slots) < FAR_SHIFT &&
    moverDistance(trained, rest) > Math.max(3, usualSpread / 2)
  )
    return null;
  const left = shape.after / Math.max(shape.before, 1e-9);
  if (left > 2 * LEFT) return null;
  // A producer that has changed stays so, and had not been so before.
  const farIn = (counts: IntervalCounts | null, least: number): number | null => {
    const then = ratioOf(featureOf(counts, feature.name)?.ratio, least);
    return then === null ? null : then.reduce((sum, x, i) => (i < low || i > high ? sum + x : sum), 0);
  };
  const newest = farIn(facts.grain, MIN_GRAIN_RATIOS);
  if (newest !== null && newest < STAYS * part) return null;
  let sinceMs: number | null = facts.now.startMs;
  let back = false;
  for (const counts of [...earlierOf(facts)].reverse()) {
    const then = farIn(counts, MIN_RATIOS);
    if (then === null) continue;
    if (then < part / 3) back = true;
    else if (back) return null;
    else sinceMs = counts.startMs;
  }
  if (facts.before.length > 0 && !back) sinceMs = null;
  return { feature, metric: feature.metric, slots, left, part, abrupt: true, sinceMs };
}

/** The round factor that it may be, or null. */
function roundFactor(octaves: number): number | null {
  for (const factor of ROUND) if (Math.abs(Math.abs(octaves) - log2(factor)) <= ROUND_OCTAVES) return factor;
  return null;
}

/** A producer sends a metric in another unit: its whole distribution is a multiple of what it was, and others stay. */
export function unitChange(facts: Facts): Cause | null {
  const all = rescaled(facts);
  const first = all[0];
  if (first === undefined) return null;
  const octaves = first.slots * RATIO_OCTAVES_PER_BIN;
  const round = roundFactor(octaves);
  const alike = all.filter((one) => Math.abs(one.slots - first.slots) <= ALIKE);
  const metrics = new Set(facts.features.map((f) => f.metric)).size;
  const names = new Set(alike.map((one) => one.metric));
  const others = new Set(facts.moved.filter((f) => !names.has(f.metric)).map((f) => f.metric)).size;
  // Metrics that move together in the world do so by a small factor each: a small one is a unit's where nothing else moves.
  const small = Math.abs(first.slots) < LARGE_SHIFT;
  const clearOthers = clearlyMoved(facts).filter((metric) => !names.has(metric)).length;
  if (small && clearOthers > 0) return null;
  const few =
    first.part < WHOLE
      ? clearOthers <= Math.max(1, (OTHERS / 2) * metrics)
      : others <= Math.max(OTHERS_LEAST, OTHERS * metrics);
  const strong = first.part === 1 && Math.abs(first.slots) >= LARGE_SHIFT && first.left <= LEFT_STRONG;
  const sure = alike.some((one) => one.abrupt) && ((few && others < 3 * names.size) || (strong && round !== null));
  if (!sure) return null;
  const factor = exp2(octaves);
  const since = first.sinceMs === null ? '' : ` since about ${at(first.sinceMs)}`;
  const where = first.part >= WHOLE ? '' : ` in ${percent(first.part)} of the windows`;
  return answer(
    'unit_change',
    `${listed(metricsOf(alike.map((one) => one.feature)))} ${alike.length === 1 ? 'is' : 'are'} ${times(factor, round)} what ${alike.length === 1 ? 'it was' : 'they were'}${where}${since}, all values alike: a producer changed the unit or the scale.`,
    {
      factor,
      octaves,
      shapeLeft: first.left,
      windowsConcerned: first.part,
      metricsRescaled: alike.length,
      metricsElseMoved: others,
      metrics,
    },
    alike.map((one) => one.metric),
  );
}

function times(factor: number, round: number | null): string {
  const by = factor >= 1 ? factor : 1 / factor;
  const shown = round ?? Number(by.toPrecision(2));
  return factor >= 1 ? `about ${shown} times` : `about 1/${shown} of`;
}

/** How unlike its place of training a feature may be before it is no place of a genuine change any more. */
const FAR_GAP = 0.9;

/** Whether a producer could be behind what moved: where this is so, nothing is called genuine. */
export function mayBeProducer(facts: Facts): Rescaled[] {
  const suspects = rescaled(facts).filter(
    (one) => Math.abs(one.slots) >= LARGE_SHIFT || (one.abrupt && alone(facts, one)),
  );
  const far = suspects.filter(({ feature: { placeBefore, placeNow }, part }) => {
    return placeBefore === null || placeNow === null || largestGap(placeBefore, placeNow) >= FAR_GAP * part;
  });
  return far.length === 0 || amongMany(facts, far) ? [] : far;
}

/**
 * Where many metrics moved that its factor does not explain, one whose values lie near zero may move by a large factor with
 * them, if it is not by a factor between units with its shape kept.
 */
function amongMany(facts: Facts, suspects: readonly Rescaled[]): boolean {
  const clear = clearlyMoved(facts);
  const least = Math.max(OTHERS_MANY, OTHERS_MANY_SHARE * metricsOf(facts.features).length);
  return suspects.every((one) => {
    const alike = new Set(suspects.filter((s) => Math.abs(s.slots - one.slots) <= ALIKE).map((s) => s.metric));
    const others = clear.filter((metric) => !alike.has(metric)).length;
    const unitLike =
      one.part >= WHOLE && one.left <= LEFT_STRONG && roundFactor(one.slots * RATIO_OCTAVES_PER_BIN) !== null;
    return others >= Math.max(least, 2 * alike.size) && !unitLike;
  });
}

const alone = (facts: Facts, one: Rescaled): boolean =>
  metricsOf(facts.moved).filter((m) => m !== one.metric).length < 2;
