import { type ByteReader, type ByteWriter, CorruptBytes } from '../core/bytes.ts';
import type { Assessment } from './assessment.ts';

const STATE = 3;
const DECAY = 2 ** (-1 / 200);

export class FallbackScorer {
  #state: Float64Array;
  #n: number;

  constructor(features: number) {
    this.#n = features;
    this.#state = new Float64Array(features * STATE);
  }

  rearranged(kept: Int32Array): FallbackScorer {
    const next = new FallbackScorer(kept.length);
    for (let c = 0; c < kept.length; c++) {
      const from = kept[c]!;
      if (from >= 0) next.#state.set(this.#state.subarray(from * STATE, (from + 1) * STATE), c * STATE);
    }
    return next;
  }

  assess(values: Float64Array, _startMs: number, _hopMs: number, out: Assessment): void {
    let worst = 0;
    for (let c = 0; c < this.#n; c++) {
      const x = values[c]!;
      if (Number.isNaN(x)) continue;
      const at = c * STATE;
      const w = this.#state[at + 2]!;
      const mean = w > 0 ? this.#state[at]! / w : x;
      const dev = w > 0 ? this.#state[at + 1]! / w : 0;
      const d = Math.abs(x - mean);
      const z = dev > 0 ? d / dev : 0;
      out.low[c] = mean - 5 * dev;
      out.high[c] = mean + 5 * dev;
      out.weights[c] = z;
      if (z > worst) worst = z;
      this.#state[at] = this.#state[at]! * DECAY + x * (1 - DECAY);
      this.#state[at + 1] = this.#state[at + 1]! * DECAY + d * (1 - DECAY);
      this.#state[at + 2] = w * DECAY + (1 - DECAY);
    }
    out.score = worst;
    out.decades = worst / 3;
    out.probation = true;
  }

  save(writer: ByteWriter): void {
    writer.f64s(this.#state);
  }

  static load(reader: ByteReader, features: number): FallbackScorer {
    const scorer = new FallbackScorer(features);
    const state = reader.f64s('fallback state');
    if (state.length !== scorer.#state.length)
      throw new CorruptBytes(`fallback state has ${state.length} values`, reader.at);
    scorer.#state = state;
    return scorer;
  }
}
