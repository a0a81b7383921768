import { type ByteReader, type ByteWriter, CorruptBytes } from '../../core/bytes.ts';
import { evidenceSize, TOP } from '../evidence.ts';
import { EMISSION, flawOfEmission } from './emission.ts';
import { flawOf, HISTOGRAM } from './histogram.ts';
import { flawOfMeans, MEANS, SLOTS } from './means.ts';
import { flawOfSeverity, SEVERITY } from './severity.ts';
import { COUNTS, TAILS, type TailState } from './tails.ts';

/** Doubles of the entity after those of its metrics: rows so far, start of the newest, usual spacing, then two parts. */
const ROWS = 0;
const START = 1;
const SPACING = 2;
const EMISSION_AT = 3;
const EVIDENCE_AT = EMISSION_AT + EMISSION;
const HEAD = EVIDENCE_AT + evidenceSize(TOP);

/** Share by which the usual spacing follows a gap that is larger or smaller. */
const FOLLOW = 1.05;

/**
 * All that is remembered of one entity without a model, in one block of memory under three views: about 600 bytes a
 * metric and 400 for the entity, because ten thousand entities shall fit.
 */
export class OnlineState implements TailState {
  readonly metrics: number;
  readonly means: Float64Array;
  readonly slots: Float32Array;
  readonly counts: Uint16Array;
  readonly evidence: Float64Array;

  constructor(metrics: number) {
    const doubles = metrics * MEANS + HEAD;
    const floats = metrics * SLOTS;
    const counts = metrics * COUNTS + SEVERITY;
    const memory = new ArrayBuffer(8 * doubles + 4 * floats + 2 * counts);
    this.metrics = metrics;
    this.means = new Float64Array(memory, 0, doubles);
    this.slots = new Float32Array(memory, 8 * doubles, floats);
    this.counts = new Uint16Array(memory, 8 * doubles + 4 * floats, counts);
    this.evidence = this.means.subarray(metrics * MEANS + EVIDENCE_AT);
  }

  get rows(): number {
    return this.means[this.metrics * MEANS + ROWS]!;
  }

  /** Offset of the emission's state in means, of the severity's in counts. */
  get emissionAt(): number {
    return this.metrics * MEANS + EMISSION_AT;
  }
  get severityAt(): number {
    return this.metrics * COUNTS;
  }

  /**
   * Opens a row and returns the usual time between rows: it follows the gaps by a small share of itself, so it comes to
   * rest at their median (Ma, Muthukrishnan and Sandler 2013), and exactly at the period of a regular series.
   */
  open(startMs: number, hopMs: number): number {
    const { means } = this;
    const head = this.metrics * MEANS;
    const rows = means[head + ROWS]!;
    const gap = rows === 0 ? hopMs : Math.max(hopMs, startMs - means[head + START]!);
    const usual = means[head + SPACING]!;
    if (rows < 2) means[head + SPACING] = gap;
    else if (gap > usual) means[head + SPACING] = Math.min(gap, usual * FOLLOW);
    else means[head + SPACING] = Math.max(gap, usual / FOLLOW);
    means[head + START] = startMs;
    means[head + ROWS] = rows + 1;
    return means[head + SPACING]!;
  }

  /** What is remembered, with metric i taken from kept[i] (−1 = a new one). */
  rearranged(kept: ArrayLike<number>): OnlineState {
    const next = new OnlineState(kept.length);
    for (let i = 0; i < kept.length; i++) {
      const from = kept[i]!;
      if (from < 0) continue;
      next.means.set(this.means.subarray(from * MEANS, (from + 1) * MEANS), i * MEANS);
      next.slots.set(this.slots.subarray(from * SLOTS, (from + 1) * SLOTS), i * SLOTS);
      next.counts.set(this.counts.subarray(from * COUNTS, (from + 1) * COUNTS), i * COUNTS);
    }
    next.means.set(this.means.subarray(this.metrics * MEANS), kept.length * MEANS);
    next.counts.set(this.counts.subarray(this.metrics * COUNTS), kept.length * COUNTS);
    return next;
  }

  save(writer: ByteWriter): void {
    writer.f64s(this.means);
    writer.f32s(this.slots);
    const { counts } = this;
    for (let k = 0; k < counts.length; k++) {
      writer.u8(counts[k]! & 0xff);
      writer.u8(counts[k]! >>> 8);
    }
  }

  static load(reader: ByteReader, metrics: number): OnlineState {
    const state = new OnlineState(metrics);
    state.means.set(sized(reader, reader.f64s('online means'), state.means.length));
    state.slots.set(sized(reader, reader.f32s('online slots'), state.slots.length));
    const bytes = reader.raw(2 * state.counts.length, 'online counts');
    for (let k = 0; k < state.counts.length; k++) state.counts[k] = bytes[2 * k]! | (bytes[2 * k + 1]! << 8);
    const flaw = state.#flaw();
    if (flaw !== null) throw new CorruptBytes(`online state: ${flaw}`, reader.at);
    return state;
  }

  #flaw(): string | null {
    const { means, slots, counts, metrics } = this;
    if (!means.every(Number.isFinite) || !slots.every(Number.isFinite)) return 'a number is not finite';
    const rows = this.rows;
    if (!(Number.isInteger(rows) && rows >= 0)) return `rows are ${rows}`;
    if (!(means[metrics * MEANS + SPACING]! >= 0)) return 'usual spacing is negative';
    for (let i = 0; i < metrics; i++) {
      const flaw = flawOfMeans(means, i * MEANS);
      if (flaw !== null) return flaw;
      for (let j = 0; j < TAILS; j++) {
        const flaw = flawOf(counts, i * COUNTS + SLOTS + j * HISTOGRAM);
        if (flaw !== null) return flaw;
      }
    }
    return flawOfSeverity(counts, this.severityAt) ?? flawOfEmission(means, this.emissionAt);
  }
}

function sized<T extends { length: number }>(reader: ByteReader, values: T, length: number): T {
  if (values.length !== length)
    throw new CorruptBytes(`online state has ${values.length} values, expected ${length}`, reader.at);
  return values;
}
