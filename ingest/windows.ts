import type { ByteReader, ByteWriter } from '../core/bytes.ts';
import { CorruptBytes } from '../core/bytes.ts';
import type { StreamConfig } from '../core/config/stream.ts';
import type { ErrorCode } from '../core/errors.ts';
import { LOG_METRICS } from '../core/log-level.ts';
import type { Sample } from '../core/types.ts';
import { EntityWindows, type SampleRules, type Tally } from './entity-windows.ts';
import { metricFilter } from './metric-filter.ts';
import { MetricSets } from './metric-set.ts';
import { STATS } from './pane.ts';

/** A window whose end the watermark has passed. stats is metrics × STATS in slot order, reused between calls. */
export type WindowListener = (entity: EntityWindows, startMs: number, endMs: number, stats: Float64Array) => void;

/** What became of the points of one sample. `refused` are dead letters: index of the point and why. */
export interface SampleOutcome extends Tally {
  late: number;
  refused: { point: number; code: ErrorCode }[];
}

/**
 * Event-time windows of all entities of a partition. Tumbling and sliding windows are made of panes of one hop, so a
 * point is stored once whatever the window's length. A window closes when the watermark reaches its end; windows that
 * end together close in the order of their entities' names, which makes the output independent of arrival order.
 */
export class Windows {
  readonly entities = new Map<string, EntityWindows>();
  watermarkMs = Number.NEGATIVE_INFINITY;
  readonly #config: StreamConfig;
  readonly #rules: SampleRules;
  /** By index in LOG_LEVELS: whether the stream watches the count of that level. */
  readonly #countedLevels: readonly boolean[];
  /** Entities with a window to close when the watermark reaches pane start + hop; one may be there twice. */
  readonly #due = new Map<number, EntityWindows[]>();
  /** Entities in the order of their names; those that have come since are not yet among them. */
  #ranked: EntityWindows[] = [];
  #unranked: EntityWindows[] = [];
  #earliestDueMs = Number.POSITIVE_INFINITY;
  #stats = new Float64Array(STATS * 16);
  readonly outcome: SampleOutcome = { applied: 0, duplicate: 0, conflicts: 0, filtered: 0, late: 0, refused: [] };
  readonly #refuse = (point: number, code: ErrorCode) => this.outcome.refused.push({ point, code });

  constructor(config: StreamConfig) {
    this.#config = config;
    this.#rules = {
      sets: new MetricSets(),
      watched: metricFilter(config.metrics.include, config.metrics.exclude),
      metricLimit: config.limits.metricsPerEntity,
      pointLimit: config.limits.pointsPerWindow,
    };
    this.#countedLevels = LOG_METRICS.map((name) => this.#rules.watched(name));
  }

  get open(): boolean {
    return this.#due.size > 0;
  }

  /** Files a sample that is not from the future. The outcome object is reused: read it before the next call. */
  add(sample: Sample): SampleOutcome {
    const { outcome } = this;
    outcome.applied = outcome.duplicate = outcome.conflicts = outcome.filtered = outcome.late = 0;
    if (outcome.refused.length > 0) outcome.refused = [];
    const { hopMs, sizeMs } = this.#config.window;
    const startMs = Math.floor(sample.timeMs / hopMs) * hopMs;
    if (startMs + sizeMs <= this.watermarkMs) {
      for (const name of sample.names) {
        if (this.#rules.watched(name)) outcome.late++;
        else outcome.filtered++;
      }
      return outcome;
    }
    const entity = this.entities.get(sample.entity) ?? this.#newcomer(sample.entity);
    if (entity === null) {
      for (let i = 0; i < sample.names.length; i++) this.#refuse(i, 'entity_limit');
      return outcome;
    }
    const opened = entity.panes.length;
    entity.add(startMs, sample.timeMs, sample.names, sample.values, this.#rules, outcome, this.#refuse);
    if (entity.panes.length !== opened) this.#schedule(entity, startMs);
    return outcome;
  }

  /** Counts a log event that is not from the future into the open windows of its entity. level: index in LOG_LEVELS. */
  addEvent(name: string, timeMs: number, level: number): void {
    const { hopMs, sizeMs } = this.#config.window;
    const startMs = Math.floor(timeMs / hopMs) * hopMs;
    if (startMs + sizeMs <= this.watermarkMs || !this.#countedLevels[level]) return;
    const entity = this.entities.get(name) ?? this.#newcomer(name);
    if (entity === null) return;
    const opened = entity.panes.length;
    entity.addEvent(startMs, level, this.#rules);
    if (entity.panes.length !== opened) this.#schedule(entity, startMs);
  }

  /** null when the partition holds as many entities as it may. */
  #newcomer(name: string): EntityWindows | null {
    if (this.entities.size >= this.#config.limits.entities) return null;
    const entity = new EntityWindows(name, this.entities.size, this.#rules.sets.empty);
    this.#admit(entity);
    return entity;
  }

  #admit(entity: EntityWindows): void {
    this.entities.set(entity.entity, entity);
    this.#unranked.push(entity);
  }

  #schedule(entity: EntityWindows, startMs: number): void {
    const { hopMs } = this.#config.window;
    const openMs =
      this.watermarkMs === Number.NEGATIVE_INFINITY ? startMs : Math.floor(this.watermarkMs / hopMs) * hopMs;
    const dueMs = Math.max(startMs, openMs);
    let entities = this.#due.get(dueMs);
    if (entities === undefined) {
      entities = [];
      this.#due.set(dueMs, entities);
      if (dueMs < this.#earliestDueMs) this.#earliestDueMs = dueMs;
    }
    entities.push(entity);
  }

  /** Raises the watermark and closes what it has reached; a lower one changes nothing. */
  advance(watermarkMs: number, onWindow: WindowListener): void {
    if (!(watermarkMs > this.watermarkMs)) return;
    const { hopMs } = this.#config.window;
    while (this.#earliestDueMs + hopMs <= watermarkMs) {
      const dueMs = this.#earliestDueMs;
      const entities = this.#inOrder(this.#due.get(dueMs)!);
      this.#due.delete(dueMs);
      // Windows after this one must be scheduled later than it, so the watermark follows boundary by boundary.
      this.watermarkMs = Math.max(this.watermarkMs, dueMs + hopMs);
      for (const entity of entities) this.#close(entity, dueMs + hopMs, onWindow);
      this.#earliestDueMs = Number.POSITIVE_INFINITY;
      for (const startMs of this.#due.keys()) if (startMs < this.#earliestDueMs) this.#earliestDueMs = startMs;
    }
    this.watermarkMs = watermarkMs;
  }

  /** The same entities by name, each once. Names are compared only when there are new ones; after that, ranks are. */
  #inOrder(entities: readonly EntityWindows[]): EntityWindows[] {
    if (this.#unranked.length > 0) {
      this.#ranked = this.#ranked.concat(this.#unranked).sort(byName);
      this.#unranked = [];
      for (let rank = 0; rank < this.#ranked.length; rank++) this.#ranked[rank]!.rank = rank;
    }
    const ranks = new Uint32Array(entities.length);
    for (let i = 0; i < ranks.length; i++) ranks[i] = entities[i]!.rank;
    ranks.sort();
    const ordered: EntityWindows[] = [];
    for (let i = 0; i < ranks.length; i++)
      if (i === 0 || ranks[i] !== ranks[i - 1]) ordered.push(this.#ranked[ranks[i]!]!);
    return ordered;
  }

  #close(entity: EntityWindows, endMs: number, onWindow: WindowListener): void {
    const { hopMs, sizeMs } = this.#config.window;
    const need = entity.metrics.names.length * STATS;
    if (this.#stats.length < need) this.#stats = new Float64Array(need * 2);
    const startMs = endMs - sizeMs;
    const points =
      sizeMs === hopMs ? entity.paneWindow(startMs, this.#stats) : entity.window(startMs, endMs, this.#stats);
    if (points > 0) onWindow(entity, startMs, endMs, this.#stats);
    entity.dropThrough(endMs + hopMs - sizeMs, hopMs);
    if (sizeMs > hopMs && entity.panes.length > 0) this.#schedule(entity, endMs);
  }

  save(writer: ByteWriter): void {
    writer.f64(this.watermarkMs);
    writer.u32(this.entities.size);
    for (const name of [...this.entities.keys()].sort()) this.entities.get(name)!.save(writer);
  }

  load(reader: ByteReader): void {
    this.watermarkMs = reader.f64('watermark');
    const n = reader.count('entities', 12, this.#config.limits.entities);
    for (let i = 0; i < n; i++) {
      const entity = EntityWindows.load(reader, i, this.#rules.sets);
      if (this.entities.has(entity.entity)) throw new CorruptBytes(`entity ${entity.entity} is there twice`, reader.at);
      this.#admit(entity);
      for (const pane of entity.panes) this.#schedule(entity, pane.startMs);
    }
  }
}

const byName = (a: EntityWindows, b: EntityWindows): number => (a.entity < b.entity ? -1 : a.entity > b.entity ? 1 : 0);
