import { policyConfig } from '../../../core/config/policy.ts';
import type { StreamConfig } from '../../../core/config/stream.ts';
import { orThrow } from '../../../core/errors.ts';
import { binned, count, countAll, emptyHistogram, missingShare } from '../../../core/stats/histogram.ts';
import { ksBinned } from '../../../core/stats/ks-binned.ts';
import { psi } from '../../../core/stats/psi.ts';
import { referenceBins } from '../../../core/stats/reference-bins.ts';
import { type IntervalCounts, mixBucket, RATIO_SLOTS, ratioSlot } from '../../../detector/interval-counts.ts';
import { emptyCounts, mergeCounts } from '../../../detector/interval-merge.ts';
import type { TrainingRow } from '../../../detector/ports.ts';
import type { ReferenceFeature, ReferenceProfile } from '../../../detector/reference.ts';
import { parseFeatureName } from '../../../ingest/feature-name.ts';
import type { Counters, Outputs } from '../../../ingest/ports.ts';
import type { CauseFigures } from '../../../monitor/cause/facts.ts';
import type { ObserveInput } from '../../../monitor/figures/input.ts';
import type { FeatureFigures } from '../../../monitor/observation.ts';

const MAD_TO_SD = 1.4826;
const BINS = 20;

/** A reference and what it is counted by: median, then scale, of each feature of each entity. */
export interface Measures {
  reference: ReferenceProfile;
  scales: ReadonlyMap<string, Float64Array>;
  psiLimit: Float64Array;
  ksLimit: Float64Array;
}

/** From the rows of training, with limits that their own intervals keep to. */
export function measuresOf(rows: readonly TrainingRow[], intervalMs: number): Measures {
  const names = [...new Set(rows.flatMap((row) => row.features))].sort();
  const byEntity = groupBy(rows, (row) => row.entity);
  const scales = new Map<string, Float64Array>();
  for (const [entity, of] of byEntity) scales.set(entity, scalesOf(of, names));
  const features = names.map((name, f): ReferenceFeature => {
    const places = rows.map((row) => placeOf(scales.get(row.entity)!, f, readingOf(row, name)));
    const place = emptyHistogram(orThrow(referenceBins(places, BINS)).edges);
    countAll(place, places);
    const ratio = new Float64Array(RATIO_SLOTS);
    for (const row of rows) ratio[ratioSlot(readingOf(row, name), scales.get(row.entity)![2 * f]!)]!++;
    return { name, metric: parseFeatureName(name).metric, place, ratio, missing: missingShare(place) };
  });
  const mix = new Float64Array(64);
  for (const row of rows) mix[mixBucket(row.entity)]!++;
  const starts = rows.map((row) => row.windowStartMs);
  const from = starts.reduce((a, b) => Math.min(a, b));
  const spanMs = starts.reduce((a, b) => Math.max(a, b)) - from;
  const reference: ReferenceProfile = {
    ...{ bins: BINS, features, top: Int32Array.from({ length: Math.min(10, names.length) }, (_, i) => i) },
    score: emptyHistogram(Float64Array.of(0, 1)),
    ...{ mix, windows: rows.length, entities: scales.size, spanMs, alertRate: 0.001, limits: null, scales: null },
  };
  const psiLimit = new Float64Array(names.length);
  const ksLimit = new Float64Array(names.length);
  for (const block of groupBy(rows, (row) => Math.floor(row.windowStartMs / intervalMs)).values()) {
    features.forEach((feature, f) => {
      const own = emptyHistogram(feature.place.edges);
      for (const row of block) count(own, placeOf(scales.get(row.entity)!, f, readingOf(row, feature.name)));
      const distance = psi(binned(feature.place), binned(own));
      const gap = ksBinned(binned(feature.place), binned(own));
      if (distance.ok) psiLimit[f] = Math.max(psiLimit[f]!, distance.value);
      if (gap.ok) ksLimit[f] = Math.max(ksLimit[f]!, Math.min(0.98, gap.value.statistic));
    });
  }
  return { reference, scales, psiLimit, ksLimit };
}

function groupBy<T, K>(all: readonly T[], keyOf: (one: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const one of all) {
    const group = groups.get(keyOf(one));
    if (group === undefined) groups.set(keyOf(one), [one]);
    else group.push(one);
  }
  return groups;
}

const readingOf = (row: { features: readonly string[]; values: ArrayLike<number> }, name: string): number => {
  const at = row.features.indexOf(name);
  return at < 0 ? Number.NaN : row.values[at]!;
};

const placeOf = (scales: Float64Array, f: number, value: number): number =>
  (value - scales[2 * f]!) / scales[2 * f + 1]!;

function scalesOf(rows: readonly TrainingRow[], names: readonly string[]): Float64Array {
  const out = new Float64Array(2 * names.length);
  names.forEach((name, f) => {
    const sorted = Float64Array.from(rows, (row) => readingOf(row, name))
      .filter((x) => !Number.isNaN(x))
      .sort();
    const middle = sorted[sorted.length >> 1] ?? 0;
    const mad = sorted.map((x) => Math.abs(x - middle)).sort()[sorted.length >> 1] ?? 0;
    const mean = sorted.reduce((a, b) => a + b, 0) / Math.max(1, sorted.length);
    const sd = Math.sqrt(sorted.reduce((sum, x) => sum + (x - mean) ** 2, 0) / Math.max(1, sorted.length));
    out[2 * f] = middle;
    out[2 * f + 1] = mad > 0 ? mad * MAD_TO_SD : sd > 0 ? sd : 1;
  });
  return out;
}

/** Counts what a fold puts out, grain by grain. */
export class Counted {
  readonly #measures: Measures;
  readonly #intervalMs: number;
  readonly #grainMs: number;
  readonly #grains = new Map<number, IntervalCounts>();
  readonly #entities = new Map<number, { all: Set<string>; alerting: Set<string> }>();
  readonly #incidents = new Set<string>();

  constructor(measures: Measures, intervalMs: number, grainMs: number) {
    this.#measures = measures;
    this.#intervalMs = intervalMs;
    this.#grainMs = grainMs;
  }

  take(out: Outputs): void {
    const { reference, scales } = this.#measures;
    for (const { entity, windowStartMs, readings, severity, probation, source } of out.verdicts) {
      const grain = this.#grain(windowStartMs);
      const seen = this.#entities.get(grain.startMs)!;
      seen.all.add(entity);
      grain.windows++;
      grain.mix[mixBucket(entity)]!++;
      if (probation) grain.probation++;
      if (source === 'fallback') grain.fallback++;
      if (source === 'forest' && !probation) {
        grain.champion!.windows++;
        if (severity > 1) {
          grain.champion!.alerts++;
          grain.alertMix[mixBucket(entity)]!++;
          seen.alerting.add(entity);
        }
      }
      const own = scales.get(entity);
      if (own === undefined) grain.newcomers++;
      else {
        reference.features.forEach(({ name }, f) => {
          const value = readingOf(readings, name);
          count(grain.features[f]!.place, placeOf(own, f, value));
          grain.features[f]!.ratio[ratioSlot(value, own[2 * f]!)]!++;
        });
      }
      readings.features.forEach((name, i) => {
        if (reference.features.some((feature) => feature.name === name) || Number.isNaN(readings.values[i])) return;
        grain.unknownFeatures.set(name, (grain.unknownFeatures.get(name) ?? 0) + 1);
      });
      grain.entities = seen.all.size;
      grain.alertingEntities = seen.alerting.size;
    }
    for (const { id, startMs } of out.incidents) {
      if (!this.#incidents.has(id)) this.#grain(startMs).incidentsOpened++;
      this.#incidents.add(id);
    }
  }

  read(grainMs: number, before: Readonly<Counters>, after: Readonly<Counters>): void {
    const { points } = this.#grain(grainMs);
    for (const key of Object.keys(points) as (keyof Counters)[]) points[key] += after[key] - before[key];
  }

  input(stream: StreamConfig, atMs: number, history: number): ObserveInput {
    const whole = (endMs: number) => this.#merged(endMs - this.#intervalMs, endMs);
    const { reference } = this.#measures;
    return {
      ...{ stream, policy: policyConfig.parse({}), atMs, modelId: 'm', reference },
      spans: {
        grain: this.#merged(atMs - this.#grainMs, atMs),
        interval: whole(atMs),
        day: this.#merged(atMs - 86_400_000, atMs),
        week: null,
      },
      history: Array.from({ length: history }, (_, i) => whole(atMs - (history - i) * this.#intervalMs)).filter(
        (counts) => counts !== null,
      ),
      dayAgo: whole(atMs - 86_400_000),
      weekAgo: whole(atMs - 7 * 86_400_000),
      ...{ labels: [], latencyP99Ms: null, quality: null, trainedMs: null, newestMs: atMs },
    };
  }

  #grain(timeMs: number): IntervalCounts {
    const startMs = Math.floor(timeMs / this.#grainMs) * this.#grainMs;
    let grain = this.#grains.get(startMs);
    if (grain === undefined) {
      grain = emptyCounts(startMs, startMs + this.#grainMs, 'm', this.#measures.reference);
      this.#grains.set(startMs, grain);
      this.#entities.set(startMs, { all: new Set(), alerting: new Set() });
    }
    return grain;
  }

  #merged(fromMs: number, toMs: number): IntervalCounts | null {
    const parts = [...this.#grains.values()].filter((g) => g.startMs >= fromMs && g.endMs <= toMs);
    if (parts.length === 0) return null;
    const whole = emptyCounts(fromMs, toMs, 'm', this.#measures.reference);
    for (const part of parts) orThrow(mergeCounts(whole, part));
    return whole;
  }
}

/** The figures that a classifier looks at: each feature against its limits. */
export function figuresOf({ spans, reference }: ObserveInput, { psiLimit, ksLimit }: Measures): CauseFigures {
  const features = (reference?.features ?? []).map((feature, f): FeatureFigures => {
    const place = spans.interval!.features[f]!.place;
    const distance = psi(binned(feature.place), binned(place));
    const gap = ksBinned(binned(feature.place), binned(place));
    const known = distance.ok && gap.ok;
    const moved = known && (distance.value > psiLimit[f]! || gap.value.statistic > ksLimit[f]!);
    return {
      feature: feature.name,
      psi: distance.ok ? distance.value : null,
      ks: gap.ok ? gap.value.statistic : null,
      missing: missingShare(place),
      missingInTraining: feature.missing,
      psiLimit: psiLimit[f]!,
      ksLimit: ksLimit[f]!,
      status: !known ? 'unknown' : moved ? 'drift' : 'ok',
    };
  });
  return { spans: { grain: {}, interval: {}, day: {}, week: {} }, features, quality: null };
}
