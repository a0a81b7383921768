import { LOG_LEVELS } from '../core/log-level.ts';

/**
 * The points of one entity in one hop of event time, as a matrix: a row for each distinct time, that time in its first
 * column and then one for each metric slot, NaN where nothing came. Keeping the points (not only their sums) is what
 * tells duplicates from conflicts, and lets a pane be summarised in time order whatever the order of arrival. A point
 * costs one store.
 */
export class Pane {
  startMs = 0;
  rows = 0;
  slots: number;
  /** Log events by level; null while none has come. They have no identity, so there is nothing but their number. */
  events: Float64Array | null = null;
  #cells: Float64Array;
  /** Statistics of the pane, slots × STATS, for windows of several panes; null until first summarised. */
  #stats: Float64Array | null = null;
  #fresh = false;
  #ordered = true;

  constructor(slots: number, capacity = 4) {
    this.slots = slots;
    this.#cells = new Float64Array(capacity * (slots + 1));
  }

  reset(startMs: number): void {
    this.startMs = startMs;
    this.rows = 0;
    this.events = null;
    this.#fresh = false;
    this.#ordered = true;
  }

  timeMs(row: number): number {
    return this.#cells[row * (this.slots + 1)]!;
  }

  /** Value of a point, NaN when there is none. */
  value(row: number, slot: number): number {
    return this.#cells[row * (this.slots + 1) + 1 + slot]!;
  }

  put(row: number, slot: number, value: number): void {
    this.#cells[row * (this.slots + 1) + 1 + slot] = value;
    this.#fresh = false;
  }

  /** Row of a time, appended if new. Times nearly always rise, so the search starts at the end. */
  rowOf(timeMs: number): number {
    const width = this.slots + 1;
    let row = this.rows - 1;
    // once a time has come late, the last row is not the newest any more
    if (row >= 0 && (!this.#ordered || timeMs <= this.#cells[row * width]!)) {
      while (row >= 0 && this.#cells[row * width] !== timeMs) row--;
      if (row >= 0) return row;
      this.#ordered = false;
    }
    row = this.rows;
    const at = row * width;
    if (at === this.#cells.length) this.#grow();
    const cells = this.#cells;
    this.rows = row + 1;
    cells[at] = timeMs;
    for (let i = at + 1; i < at + width; i++) cells[i] = Number.NaN;
    this.#fresh = false;
    return row;
  }

  #grow(): void {
    const cells = new Float64Array(this.#cells.length * 2);
    cells.set(this.#cells);
    this.#cells = cells;
  }

  /** Makes room for metrics that the entity has gained since. */
  widen(slots: number): void {
    if (slots === this.slots) return;
    const from = this.slots + 1;
    const to = slots + 1;
    const cells = new Float64Array((this.#cells.length / from) * to).fill(Number.NaN);
    for (let row = 0; row < this.rows; row++) cells.set(this.#cells.subarray(row * from, (row + 1) * from), row * to);
    this.#cells = cells;
    this.slots = slots;
    this.#stats = null;
    this.#fresh = false;
  }

  /** level: index in LOG_LEVELS. */
  countEvent(level: number): void {
    this.events ??= new Float64Array(LOG_LEVELS.length);
    this.events[level]!++;
  }

  /** Summary into out, slots × STATS; a metric without points has zeros. */
  summarise(out: Float64Array): void {
    const order = this.#ordered ? null : timeOrder(this);
    for (let slot = 0; slot < this.slots; slot++) {
      summarise(this.#cells, this.slots + 1, slot, this.rows, this.startMs, order, out);
    }
  }

  /** The same, remembered until a point comes. */
  stats(): Float64Array {
    this.#stats ??= new Float64Array(this.slots * STATS);
    if (!this.#fresh) this.summarise(this.#stats);
    this.#fresh = true;
    return this.#stats;
  }
}

/** Doubles of a summary: count, mean, M2 (sum of squared deviations), min, max, first, last, and of time t in seconds since the first point's: Σt, Σt², Σt·x. */
export const STATS = 12;
export const COUNT = 0;
export const MEAN = 1;
export const M2 = 2;
export const MIN = 3;
export const MAX = 4;
export const FIRST = 5;
export const LAST = 6;
export const FIRST_MS = 7;
export const LAST_MS = 8;
/** Mean time, sum of squared time deviations and of time × value co-deviations, in seconds. */
export const T_MEAN = 9;
export const T_M2 = 10;
export const TX = 11;

/** The summary of a metric that has one value in a pane or window, at its start. */
export function putSingle(out: Float64Array, at: number, value: number, startMs: number): void {
  out.fill(0, at, at + STATS);
  out[at + COUNT] = 1;
  out[at + MEAN] = out[at + MIN] = out[at + MAX] = out[at + FIRST] = out[at + LAST] = value;
  out[at + FIRST_MS] = out[at + LAST_MS] = startMs;
  out[at + T_MEAN] = startMs * 0.001;
}

function timeOrder(pane: Pane): Int32Array {
  const order = Int32Array.from({ length: pane.rows }, (_, row) => row);
  return order.sort((a, b) => pane.timeMs(a) - pane.timeMs(b));
}

/** Welford's update (1962) of mean, M2 and the time regression in one pass over a column. */
function summarise(
  cells: Float64Array,
  width: number,
  slot: number,
  rows: number,
  startMs: number,
  order: Int32Array | null,
  out: Float64Array,
): void {
  const at = slot * STATS;
  let count = 0;
  let mean = 0;
  let m2 = 0;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let first = Number.NaN;
  let last = Number.NaN;
  let firstMs = Number.NaN;
  let lastMs = Number.NaN;
  let tMean = 0;
  let tM2 = 0;
  let tx = 0;
  for (let i = 0; i < rows; i++) {
    const row = order === null ? i : order[i]!;
    const x = cells[row * width + 1 + slot]!;
    if (Number.isNaN(x)) continue;
    const ms = cells[row * width]!;
    const t = (ms - startMs) * 0.001;
    count++;
    const dx = x - mean;
    mean += dx / count;
    m2 += dx * (x - mean);
    const dt = t - tMean;
    tMean += dt / count;
    tM2 += dt * (t - tMean);
    tx += dt * (x - mean);
    if (x < min) min = x;
    if (x > max) max = x;
    if (count === 1) {
      first = x;
      firstMs = ms;
    }
    last = x;
    lastMs = ms;
  }
  if (count === 0) {
    for (let i = 0; i < STATS; i++) out[at + i] = 0;
    return;
  }
  out[at] = count;
  out[at + MEAN] = mean;
  out[at + M2] = m2;
  out[at + MIN] = min;
  out[at + MAX] = max;
  out[at + FIRST] = first;
  out[at + LAST] = last;
  out[at + FIRST_MS] = firstMs;
  out[at + LAST_MS] = lastMs;
  out[at + T_MEAN] = tMean + startMs * 0.001;
  out[at + T_M2] = tM2;
  out[at + TX] = tx;
}

/**
 * Adds a summary to another: Chan, Golub and LeVeque's pairwise update (1979). Panes are merged in time order, so first
 * and last come from the earlier and the later one.
 */
export function mergeStats(into: Float64Array, at: number, from: Float64Array, fromAt: number): void {
  const nb = from[fromAt]!;
  if (nb === 0) return;
  const na = into[at]!;
  if (na === 0) {
    for (let i = 0; i < STATS; i++) into[at + i] = from[fromAt + i]!;
    return;
  }
  const n = na + nb;
  const dx = from[fromAt + MEAN]! - into[at + MEAN]!;
  const dt = from[fromAt + T_MEAN]! - into[at + T_MEAN]!;
  const cross = (na * nb) / n;
  into[at] = n;
  into[at + MEAN]! += (dx * nb) / n;
  into[at + M2]! += from[fromAt + M2]! + dx * dx * cross;
  into[at + T_MEAN]! += (dt * nb) / n;
  into[at + T_M2]! += from[fromAt + T_M2]! + dt * dt * cross;
  into[at + TX]! += from[fromAt + TX]! + dx * dt * cross;
  if (from[fromAt + MIN]! < into[at + MIN]!) into[at + MIN] = from[fromAt + MIN]!;
  if (from[fromAt + MAX]! > into[at + MAX]!) into[at + MAX] = from[fromAt + MAX]!;
  into[at + LAST] = from[fromAt + LAST]!;
  into[at + LAST_MS] = from[fromAt + LAST_MS]!;
}
