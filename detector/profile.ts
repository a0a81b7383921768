import { type ByteReader, type ByteWriter, CorruptBytes } from '../core/bytes.ts';
import { KNOTS } from './knots.ts';

/** Trait of a feature that is an input of forecasts without evidence of its own. */
export const CONTEXT = 1;
/** Trait of a feature that training never saw negative in any entity of its kind: no band is drawn below 0. */
export const NON_NEGATIVE = 2;

/**
 * What training learned of one entity: scale, two linear forecasts and the tails of their residuals, per feature.
 * For C features, as doubles: mean, sd: C each; as floats, for their rounding is far below what data determine: lags,
 * gap: C × width, where width is 3C when each feature is forecast from all of them and 3 when from its own past;
 * knots: 2 × C × KNOTS, the lags forecast first; width of the band in which values enter the history, median, mad: C
 * each; the tail of the largest robust z: KNOTS.
 *
 * The numbers lie in two blocks that the profiles of a model share, because ten thousand entities have to fit into
 * 20 MB and an array of its own costs an entity more than its content. Code that serves reads the blocks at the offsets
 * given here; the views are for training, and make an object at every call.
 */
export class Profile {
  readonly features: readonly string[];
  /** Metric in whose name each feature speaks. */
  readonly metrics: readonly string[];
  /** What is known of each feature beside its numbers: CONTEXT, NON_NEGATIVE. */
  readonly traits: Uint8Array;
  readonly cross: boolean;
  readonly doubles: Float64Array;
  readonly doublesAt: number;
  readonly floats: Float32Array;
  readonly floatsAt: number;

  constructor(kind: ProfileKind, doubles: Block<Float64Array>, floats: Block<Float32Array>) {
    this.features = kind.features;
    this.metrics = kind.metrics;
    this.traits = kind.traits;
    this.cross = kind.cross;
    this.doubles = doubles.array;
    this.doublesAt = doubles.at;
    this.floats = floats.array;
    this.floatsAt = floats.at;
  }

  /** The same numbers in memory of their own; shared: leave the floats where they are. */
  copy(shared: 'all own' | 'floats shared' = 'all own'): Profile {
    const doubles = this.doubles.slice(this.doublesAt, this.doublesAt + doublesOf(this.features.length));
    const floats =
      shared === 'floats shared'
        ? { array: this.floats, at: this.floatsAt }
        : { array: this.floats.slice(this.floatsAt, this.robustAt + KNOTS), at: 0 };
    return new Profile(this, { array: doubles, at: 0 }, floats);
  }

  /** Weights of one feature's forecast. */
  get inputs(): number {
    return this.cross ? 3 * this.features.length : 3;
  }

  get meanAt(): number {
    return this.doublesAt;
  }
  get sdAt(): number {
    return this.doublesAt + this.features.length;
  }
  get lagsAt(): number {
    return this.floatsAt;
  }
  get gapAt(): number {
    return this.floatsAt + this.features.length * this.inputs;
  }
  get knotsAt(): number {
    return this.floatsAt + 2 * this.features.length * this.inputs;
  }
  get widthAt(): number {
    return this.knotsAt + 2 * this.features.length * KNOTS;
  }
  get medianAt(): number {
    return this.widthAt + this.features.length;
  }
  get madAt(): number {
    return this.medianAt + this.features.length;
  }
  get robustAt(): number {
    return this.madAt + this.features.length;
  }

  get mean(): Float64Array {
    return this.doubles.subarray(this.meanAt, this.sdAt);
  }
  get sd(): Float64Array {
    return this.doubles.subarray(this.sdAt, this.sdAt + this.features.length);
  }
  /** For the robust-z fallback, with mad and robustKnots: in standard deviations from the mean. */
  get median(): Float32Array {
    return this.floats.subarray(this.medianAt, this.madAt);
  }
  /** Median absolute deviation, in standard deviations. */
  get mad(): Float32Array {
    return this.floats.subarray(this.madAt, this.robustAt);
  }
  get lags(): Float32Array {
    return this.floats.subarray(this.lagsAt, this.gapAt);
  }
  get gap(): Float32Array {
    return this.floats.subarray(this.gapAt, this.knotsAt);
  }
  get knots(): Float32Array {
    return this.floats.subarray(this.knotsAt, this.widthAt);
  }
  /** How far from its gap forecast a value may enter the history, per feature. */
  get width(): Float32Array {
    return this.floats.subarray(this.widthAt, this.medianAt);
  }
  get robustKnots(): Float32Array {
    return this.floats.subarray(this.robustAt, this.robustAt + KNOTS);
  }
}

export interface ProfileKind {
  features: readonly string[];
  metrics: readonly string[];
  traits: Uint8Array;
  cross: boolean;
}

interface Block<T> {
  array: T;
  at: number;
}

const doublesOf = (features: number): number => 2 * features;
const floatsOf = (features: number, cross: boolean): number =>
  features * (2 * (cross ? 3 * features : 3) + 2 * KNOTS + 3) + KNOTS;

/** Bytes of the numbers of a profile, which is what counts at many entities. */
export const profileBytes = (features: number, cross: boolean): number =>
  8 * doublesOf(features) + 4 * floatsOf(features, cross);

/** Numbers of a block that are claimed at once: few arrays for a fleet, little lost on a single entity. */
const BLOCK = 16_384;

/** Memory for the profiles of a model, cut from shared blocks in the order of asking. */
export class ProfileMemory {
  #doubles: Block<Float64Array> = { array: new Float64Array(0), at: 0 };
  #floats: Block<Float32Array> = { array: new Float32Array(0), at: 0 };
  #grants = 1;

  /** A profile of zeros, with sd 1. */
  profile(kind: ProfileKind): Profile {
    const n = kind.features.length;
    const doubles = this.#cutDoubles(doublesOf(n));
    const floats = this.#cutFloats(floatsOf(n, kind.cross));
    const profile = new Profile(kind, doubles, floats);
    profile.sd.fill(1);
    return profile;
  }

  #cutDoubles(size: number): Block<Float64Array> {
    if (this.#doubles.at + size > this.#doubles.array.length)
      this.#doubles = { array: new Float64Array(this.#blockSize(size)), at: 0 };
    const { array, at } = this.#doubles;
    this.#doubles.at += size;
    return { array, at };
  }

  #cutFloats(size: number): Block<Float32Array> {
    if (this.#floats.at + size > this.#floats.array.length)
      this.#floats = { array: new Float32Array(this.#blockSize(size)), at: 0 };
    const { array, at } = this.#floats;
    this.#floats.at += size;
    return { array, at };
  }

  /** The first entity gets just what it needs; a fleet gets blocks. */
  #blockSize(size: number): number {
    return this.#grants++ <= 2 ? size : Math.max(1, Math.floor(BLOCK / size)) * size;
  }
}

/** A profile of zeros, with sd 1, in memory of its own. */
export const emptyProfile = (
  features: readonly string[],
  metrics: readonly string[],
  traits: Uint8Array,
  cross: boolean,
): Profile => new ProfileMemory().profile({ features, metrics, traits, cross });

/** Names are shared by entities of a kind, so they are written once: names holds the lists, this writes an index. */
export function saveProfile(writer: ByteWriter, profile: Profile): void {
  writer.u8(profile.cross ? 1 : 0);
  writer.raw(profile.traits);
  for (const part of [profile.mean, profile.sd]) writer.f64s(part);
  for (const part of [
    profile.lags,
    profile.gap,
    profile.knots,
    profile.width,
    profile.median,
    profile.mad,
    profile.robustKnots,
  ])
    writer.f32s(part);
}

/** memory and known (traits) are shared by the profiles of a model. */
export function loadProfile(
  reader: ByteReader,
  features: readonly string[],
  metrics: readonly string[],
  memory: ProfileMemory,
  known: Map<string, Uint8Array>,
): Profile {
  const n = features.length;
  const cross = reader.u8('cross flag') === 1;
  const traits = shared(reader.raw(n, 'traits'), known);
  const profile = memory.profile({ features, metrics, traits, cross });
  for (const key of ['mean', 'sd'] as const) {
    const part = profile[key];
    part.set(checked(reader.f64s(key), part.length, key, reader));
  }
  for (const key of ['lags', 'gap', 'knots', 'width', 'median', 'mad', 'robustKnots'] as const) {
    const part = profile[key];
    part.set(checked(reader.f32s(key), part.length, key, reader));
  }
  const { sd, knots, robustKnots } = profile;
  for (let c = 0; c < n; c++) if (!(sd[c]! > 0)) throw new CorruptBytes(`sd of ${features[c]} is ${sd[c]}`, reader.at);
  for (const tails of [knots, robustKnots]) {
    for (let i = 0; i < tails.length; i++)
      if (i % KNOTS > 0 && tails[i]! < tails[i - 1]!) throw new CorruptBytes('knots fall', reader.at);
  }
  return profile;
}

/** Flags that many entities have alike, held once. */
function shared(flags: Uint8Array, known: Map<string, Uint8Array>): Uint8Array {
  const key = flags.join('');
  let held = known.get(key);
  if (held === undefined) {
    held = flags.slice();
    known.set(key, held);
  }
  return held;
}

function checked<T extends Float64Array | Float32Array>(
  values: T,
  length: number,
  what: string,
  reader: ByteReader,
): T {
  if (values.length !== length)
    throw new CorruptBytes(`${what} has ${values.length} values, expected ${length}`, reader.at);
  for (let i = 0; i < length; i++)
    if (!Number.isFinite(values[i]!)) throw new CorruptBytes(`${what}[${i}] is ${values[i]}`, reader.at);
  return values;
}
