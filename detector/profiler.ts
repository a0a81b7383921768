import { type ByteReader, type ByteWriter, CorruptBytes } from '../core/bytes.ts';
import type { StreamConfig } from '../core/config/stream.ts';
import { isEventCount } from '../core/log-level.ts';
import { count } from '../core/stats/histogram.ts';
import type { FeatureSchema } from '../ingest/features.ts';
import type { Counters, Outputs } from '../ingest/ports.ts';
import type { Assessment } from './assessment.ts';
import { pValueOf } from './calibration.ts';
import type { EntityState, Serving } from './entity-state.ts';
import { decodeCounts, emptyCounts, encodeCounts } from './interval-codec.ts';
import { type IntervalCounts, type LaneCounts, MAX_UNKNOWN_FEATURES, ratioSlot } from './interval-counts.ts';
import { emptyChallenger, emptyPoints, firstNames } from './interval-merge.ts';
import type { WindowJudge } from './window-judge.ts';

/** Where the features of a schema are in a reference. */
interface Mapping {
  /** Of each feature of the reference: its place in the schema, −1 for none. */
  at: Int32Array;
  /** Features of the schema that the reference lacks, the first ones by name. */
  unknown: Int32Array;
}

const POINTS = Object.keys(emptyPoints()) as (keyof Counters)[];

/**
 * Counts the windows of a partition into the profile of their grain of event time; a window belongs to the grain in which
 * it starts. Windows close in the order of their starts, so one grain is open at a time: it has ended when a later window
 * comes, or when the watermark has passed its end by the size of a window. Points are counted to the grain that is open
 * when they are read, or to the next one. Only `save` knows of bytes: what is open costs a window no allocation.
 */
export class Profiler {
  readonly #config: StreamConfig;
  #counts: IntervalCounts | null = null;
  /** Control entry after which the open profile began. */
  #sequence = 0;
  /** Number of the open profile, by which an entity knows whether it was counted. */
  #number = 0;
  /** Counters of the fold up to which points have been counted. */
  #settled: Counters = emptyPoints();
  #mappings = new WeakMap<FeatureSchema, Mapping>();

  constructor(config: StreamConfig) {
    this.#config = config;
  }

  get open(): boolean {
    return this.#counts !== null;
  }

  /** The grain that the next window belongs to: ends the one before it, and begins it if it is new. */
  enter(
    startMs: number,
    serving: Serving,
    sequence: number,
    counters: Counters,
    out: Outputs,
    partition: number,
  ): void {
    if (this.#counts !== null && startMs < this.#counts.endMs) return;
    this.end(counters, out, partition);
    const { grainMs } = this.#config.profile;
    const grainStartMs = Math.floor(startMs / grainMs) * grainMs;
    const { champion, challenger } = serving;
    this.#counts = emptyCounts(grainStartMs, grainStartMs + grainMs, champion.modelId, champion.reference);
    if (challenger !== null) this.#counts.challenger = emptyChallenger(challenger.modelId, challenger.reference);
    this.#sequence = sequence;
    this.#number++;
  }

  /** Ends the open profile if time has passed it. */
  passed(watermarkMs: number, counters: Counters, out: Outputs, partition: number): void {
    if (this.#counts !== null && watermarkMs >= this.#counts.endMs + this.#config.window.sizeMs)
      this.end(counters, out, partition);
  }

  /** Ends the open profile, if there is one. */
  end(counters: Counters, out: Outputs, partition: number): void {
    const counts = this.#counts;
    if (counts === null) return;
    for (const key of POINTS) {
      counts.points[key] += counters[key] - this.#settled[key];
      this.#settled[key] = counters[key];
    }
    const { startMs, endMs, modelId } = counts;
    const bytes = encodeCounts(counts);
    const sequence = this.#sequence;
    out.profiles.push({ stream: this.#config.name, partition, startMs, endMs, sequence, modelId, bytes });
    this.#counts = null;
  }

  /** Another champion or challenger: other bins. */
  modelsChanged(): void {
    this.#mappings = new WeakMap();
  }

  /** An incident was opened in the grain that is open. */
  incident(): void {
    if (this.#counts !== null) this.#counts.incidentsOpened++;
  }

  /** Counts a window of the grain that was entered. judge: null for one that nobody judged. */
  window(entity: EntityState, values: Float64Array, serving: Serving, judge: WindowJudge | null): void {
    const counts = this.#counts!;
    counts.windows++;
    counts.mix[entity.mixBucket]!++;
    if (entity.countedIn !== this.#number) {
      entity.countedIn = this.#number;
      counts.entities++;
    }
    this.#features(counts, entity, values, serving);
    if (judge === null) return;
    const { champion, challenger, served } = judge;
    if (champion.source === 'fallback') counts.fallback++;
    if (champion.probation) counts.probation++;
    if (champion.gap) counts.gaps++;
    if (served.severity > 1) {
      counts.alertMix[entity.mixBucket]!++;
      if (entity.alertedIn !== this.#number) {
        entity.alertedIn = this.#number;
        counts.alertingEntities++;
      }
    }
    const first = counts.champion !== null && inLane(counts.champion, champion);
    const pair = counts.challenger;
    if (pair === null || challenger === null) return;
    pair.share = serving.share;
    if (!inLane(pair, challenger) || !first) return;
    pair.paired++;
    if (champion.severity > 1) {
      if (challenger.severity > 1) pair.both++;
      else pair.onlyChampion++;
    } else if (challenger.severity > 1) pair.onlyChallenger++;
  }

  #features(counts: IntervalCounts, entity: EntityState, values: Float64Array, { champion }: Serving): void {
    const { model, reference } = champion;
    if (model === null) return;
    if (entity.scales === undefined) entity.scales = champion.scalesOf(entity.name);
    const scales: Float32Array | null = entity.scales;
    if (scales === null && !model.entities.has(entity.name)) counts.newcomers++;
    if (reference === null) return;
    const { features } = counts;
    const { at, unknown } = this.#mapping(entity.schema, counts);
    if (scales !== null) {
      for (let f = 0; f < at.length; f++) {
        const median = scales[2 * f]!;
        // What the entity did not have in training has no place among its own values.
        if (Number.isNaN(median)) continue;
        const column = at[f]!;
        const value = column < 0 ? Number.NaN : values[column]!;
        const { place, ratio } = features[f]!;
        count(place, (value - median) / scales[2 * f + 1]!);
        ratio[ratioSlot(value, median)]!++;
      }
    }
    for (let i = 0; i < unknown.length; i++)
      if (Number.isFinite(values[unknown[i]!]!)) this.#unknown(counts, entity.schema.names[unknown[i]!]!);
  }

  #unknown(counts: IntervalCounts, name: string): void {
    const windows = counts.unknownFeatures.get(name);
    counts.unknownFeatures.set(name, (windows ?? 0) + 1);
    if (windows === undefined) counts.unknownFeatures = firstNames(counts.unknownFeatures);
  }

  #mapping(schema: FeatureSchema, { features }: IntervalCounts): Mapping {
    let mapping = this.#mappings.get(schema);
    if (mapping === undefined) {
      const places = new Map(schema.names.map((name, i) => [name, i]));
      const known = new Set(features.map(({ name }) => name));
      mapping = {
        at: Int32Array.from(features, ({ name }) => places.get(name) ?? -1),
        unknown: Int32Array.from(
          schema.names
            .filter((name) => !known.has(name) && !isEventCount(name))
            .sort()
            .slice(0, MAX_UNKNOWN_FEATURES),
          (name) => places.get(name)!,
        ),
      };
      this.#mappings.set(schema, mapping);
    }
    return mapping;
  }

  save(writer: ByteWriter): void {
    writer.u32(this.#number);
    for (const key of POINTS) writer.f64(this.#settled[key]);
    const bytes = this.#counts === null ? new Uint8Array(0) : encodeCounts(this.#counts);
    writer.u32(this.#sequence);
    writer.u32(bytes.length);
    writer.raw(bytes);
  }

  load(reader: ByteReader, { champion, challenger }: Serving): void {
    this.#number = reader.u32('number of the open profile');
    for (const key of POINTS) this.#settled[key] = reader.f64(`settled ${key}`);
    this.#sequence = reader.u32('sequence of the open profile');
    const bytes = reader.raw(reader.count('bytes of the open profile', 1), 'open profile');
    if (bytes.length === 0) return;
    const counts = decodeCounts(bytes, champion.reference, challenger?.reference ?? null);
    if (!counts.ok) throw new CorruptBytes(counts.fault.detail, reader.at);
    const of = counts.value;
    if (of.modelId !== champion.modelId || (of.challenger?.modelId ?? '') !== (challenger?.modelId ?? ''))
      throw new CorruptBytes('the open profile is of other models', reader.at);
    this.#counts = of;
  }
}

/** Counts what a forest made of a window into its lane; false for a window that the forest did not judge, or that it judged cold. */
function inLane(lane: LaneCounts, { source, failed, probation, warm, score, decades, severity }: Assessment): boolean {
  if (failed) lane.failed++;
  if (source !== 'forest' || probation || !warm) return false;
  lane.windows++;
  if (severity > 1) lane.alerts++;
  if (lane.score !== null) count(lane.score, score);
  count(lane.pValue, pValueOf(decades));
  return true;
}
