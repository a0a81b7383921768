import { binned } from '../../core/stats/histogram.ts';
import type { FeatureCounts, IntervalCounts } from '../../detector/interval-counts.ts';
import type { ReferenceFeature, ReferenceProfile } from '../../detector/reference.ts';
import type { ObserveInput } from '../figures/input.ts';
import type { Cause, Observation } from '../observation.ts';
import { meanRank, median, sharesOf } from './shape.ts';

/** Windows below which an interval says nothing of a distribution. */
export const MIN_WINDOWS = 24;
/** Times its limit from which a feature has moved by more than chance and the wandering of telemetry bring. */
const CLEAR = 1.2;
/** Features that an answer names. */
const MAX_NAMED = 10;

export type CauseFigures = Pick<Observation, 'spans' | 'features' | 'quality'>;

/** One feature, as the rules look at it. */
export interface FeatureFacts {
  name: string;
  metric: string;
  reference: ReferenceFeature;
  now: FeatureCounts;
  /** Beyond its limit. */
  moved: boolean;
  /** PSI over its limit, by which moved features are put in order. */
  excess: number;
  /** Values in their entity's place: shares of training and of now; null where there are none. */
  placeBefore: Float64Array | null;
  placeNow: Float64Array | null;
  /** Mean rank among the training values, −½ to ½; 0 is as in training. */
  rank: number;
  missing: number;
}

/** What the rules share, worked out once. */
export interface Facts {
  now: IntervalCounts;
  reference: ReferenceProfile;
  /** Intervals before, oldest first. */
  before: readonly IntervalCounts[];
  dayAgo: IntervalCounts | null;
  weekAgo: IntervalCounts | null;
  grain: IntervalCounts | null;
  features: readonly FeatureFacts[];
  /** Those that moved, the one that did most first. */
  moved: readonly FeatureFacts[];
  /**
   * Whether what moved is more than one feature of many does by chance: enough of them together, or one beyond the limit
   * that it has alone.
   */
  seen: boolean;
  figures: CauseFigures;
  /** Median of a count over the older half of the intervals before and the one a week ago; null when there are none. */
  usual: (of: (counts: IntervalCounts) => number) => number | null;
}

/** null where there is too little data, no model or no reference: then nothing can be told. */
export function factsOf(input: ObserveInput, figures: CauseFigures): Facts | null {
  const { reference, history, dayAgo, weekAgo } = input;
  const now = input.spans.interval;
  if (now === null || reference === null) return null;
  // The older half of what is known: what began a day ago and goes on is not yet what is usual.
  const older = [weekAgo, ...history.slice(0, Math.ceil(history.length / 2))].filter((counts) => counts !== null);
  const earlier = older.length > 0 ? older : [dayAgo].filter((counts) => counts !== null);
  const usual = (of: (counts: IntervalCounts) => number) => median(earlier.map(of));
  const status = new Map(figures.features.map((feature) => [feature.feature, feature]));
  const counted = new Map(now.features.map((feature) => [feature.name, feature]));
  const features: FeatureFacts[] = [];
  for (const one of reference.features) {
    const counts = counted.get(one.name);
    if (counts === undefined) continue;
    const placeBefore = sharesOf(binned(one.place));
    const placeNow = sharesOf(binned(counts.place));
    const figure = status.get(one.name);
    features.push({
      name: one.name,
      metric: one.metric,
      reference: one,
      now: counts,
      moved: figure?.status === 'drift' && placeNow !== null,
      excess: (figure?.psi ?? 0) / Math.max(figure?.psiLimit ?? 1, 1e-9),
      placeBefore,
      placeNow,
      rank: placeBefore === null || placeNow === null ? 0 : meanRank(placeBefore, placeNow),
      missing: missingOf(counts),
    });
  }
  const moved = features.filter((feature) => feature.moved).sort((a, b) => b.excess - a.excess);
  const { drift, psi_feature: alone } = figures.spans.interval;
  const judged = [drift, alone].filter((figure) => figure !== undefined);
  return {
    now,
    reference,
    before: history,
    dayAgo,
    weekAgo,
    grain: input.spans.grain,
    features,
    moved,
    seen: judged.length === 0 || judged.some((figure) => figure.status === 'drift'),
    figures,
    usual,
  };
}

/** Share of windows without a value; 0 for none at all. */
export function missingOf({ place }: FeatureCounts): number {
  let sum = 0;
  for (const n of place.counts) sum += n;
  return sum === 0 ? 0 : place.counts.at(-1)! / sum;
}

export const featureOf = (counts: IntervalCounts | null, name: string): FeatureCounts | null =>
  counts === null ? null : (namesOf(counts.features).get(name) ?? null);

/** Features of an interval by name, remembered for as long as the interval is: each rule asks for them anew. */
const named = new WeakMap<readonly FeatureCounts[], ReadonlyMap<string, FeatureCounts>>();
function namesOf(features: readonly FeatureCounts[]): ReadonlyMap<string, FeatureCounts> {
  let byName = named.get(features);
  if (byName === undefined) {
    byName = new Map(features.map((feature) => [feature.name, feature]));
    named.set(features, byName);
  }
  return byName;
}

/** The intervals before, and the one a week ago, oldest first. */
export const earlierOf = ({ before, weekAgo }: Facts): readonly IntervalCounts[] =>
  weekAgo === null || before.some((counts) => counts.startMs <= weekAgo.startMs) ? before : [weekAgo, ...before];

/** Share of something among the windows, 0 without windows. */
export const shareOf = (part: number, of: number): number => (of === 0 ? 0 : part / of);

export const pointsOf = ({ points }: IntervalCounts): number =>
  points.applied + points.late + points.duplicate + points.dead_lettered;

export const metricsOf = (features: readonly FeatureFacts[]): string[] => [...new Set(features.map((f) => f.metric))];

/** Metrics that moved beyond doubt. */
export const clearlyMoved = ({ moved }: Facts): string[] => metricsOf(moved.filter((f) => f.excess >= CLEAR));

/** An answer; numbers are rounded to six digits, which is what a person reads and two machines agree on. */
export function answer(
  kind: Cause['kind'],
  summary: string,
  evidence: Readonly<Record<string, number>>,
  features: readonly string[] = [],
): Cause {
  const rounded: Record<string, number> = {};
  for (const [name, value] of Object.entries(evidence))
    if (Number.isFinite(value)) rounded[name] = Number(value.toPrecision(6));
  return { kind, summary, evidence: rounded, features: [...new Set(features)].slice(0, MAX_NAMED) };
}

/** Event time for a person, to the minute. */
export const at = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

export const percent = (share: number): string => `${Math.round(share * 100)} %`;

/** `a`, `a and b`, `a, b and 3 more`. */
export function listed(names: readonly string[]): string {
  if (names.length <= 1) return names[0] ?? 'nothing';
  if (names.length === 2) return `${names[0]} and ${names[1]}`;
  return `${names[0]}, ${names[1]} and ${names.length - 2} more`;
}
