import { fail, ok, type Result } from '../core/errors.ts';
import { emptyHistogram, type Histogram, merge } from '../core/stats/histogram.ts';
import type { Counters } from '../ingest/ports.ts';
import {
  type ChallengerCounts,
  type IntervalCounts,
  type LaneCounts,
  MAX_UNKNOWN_FEATURES,
  MIX_BUCKETS,
  PVALUE_BINS,
  RATIO_SLOTS,
} from './interval-counts.ts';
import type { ReferenceProfile } from './reference.ts';

export const PVALUE_EDGES = Float64Array.from({ length: PVALUE_BINS + 1 }, (_, i) => i / PVALUE_BINS);
const SCALARS = ['windows', 'fallback', 'probation', 'gaps', 'newcomers', 'incidentsOpened'] as const;
const LANE = ['windows', 'alerts', 'failed'] as const;
const PAIRS = ['paired', 'both', 'onlyChampion', 'onlyChallenger'] as const;

type Grains = ReadonlyMap<number, readonly [entities: number, alerting: number]>;

export const emptyPoints = (): Counters => ({
  applied: 0,
  late: 0,
  duplicate: 0,
  dead_lettered: 0,
  filtered: 0,
  conflicts: 0,
  events: 0,
});

/** Nothing counted yet. modelId: the champion's, '' for none; reference: its own, null where it has none. */
export function emptyCounts(
  startMs: number,
  endMs: number,
  modelId: string,
  reference: ReferenceProfile | null,
): IntervalCounts {
  return {
    ...{ startMs, endMs, modelId, windows: 0, fallback: 0, probation: 0, gaps: 0, newcomers: 0 },
    ...{ entities: 0, alertingEntities: 0, incidentsOpened: 0, points: emptyPoints() },
    mix: new Float64Array(MIX_BUCKETS),
    alertMix: new Float64Array(MIX_BUCKETS),
    features: (reference?.features ?? []).map(({ name, place }) => ({
      name,
      place: emptyHistogram(place.edges),
      ratio: new Float64Array(RATIO_SLOTS),
    })),
    unknownFeatures: new Map(),
    champion: modelId === '' ? null : emptyLane(modelId, reference),
    challenger: null,
  };
}

export const emptyLane = (modelId: string, reference: ReferenceProfile | null): LaneCounts => ({
  ...{ modelId, windows: 0, alerts: 0, failed: 0 },
  score: reference === null ? null : emptyHistogram(reference.score.edges),
  pValue: emptyHistogram(PVALUE_EDGES),
});

export const emptyChallenger = (modelId: string, reference: ReferenceProfile | null): ChallengerCounts => ({
  ...emptyLane(modelId, reference),
  ...{ share: 0, paired: 0, both: 0, onlyChampion: 0, onlyChallenger: 0 },
});

/** Distinct entities, and those with an alert, by the start of their grain; grains without any are left out. */
export function grainsOf(counts: IntervalCounts): Grains {
  if (counts.entitiesByGrain !== undefined) return counts.entitiesByGrain;
  const { startMs, entities, alertingEntities } = counts;
  return new Map(entities + alertingEntities === 0 ? [] : [[startMs, [entities, alertingEntities]]]);
}

/** The same counts with these grains, of which the largest speak for the whole. */
export function withGrains(counts: IntervalCounts, grains: Grains): IntervalCounts {
  counts.entities = 0;
  counts.alertingEntities = 0;
  for (const [entities, alerting] of grains.values()) {
    if (entities > counts.entities) counts.entities = entities;
    if (alerting > counts.alertingEntities) counts.alertingEntities = alerting;
  }
  if (grains.size === 0 || (grains.size === 1 && grains.has(counts.startMs))) delete counts.entitiesByGrain;
  else counts.entitiesByGrain = grains;
  return counts;
}

/**
 * Adds a part to a whole of the same champion and the same challenger, if both have one: exact, and in any order. The
 * whole then spans both. bins_mismatch for counts of other models or other references, count_invalid for a sum that is no
 * longer exact; then the whole is not to be used.
 */
export function mergeCounts(into: IntervalCounts, part: IntervalCounts): Result<null> {
  const other = differs(into, part);
  if (other !== null) return fail('bins_mismatch', other);
  const grains = addGrains(grainsOf(into), grainsOf(part));
  into.startMs = Math.min(into.startMs, part.startMs);
  into.endMs = Math.max(into.endMs, part.endMs);
  withGrains(into, grains);
  add(into, part, SCALARS);
  add(into.points, part.points, Object.keys(into.points) as (keyof Counters)[]);
  addLists(into.mix, part.mix);
  addLists(into.alertMix, part.alertMix);
  addUnknown(into, part.unknownFeatures);
  const histograms: [Histogram, Histogram][] = [];
  into.features.forEach(({ place, ratio }, f) => {
    histograms.push([place, part.features[f]!.place]);
    addLists(ratio, part.features[f]!.ratio);
  });
  if (part.champion !== null) {
    into.champion ??= blankLane(part.champion);
    histograms.push(...addLane(into.champion, part.champion));
  }
  if (part.challenger !== null) {
    into.challenger ??= {
      ...blankLane(part.challenger),
      ...{ share: 0, paired: 0, both: 0, onlyChampion: 0, onlyChallenger: 0 },
    };
    histograms.push(...addLane(into.challenger, part.challenger));
    add(into.challenger, part.challenger, PAIRS);
    into.challenger.share = Math.max(into.challenger.share, part.challenger.share);
  }
  for (const [whole, more] of histograms) {
    const merged = merge(whole, more);
    if (!merged.ok) return merged;
  }
  return into.windows <= Number.MAX_SAFE_INTEGER ? ok(null) : fail('count_invalid', 'windows are no longer exact');
}

/** What keeps two counts from being merged, or null. */
function differs(a: IntervalCounts, b: IntervalCounts): string | null {
  if (a.modelId !== b.modelId) return `the champions are ${a.modelId} and ${b.modelId}`;
  if (a.features.length !== b.features.length)
    return `there are ${a.features.length} and ${b.features.length} features`;
  for (let f = 0; f < a.features.length; f++)
    if (a.features[f]!.name !== b.features[f]!.name) return `feature ${f} has two names`;
  for (const lane of ['champion', 'challenger'] as const) {
    const [x, y] = [a[lane], b[lane]];
    if (x === null || y === null) continue;
    if (x.modelId !== y.modelId) return `the ${lane}s are ${x.modelId} and ${y.modelId}`;
    if ((x.score === null) !== (y.score === null)) return `one ${lane} has no scores`;
  }
  return null;
}

function addGrains(a: Grains, b: Grains): Grains {
  const sum = new Map(a);
  for (const [startMs, [entities, alerting]] of b) {
    const held = sum.get(startMs);
    sum.set(startMs, [entities + (held?.[0] ?? 0), alerting + (held?.[1] ?? 0)]);
  }
  return sum;
}

const blankLane = ({ modelId, score, pValue }: LaneCounts): LaneCounts => ({
  ...{ modelId, windows: 0, alerts: 0, failed: 0 },
  score: score && emptyHistogram(score.edges),
  pValue: emptyHistogram(pValue.edges),
});

/** Adds the numbers of a lane; its histograms, which can fail, are left to the caller. */
function addLane(into: LaneCounts, part: LaneCounts): [Histogram, Histogram][] {
  add(into, part, LANE);
  const pValues: [Histogram, Histogram] = [into.pValue, part.pValue];
  return into.score === null || part.score === null ? [pValues] : [pValues, [into.score, part.score]];
}

function add<K extends string>(into: Record<K, number>, part: Record<K, number>, keys: readonly K[]): void {
  for (const key of keys) into[key] += part[key];
}

function addLists(into: Float64Array, part: Float64Array): void {
  for (let i = 0; i < into.length; i++) into[i]! += part[i]!;
}

/** Of too many names the first in order are kept: those are the same whatever is merged first. */
function addUnknown(into: IntervalCounts, part: ReadonlyMap<string, number>): void {
  for (const [name, windows] of part) into.unknownFeatures.set(name, (into.unknownFeatures.get(name) ?? 0) + windows);
  into.unknownFeatures = firstNames(into.unknownFeatures);
}

export function firstNames(unknown: Map<string, number>): Map<string, number> {
  return new Map([...unknown].sort(([a], [b]) => (a < b ? -1 : 1)).slice(0, MAX_UNKNOWN_FEATURES));
}
