import { type ByteReader, type ByteWriter, CorruptBytes } from '../core/bytes.ts';
import { mergeStats, Pane, STATS } from './pane.ts';

/** What came of the points of one sample; kept by the caller and reset by it. */
export interface Tally {
  applied: number;
  duplicate: number;
  conflicts: number;
  filtered: number;
}

/** Slot of a metric that the stream filters out, and of one beyond the entity's limit. */
const FILTERED = -1;
const OVER_LIMIT = -2;

/**
 * The open windows of one entity. Metrics have slots in the order in which the entity first sent them; samples mostly
 * repeat the metrics of the one before, so slots are found by comparing names with that one (`template`).
 */
export class EntityWindows {
  readonly entity: string;
  readonly metrics: string[] = [];
  /** Panes that some open window still covers, oldest first. */
  readonly panes: Pane[] = [];
  readonly #slots = new Map<string, number>();
  #template: string[] = [];
  #templateSlots: number[] = [];
  #spare: Pane | null = null;

  constructor(entity: string) {
    this.entity = entity;
  }

  /** Pane that starts at startMs, opened if need be; the last one is tried first. */
  pane(startMs: number): Pane {
    const { panes } = this;
    let i = panes.length - 1;
    while (i >= 0 && panes[i]!.startMs > startMs) i--;
    if (i >= 0 && panes[i]!.startMs === startMs) return panes[i]!;
    const pane = this.#spare ?? new Pane(this.metrics.length);
    this.#spare = null;
    pane.widen(this.metrics.length);
    pane.reset(startMs);
    panes.splice(i + 1, 0, pane);
    return pane;
  }

  has(startMs: number): boolean {
    return this.panes.some((pane) => pane.startMs === startMs);
  }

  /** Forgets panes that end at or before the given time. */
  dropThrough(endMs: number, hopMs: number): void {
    while (this.panes.length > 0 && this.panes[0]!.startMs + hopMs <= endMs) this.#spare = this.panes.shift()!;
  }

  /**
   * Slot of the i-th name of a sample: ≥ 0, or FILTERED / OVER_LIMIT. The template makes this one comparison of
   * interned strings for the usual sample.
   */
  slot(i: number, name: string, watched: (name: string) => boolean, limit: number): number {
    if (this.#template[i] === name) return this.#templateSlots[i]!;
    let slot = this.#slots.get(name);
    if (slot === undefined) {
      if (!watched(name)) slot = FILTERED;
      else if (this.metrics.length >= limit) return OVER_LIMIT;
      else {
        slot = this.metrics.length;
        this.metrics.push(name);
        for (const pane of this.panes) pane.widen(slot + 1);
      }
      if (slot >= 0) this.#slots.set(name, slot);
    }
    if (i <= this.#template.length) {
      this.#template[i] = name;
      this.#templateSlots[i] = slot;
    }
    return slot;
  }

  /**
   * Puts one sample into its pane. Returns the index of the first point that is over a limit, or -1; onLimit is called
   * for each such point. The first value of a point's identity wins.
   */
  add(
    startMs: number,
    timeMs: number,
    names: readonly string[],
    values: readonly number[],
    watched: (name: string) => boolean,
    metricLimit: number,
    pointLimit: number,
    tally: Tally,
    onLimit: (index: number, code: 'metric_limit' | 'window_full') => void,
  ): void {
    const pane = this.pane(startMs);
    const before = pane.rows;
    const row = before >= pointLimit && timeMs > pane.times[before - 1]! ? -1 : pane.rowOf(timeMs);
    const overfull = row < 0 || row >= pointLimit;
    if (row >= pointLimit) pane.rows = before;
    const isNew = pane.rows > before;
    let filled = false;
    for (let i = 0; i < names.length; i++) {
      const slot = this.slot(i, names[i]!, watched, metricLimit);
      if (slot < 0) {
        if (slot === FILTERED) tally.filtered++;
        else onLimit(i, 'metric_limit');
        continue;
      }
      if (overfull) {
        onLimit(i, 'window_full');
        continue;
      }
      const at = row * pane.slots + slot;
      const held = pane.cells[at]!;
      if (Number.isNaN(held)) {
        pane.cells[at] = values[i]!;
        tally.applied++;
        filled = true;
      } else {
        tally.duplicate++;
        if (held !== values[i]) tally.conflicts++;
      }
    }
    if (filled) {
      if (!isNew) pane.touch();
    }
  }

  /** Summary of the window [startMs, endMs) into out (metrics × STATS); returns the number of points. */
  window(startMs: number, endMs: number, out: Float64Array): number {
    out.fill(0, 0, this.metrics.length * STATS);
    let points = 0;
    for (const pane of this.panes) {
      if (pane.startMs < startMs || pane.startMs >= endMs || pane.rows === 0) continue;
      pane.widen(this.metrics.length);
      const stats = pane.stats();
      for (let slot = 0; slot < this.metrics.length; slot++) {
        mergeStats(out, slot * STATS, stats, slot * STATS);
        points += stats[slot * STATS]!;
      }
    }
    return points;
  }

  save(writer: ByteWriter): void {
    writer.text(this.entity);
    writer.u32(this.metrics.length);
    for (const metric of this.metrics) writer.text(metric);
    writer.u32(this.panes.length);
    for (const pane of this.panes) {
      writer.f64(pane.startMs);
      writer.u32(pane.rows);
      for (let row = 0; row < pane.rows; row++) writer.f64(pane.times[row]!);
      for (let i = 0; i < pane.rows * pane.slots; i++) writer.f64(pane.cells[i]!);
    }
  }

  static load(reader: ByteReader): EntityWindows {
    const entity = new EntityWindows(reader.text('entity name'));
    const metrics = reader.count('metrics of an entity', 4);
    for (let i = 0; i < metrics; i++) {
      const name = reader.text('metric name');
      if (entity.#slots.has(name)) throw new CorruptBytes(`metric ${name} is there twice`, reader.at);
      entity.#slots.set(name, i);
      entity.metrics.push(name);
    }
    const panes = reader.count('panes of an entity', 12);
    for (let p = 0; p < panes; p++) {
      const startMs = reader.f64('start of a pane');
      if (!(startMs > (entity.panes.at(-1)?.startMs ?? Number.NEGATIVE_INFINITY))) {
        throw new CorruptBytes('panes are not in order', reader.at);
      }
      const rows = reader.count('rows of a pane', 8 * (metrics + 1));
      const pane = new Pane(metrics, Math.max(4, rows));
      pane.reset(startMs);
      for (let row = 0; row < rows; row++) {
        if (pane.rowOf(reader.f64('time of a point')) !== row)
          throw new CorruptBytes('a time is there twice', reader.at);
      }
      for (let i = 0; i < rows * metrics; i++) pane.cells[i] = reader.f64('value of a point');
      entity.panes.push(pane);
    }
    return entity;
  }
}
