import type { StreamConfig } from '../core/config/stream.ts';
import { orThrow } from '../core/errors.ts';
import { isEventCount } from '../core/log-level.ts';
import { count, countAll, emptyHistogram, type Histogram } from '../core/stats/histogram.ts';
import { referenceBins } from '../core/stats/reference-bins.ts';
import { carriedLimits, driftLimits } from './drift-limits.ts';
import { MIX_BUCKETS, mixBucket, RATIO_SLOTS, ratioSlot } from './interval-counts.ts';
import type { FormerLimits, ReferenceProfile } from './reference.ts';
import type { TimedSeries } from './train.ts';

/** Values of a feature that its bins are laid by: more change no edge that matters. */
const VALUES_FOR_BINS = 20_000;
/** Values that are counted at most, over all features: beyond, only each n-th window. */
const VALUES_COUNTED = 4_000_000;
export const TOP_FEATURES = 10;

export interface ReferenceInput {
  series: ReadonlyMap<string, TimedSeries>;
  /** Median and scale of each feature of `names` for an entity; see entityScales. */
  scalesOf: (entity: string, names: readonly string[]) => Float32Array | null;
  /** Combined scores of windows that the forest never saw. */
  scores: Float64Array;
  /** How much each feature leads the evidence; any unit. */
  weights: ReadonlyMap<string, number>;
  /** Kept in the reference, for models without profiles. */
  keepScales: boolean;
  /** Limits of the model before, for when the rows are too few to measure any; null for a first model. */
  former: FormerLimits | null;
  config: StreamConfig;
}

/** Bytes that scales of entities may take in the artifact; entities beyond it count as newcomers. */
const SCALES_BYTES = 4e6;
const utf8 = new TextEncoder();

/**
 * How the rows of a training are distributed: each value by its place in its own entity's distribution, so that entities
 * of different sizes can be counted together and a change of their mix does not look like one of their values.
 */
export function fitReference(input: ReferenceInput): ReferenceProfile {
  const { series, config, scores, weights } = input;
  const { bins } = config.profile;
  const all = featuresOf(series);
  const names = all.map(({ name }) => name);
  const scales = new Map<string, Float32Array>();
  for (const entity of series.keys()) {
    const of = input.scalesOf(entity, names);
    if (of !== null) scales.set(entity, of);
  }
  let windows = 0;
  for (const one of series.values()) windows += one.rows;
  const stride = Math.max(1, Math.ceil((windows * names.length) / VALUES_COUNTED));

  const features = all.map(({ name, metric }, f) => {
    const sample = sampleOf(series, scales, name, f);
    const edges = sample.length === 0 ? Float64Array.of(0, 0) : orThrow(referenceBins(sample, bins)).edges;
    return { name, metric, place: emptyHistogram(edges), ratio: new Float64Array(RATIO_SLOTS), missing: 0 };
  });
  const mix = new Float64Array(MIX_BUCKETS);
  for (const [entity, one] of series) {
    mix[mixBucket(entity)]! += one.rows;
    const of = scales.get(entity);
    if (of !== undefined) countRows(one, of, features, names, stride);
  }
  for (const feature of features) {
    const { counts } = feature.place;
    const total = counts.reduce((sum, n) => sum + n, 0);
    // nothing was counted of a feature that never had a value: it is not missing only since
    feature.missing = total === 0 ? 1 : counts.at(-1)! / total;
  }
  const reference: ReferenceProfile = {
    bins,
    features,
    top: topOf(names, weights),
    score: scoreHistogram(scores, bins),
    mix,
    windows,
    entities: series.size,
    spanMs: spanOf(series, config.window.hopMs),
    alertRate: config.detector.alertRate,
    limits: null,
    scales: input.keepScales ? within(scales, SCALES_BYTES) : null,
  };
  const { former } = input;
  reference.limits = driftLimits(series, scales, reference, config) ?? (former && carriedLimits(former, names));
  return reference;
}

function featuresOf(series: ReadonlyMap<string, TimedSeries>): { name: string; metric: string }[] {
  const metrics = new Map<string, string>();
  for (const { features, metrics: of } of series.values())
    for (let c = 0; c < features.length; c++) if (!isEventCount(of[c]!)) metrics.set(features[c]!, of[c]!);
  return [...metrics].map(([name, metric]) => ({ name, metric })).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Places of a feature over all entities, evenly chosen. */
function sampleOf(
  series: ReadonlyMap<string, TimedSeries>,
  scales: ReadonlyMap<string, Float32Array>,
  name: string,
  f: number,
): number[] {
  let rows = 0;
  for (const one of series.values()) rows += one.rows;
  const stride = Math.max(1, Math.ceil(rows / VALUES_FOR_BINS));
  const sample: number[] = [];
  let seen = 0;
  for (const [entity, one] of series) {
    const c = one.features.indexOf(name);
    const of = scales.get(entity);
    if (c < 0 || of === undefined) continue;
    for (let i = 0; i < one.rows; i++) {
      if (seen++ % stride !== 0) continue;
      const place = (one.values[i * one.features.length + c]! - of[2 * f]!) / of[2 * f + 1]!;
      if (Number.isFinite(place)) sample.push(place);
    }
  }
  return sample;
}

/** Counts each stride-th row of an entity into the features that it has. */
export function countRows(
  { features: own, values, rows }: TimedSeries,
  scales: Float32Array,
  features: readonly { place: Histogram; ratio: Float64Array }[],
  names: readonly string[],
  stride = 1,
  from = 0,
  to = rows,
): void {
  const at = names.map((name) => own.indexOf(name));
  for (let i = from; i < to; i += stride) {
    for (let f = 0; f < names.length; f++) {
      const median = scales[2 * f]!;
      if (Number.isNaN(median)) continue;
      const value = at[f]! < 0 ? Number.NaN : values[i * own.length + at[f]!]!;
      const { place, ratio } = features[f]!;
      count(place, (value - median) / scales[2 * f + 1]!);
      ratio[ratioSlot(value, median)]!++;
    }
  }
}

function topOf(names: readonly string[], weights: ReadonlyMap<string, number>): Int32Array {
  const order = names.map((name, f) => ({ f, weight: weights.get(name) ?? 0 }));
  order.sort((a, b) => b.weight - a.weight || a.f - b.f);
  return Int32Array.from(order.slice(0, TOP_FEATURES), ({ f }) => f);
}

function scoreHistogram(scores: Float64Array, bins: number): Histogram {
  const edges = scores.length === 0 ? Float64Array.of(0, 0) : orThrow(referenceBins(scores, bins)).edges;
  const histogram = emptyHistogram(edges);
  countAll(histogram, scores);
  return histogram;
}

function spanOf(series: ReadonlyMap<string, TimedSeries>, hopMs: number): number {
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (const { startsMs } of series.values()) {
    if (startsMs.length === 0) continue;
    first = Math.min(first, startsMs[0]!);
    last = Math.max(last, startsMs.at(-1)!);
  }
  return last >= first ? last - first + hopMs : 0;
}

function within(scales: ReadonlyMap<string, Float32Array>, bytes: number): Map<string, Float32Array> {
  const kept = new Map<string, Float32Array>();
  let taken = 0;
  for (const entity of [...scales.keys()].sort()) {
    const of = scales.get(entity)!;
    taken += of.byteLength + utf8.encode(entity).length + 8;
    if (taken <= bytes) kept.set(entity, of);
  }
  return kept;
}
