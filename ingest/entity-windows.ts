import { type ByteReader, type ByteWriter, CorruptBytes } from '../core/bytes.ts';
import { LOG_LEVELS, LOG_METRICS } from '../core/log-level.ts';
import { FILTERED, type MetricSet, type MetricSets, UNKNOWN } from './metric-set.ts';
import { COUNT, mergeStats, Pane, putSingle, STATS } from './pane.ts';

/** Levels that are counted from an entity's first event on, so that its first error is compared with none before. */
const TROUBLE = ['warn', 'error', 'fatal'] as const;
const TROUBLE_BITS = TROUBLE.reduce((bits, level) => bits | (1 << LOG_LEVELS.indexOf(level)), 0);

/** What came of the points of one sample; kept by the caller and reset by it. */
export interface Tally {
  applied: number;
  duplicate: number;
  conflicts: number;
  filtered: number;
}

/** What a stream has decided about all samples. */
export interface SampleRules {
  sets: MetricSets;
  watched: (name: string) => boolean;
  metricLimit: number;
  pointLimit: number;
}

/**
 * The open windows of one entity. There are as many of these as entities, so what entities have in common is in their
 * MetricSet, and what is looked at for each record lies close together.
 */
export class EntityWindows {
  readonly entity: string;
  /** Position among the entities of the partition, in order of arrival: an index for whoever keeps more about them. */
  readonly index: number;
  /** Position among them in the order of their names; kept by Windows. */
  rank = 0;
  metrics: MetricSet;
  /** Bit i: events of level i are counted, with 0 where there are none. 0 for an entity that sends no events. */
  #levels = 0;
  /** Panes that some open window still covers, oldest first. */
  readonly panes: Pane[] = [];
  #newest: Pane | null = null;
  #spare: Pane | null = null;

  constructor(entity: string, index: number, metrics: MetricSet) {
    this.entity = entity;
    this.index = index;
    this.metrics = metrics;
  }

  /** Pane that starts at startMs, opened if need be; the newest is tried first. */
  pane(startMs: number): Pane {
    const newest = this.#newest;
    if (newest !== null && newest.startMs === startMs) return newest;
    const { panes } = this;
    let i = panes.length - 1;
    while (i >= 0 && panes[i]!.startMs > startMs) i--;
    if (i >= 0 && panes[i]!.startMs === startMs) return panes[i]!;
    const slots = this.metrics.names.length;
    const pane = this.#spare ?? new Pane(slots);
    this.#spare = null;
    pane.widen(slots);
    pane.reset(startMs);
    if (i === panes.length - 1) {
      panes.push(pane);
      this.#newest = pane;
    } else panes.splice(i + 1, 0, pane);
    return pane;
  }

  /** Forgets panes that end at or before the given time. */
  dropThrough(endMs: number, hopMs: number): void {
    const { panes } = this;
    while (panes.length > 0 && panes[0]!.startMs + hopMs <= endMs) this.#spare = panes.shift()!;
    if (panes.length === 0) this.#newest = null;
  }

  /**
   * Puts one sample into its pane; onLimit is called for each point that is over a limit. The first value of a point's
   * identity wins.
   */
  add(
    startMs: number,
    timeMs: number,
    names: readonly string[],
    values: readonly number[],
    rules: SampleRules,
    tally: Tally,
    onLimit: (index: number, code: 'metric_limit' | 'window_full') => void,
  ): void {
    const { watched, pointLimit } = rules;
    const pane = this.pane(startMs);
    const before = pane.rows;
    const row = before >= pointLimit && timeMs > pane.timeMs(before - 1) ? -1 : pane.rowOf(timeMs);
    const overfull = row < 0 || row >= pointLimit;
    if (row >= pointLimit) pane.rows = before;
    for (let i = 0; i < names.length; i++) {
      const name = names[i]!;
      let slot = this.metrics.slot(i, name, watched);
      if (slot === UNKNOWN) {
        this.#gain(names, rules);
        slot = this.metrics.slot(i, name, watched);
      }
      if (slot < 0) {
        if (slot === FILTERED) tally.filtered++;
        else onLimit(i, 'metric_limit');
        continue;
      }
      if (overfull) {
        onLimit(i, 'window_full');
        continue;
      }
      const held = pane.value(row, slot);
      if (Number.isNaN(held)) {
        pane.put(row, slot, values[i]!);
        tally.applied++;
      } else {
        tally.duplicate++;
        if (held !== values[i]) tally.conflicts++;
      }
    }
  }

  /** Counts one log event; level: index in LOG_LEVELS. */
  addEvent(startMs: number, level: number, rules: SampleRules): void {
    const pane = this.pane(startMs);
    if ((this.#levels & (1 << level)) === 0) {
      this.#levels |= TROUBLE_BITS | (1 << level);
      this.#gain(
        LOG_METRICS.filter((_, i) => this.#levels & (1 << i)),
        rules,
      );
    }
    pane.countEvent(level);
  }

  /**
   * Puts the counts of log events of a window into its summary, 0 for a level without events, and returns how many
   * there were. A metric that the sender itself gave such a name keeps its own values.
   */
  #putEvents(startMs: number, endMs: number, out: Float64Array): number {
    const slots = this.metrics.logSlots;
    let events = 0;
    for (let level = 0; level < slots.length; level++) {
      const at = slots[level]! * STATS;
      if ((this.#levels & (1 << level)) === 0 || at < 0 || out[at + COUNT] !== 0) continue;
      let count = 0;
      for (const pane of this.panes)
        if (pane.events !== null && pane.startMs >= startMs && pane.startMs < endMs) count += pane.events[level]!;
      putSingle(out, at, count, startMs);
      events += count;
    }
    return events;
  }

  #gain(sample: readonly string[], { sets, watched, metricLimit }: SampleRules): void {
    this.metrics = sets.grown(this.metrics, sample, watched, metricLimit);
    for (const pane of this.panes) pane.widen(this.metrics.names.length);
  }

  /** Summary of the window that is one pane into out (metrics × STATS); returns the number of points. */
  paneWindow(startMs: number, out: Float64Array): number {
    const slots = this.metrics.names.length;
    for (const pane of this.panes) {
      if (pane.startMs !== startMs) continue;
      pane.summarise(out);
      const points = pointsIn(out, slots);
      return this.#levels === 0 ? points : points + this.#putEvents(startMs, startMs + 1, out);
    }
    return 0;
  }

  /** Summary of the window [startMs, endMs), of several panes, into out; returns the number of points. */
  window(startMs: number, endMs: number, out: Float64Array): number {
    const slots = this.metrics.names.length;
    const { panes } = this;
    out.fill(0, 0, slots * STATS);
    for (const pane of panes) {
      if (pane.startMs < startMs || pane.startMs >= endMs || pane.rows === 0) continue;
      const stats = pane.stats();
      for (let slot = 0; slot < slots; slot++) mergeStats(out, slot * STATS, stats, slot * STATS);
    }
    const points = pointsIn(out, slots);
    return this.#levels === 0 ? points : points + this.#putEvents(startMs, endMs, out);
  }

  save(writer: ByteWriter): void {
    const { names } = this.metrics;
    writer.text(this.entity);
    writer.u32(names.length);
    for (const name of names) writer.text(name);
    writer.u8(this.#levels);
    writer.u32(this.panes.length);
    for (const pane of this.panes) {
      writer.f64(pane.startMs);
      writer.u32(pane.rows);
      for (let row = 0; row < pane.rows; row++) writer.f64(pane.timeMs(row));
      for (let row = 0; row < pane.rows; row++)
        for (let slot = 0; slot < pane.slots; slot++) writer.f64(pane.value(row, slot));
      if (this.#levels !== 0) writer.f64s(pane.events ?? []);
    }
  }

  static load(reader: ByteReader, index: number, sets: MetricSets): EntityWindows {
    const name = reader.text('entity name');
    const metrics = new Set<string>();
    for (let i = reader.count('metrics of an entity', 4); i > 0; i--) {
      const metric = reader.text('metric name');
      if (metrics.has(metric)) throw new CorruptBytes(`metric ${metric} is there twice`, reader.at);
      metrics.add(metric);
    }
    const slots = metrics.size;
    const entity = new EntityWindows(name, index, sets.of([...metrics]));
    entity.#levels = reader.u8('log levels of an entity');
    if (entity.#levels >> LOG_LEVELS.length !== 0)
      throw new CorruptBytes(`log levels are ${entity.#levels}`, reader.at);
    const panes = reader.count('panes of an entity', 12);
    for (let p = 0; p < panes; p++) {
      const startMs = reader.f64('start of a pane');
      if (!(startMs > (entity.#newest?.startMs ?? Number.NEGATIVE_INFINITY))) {
        throw new CorruptBytes('panes are not in order', reader.at);
      }
      const rows = reader.count('rows of a pane', 8 * (slots + 1));
      const pane = new Pane(slots, Math.max(4, rows));
      pane.reset(startMs);
      for (let row = 0; row < rows; row++) {
        if (pane.rowOf(reader.f64('time of a point')) !== row)
          throw new CorruptBytes('a time is there twice', reader.at);
      }
      for (let row = 0; row < rows; row++)
        for (let slot = 0; slot < slots; slot++) pane.put(row, slot, reader.f64('value of a point'));
      if (entity.#levels !== 0) pane.events = loadEvents(reader);
      entity.panes.push(pane);
      entity.#newest = pane;
    }
    return entity;
  }
}

function loadEvents(reader: ByteReader): Float64Array | null {
  const events = reader.f64s('log events of a pane');
  if (events.length === 0) return null;
  if (events.length !== LOG_LEVELS.length || !events.every((n) => Number.isSafeInteger(n) && n >= 0))
    throw new CorruptBytes('log events of a pane are no counts', reader.at);
  return events;
}

function pointsIn(stats: Float64Array, slots: number): number {
  let points = 0;
  for (let slot = 0; slot < slots; slot++) points += stats[slot * STATS + COUNT]!;
  return points;
}
