import { type ByteReader, type ByteWriter, CorruptBytes } from '../core/bytes.ts';
import type { Sample } from '../core/types.ts';
import { addDistribution, countName } from './distribution.ts';
import type { Cumulative } from './ports.ts';

/** Series a partition follows, and numbers it holds for all of them: a few tens of megabytes. */
export const MAX_SERIES = 100_000;
export const MAX_NUMBERS = 2_000_000;
/** Silence after which a series may make room for another one: longer than any usual interval of reporting. */
export const SERIES_IDLE_MS = 3_600_000;
/** Looking for silent ones goes through all of them, so it is done this often at most. */
const SWEEP_MS = 60_000;

interface Series {
  timeMs: number;
  startMs: number;
  bounds: Float64Array | null;
  totals: Float64Array;
}

/**
 * What became of a point: a sample of what happened since the one before it (reused), or the first of a series, from
 * which the next is counted; the same or another value of a time that is known; older than the newest; or no room.
 */
export type CumulativeOutcome = Sample | 'first' | 'duplicate' | 'conflict' | 'late' | 'filtered' | 'full';

/**
 * Cumulative series of a partition, turned into rates a second. A start later than the one known is a restart: all it
 * counts came since. A total that fell without one says nothing about what came in between: it is a first point again.
 */
export class CumulativeSeries {
  readonly #series = new Map<string, Series>();
  readonly #watched: (metric: string) => boolean;
  readonly #maxSeries: number;
  readonly #sample: Sample = { entity: '', timeMs: 0, names: [], values: [] };
  #increase = new Float64Array(64);
  #numbers = 0;
  #sweptMs = Number.NEGATIVE_INFINITY;

  constructor(watched: (metric: string) => boolean = () => true, maxSeries = MAX_SERIES) {
    this.#watched = watched;
    this.#maxSeries = maxSeries;
  }

  get size(): number {
    return this.#series.size;
  }

  add(point: Cumulative): CumulativeOutcome {
    const key = `${point.entity}\0${point.source}\0${point.metric}`;
    const series = this.#series.get(key);
    if (series === undefined) return this.#admit(key, point);
    if (point.timeMs < series.timeMs) return 'late';
    if (point.timeMs === series.timeMs) return same(point.totals, series.totals) ? 'duplicate' : 'conflict';
    const known = point.startMs !== 0 && series.startMs !== 0;
    // Two writers that nothing tells apart: the one that started last is followed.
    if (known && point.startMs < series.startMs) return 'late';
    if (!alike(point, series)) {
      this.#forget(key, series);
      return this.#admit(key, point);
    }
    const restarted = known && point.startMs > series.startMs;
    const counted = restarted
      ? point.startMs >= series.timeMs && point.startMs < point.timeMs && this.#sinceStart(point)
      : this.#sinceLast(point, series);
    const seconds = (point.timeMs - series.timeMs) / 1000;
    series.timeMs = point.timeMs;
    series.startMs = point.startMs;
    series.totals.set(point.totals);
    if (!counted) return 'first';
    const sample = this.#rates(point, seconds);
    return sample.names.length > 0 ? sample : 'first';
  }

  #sinceStart({ totals }: Cumulative): boolean {
    const increase = this.#room(totals.length);
    for (let i = 0; i < totals.length; i++) increase[i] = totals[i]!;
    return true;
  }

  /** False when a count fell. A sum may fall: what is observed can be negative. */
  #sinceLast({ totals, bounds }: Cumulative, series: Series): boolean {
    const increase = this.#room(totals.length);
    for (let i = 0; i < totals.length; i++) {
      const grown = totals[i]! - series.totals[i]!;
      if (grown < 0 && !(bounds !== null && i === 1)) return false;
      increase[i] = grown;
    }
    return true;
  }

  #room(length: number): Float64Array {
    if (this.#increase.length < length) this.#increase = new Float64Array(length * 2);
    return this.#increase;
  }

  #rates({ entity, timeMs, metric, bounds, totals }: Cumulative, seconds: number): Sample {
    const sample = this.#sample;
    sample.entity = entity;
    sample.timeMs = timeMs;
    sample.names.length = sample.values.length = 0;
    if (bounds === null) {
      const rate = this.#increase[0]! / seconds;
      if (!Number.isFinite(rate)) return sample;
      sample.names.push(metric);
      sample.values.push(rate);
    } else addDistribution(sample, metric, this.#increase.subarray(0, totals.length), bounds, seconds);
    return sample;
  }

  #admit(key: string, point: Cumulative): CumulativeOutcome {
    if (!this.#watched(point.bounds === null ? point.metric : countName(point.metric))) return 'filtered';
    const numbers = point.totals.length + (point.bounds?.length ?? 0);
    if (!this.#fits(numbers)) {
      this.#sweep(point.timeMs);
      if (!this.#fits(numbers)) return 'full';
    }
    this.#put(key, {
      timeMs: point.timeMs,
      startMs: point.startMs,
      bounds: point.bounds === null ? null : Float64Array.from(point.bounds),
      totals: Float64Array.from(point.totals),
    });
    return 'first';
  }

  #fits(numbers: number): boolean {
    return this.#series.size < this.#maxSeries && this.#numbers + numbers <= MAX_NUMBERS;
  }

  /** Drops what has been silent for long. By event time, so that a replay does it at the same point. */
  #sweep(nowMs: number): void {
    if (nowMs < this.#sweptMs + SWEEP_MS) return;
    this.#sweptMs = nowMs;
    for (const [key, series] of this.#series) if (series.timeMs < nowMs - SERIES_IDLE_MS) this.#forget(key, series);
  }

  #put(key: string, series: Series): void {
    this.#series.set(key, series);
    this.#numbers += numbersOf(series);
  }

  #forget(key: string, series: Series): void {
    this.#series.delete(key);
    this.#numbers -= numbersOf(series);
  }

  /** Sorted, so that the order in which series came says nothing. */
  save(writer: ByteWriter): void {
    writer.f64(this.#sweptMs);
    writer.u32(this.#series.size);
    for (const key of [...this.#series.keys()].sort()) {
      const { timeMs, startMs, bounds, totals } = this.#series.get(key)!;
      writer.text(key);
      writer.f64(timeMs);
      writer.f64(startMs);
      writer.u8(bounds === null ? 0 : 1);
      writer.f64s(bounds ?? []);
      writer.f64s(totals);
    }
  }

  load(reader: ByteReader): void {
    this.#sweptMs = reader.f64('sweep of cumulative series');
    const n = reader.count('cumulative series', 29);
    for (let i = 0; i < n; i++) {
      const at = reader.at;
      const key = reader.text('key of a series');
      const timeMs = reader.f64('time of a series');
      const startMs = reader.f64('start of a series');
      const kind = reader.u8('kind of a series');
      const bounds = reader.f64s('bounds of a series');
      const totals = reader.f64s('totals of a series');
      const fits = kind === 0 ? totals.length === 1 : totals.length >= 2;
      if (kind > 1 || !fits || this.#series.has(key)) throw new CorruptBytes('a cumulative series', at);
      this.#put(key, { timeMs, startMs, bounds: kind === 0 ? null : bounds, totals });
    }
  }
}

const numbersOf = ({ bounds, totals }: Series): number => totals.length + (bounds?.length ?? 0);

function alike({ bounds, totals }: Cumulative, series: Series): boolean {
  if (totals.length !== series.totals.length || (bounds === null) !== (series.bounds === null)) return false;
  return bounds === null || series.bounds === null || same(bounds, series.bounds);
}

function same(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  if (a.length !== b.length) return false;
  // Object.is: of a distribution without a sum both are NaN.
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return false;
  return true;
}
