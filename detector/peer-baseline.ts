import { type ByteReader, type ByteWriter, CorruptBytes } from '../core/bytes.ts';
import type { EntityModel } from './model.ts';

/** Windows from which a newcomer's own level and scale are taken. */
export const BASELINE_WINDOWS = 60;
const MIN_SD = 1e-6;

/**
 * An entity that came after training: it has the forecasts and tails of its peers, and learns only its own level and
 * scale (Welford 1962), so that the forest can serve it after BASELINE_WINDOWS instead of after the next training.
 */
export class PeerBaseline {
  readonly #peer: EntityModel;
  #count = 0;
  readonly #counts: Float64Array;
  readonly #mean: Float64Array;
  readonly #m2: Float64Array;

  constructor(peer: EntityModel) {
    const n = peer.profile.features.length;
    this.#peer = peer;
    this.#counts = new Float64Array(n);
    this.#mean = new Float64Array(n);
    this.#m2 = new Float64Array(n);
  }

  /** Takes a row in; returns the adapted profile once, when the baseline has settled. */
  learn(values: Float64Array): EntityModel | null {
    if (this.#count >= BASELINE_WINDOWS) return null;
    this.#count++;
    for (let c = 0; c < values.length; c++) {
      const x = values[c]!;
      if (Number.isNaN(x)) continue;
      const n = this.#counts[c]! + 1;
      this.#counts[c] = n;
      const d = x - this.#mean[c]!;
      this.#mean[c]! += d / n;
      this.#m2[c]! += d * (x - this.#mean[c]!);
    }
    return this.#count === BASELINE_WINDOWS ? this.#adapted() : null;
  }

  #adapted(): EntityModel {
    const peer = this.#peer.profile;
    const n = peer.features.length;
    const profile = peer.copy('floats shared');
    // Medians and deviations count in standard deviations, so they follow by themselves.
    const { mean, sd } = profile;
    for (let c = 0; c < n; c++) {
      const count = this.#counts[c]!;
      if (count > 0) mean[c] = this.#mean[c]!;
      const own = count > 1 ? Math.sqrt(this.#m2[c]! / count) : 0;
      if (own >= MIN_SD) sd[c] = own;
    }
    return { profile };
  }

  save(writer: ByteWriter): void {
    writer.u32(this.#count);
    writer.f64s(this.#counts);
    writer.f64s(this.#mean);
    writer.f64s(this.#m2);
  }

  /** Returns the adapted profile if the baseline had settled. */
  load(reader: ByteReader): EntityModel | null {
    this.#count = reader.u32('baseline windows');
    for (const part of [this.#counts, this.#mean, this.#m2]) {
      const saved = reader.f64s('baseline');
      if (saved.length !== part.length)
        throw new CorruptBytes(`baseline has ${saved.length} values, expected ${part.length}`, reader.at);
      part.set(saved);
    }
    return this.#count >= BASELINE_WINDOWS ? this.#adapted() : null;
  }
}
