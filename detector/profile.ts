import { type ByteReader, type ByteWriter, CorruptBytes } from '../core/bytes.ts';
import { KNOTS } from './knots.ts';

/**
 * What training learned of one entity: scale, two linear forecasts and the tails of their residuals, per feature.
 * For C features: mean, sd: C; lags, gap: C × width, where width is 3C when each feature is forecast from all of them
 * and 3 when from its own past; knots: 2 × C × KNOTS, the lags forecast first. Weights and knots are 32-bit: their
 * rounding is far below what data determine, and a fleet of 10,000 entities has to fit into 20 MB.
 */
export interface Profile {
  features: readonly string[];
  /** Metric in whose name each feature speaks. */
  metrics: readonly string[];
  /** 1 for features that are inputs of forecasts without evidence of their own. */
  context: Uint8Array;
  cross: boolean;
  mean: Float64Array;
  sd: Float64Array;
  lags: Float32Array;
  gap: Float32Array;
  knots: Float32Array;
  /** How far from its gap forecast a value may enter the history, per feature. */
  width: Float32Array;
  /** For the robust-z fallback. */
  median: Float64Array;
  mad: Float64Array;
}

export const widthOf = (profile: { cross: boolean; features: readonly string[] }): number =>
  profile.cross ? 3 * profile.features.length : 3;

/** Bytes of the numbers of a profile, which is what counts at many entities. */
export function profileBytes(features: number, cross: boolean): number {
  return features * (4 * 8 + 4 * (2 * (cross ? 3 * features : 3) + 2 * KNOTS + 1) + 1);
}

export function emptyProfile(
  features: readonly string[],
  metrics: readonly string[],
  context: Uint8Array,
  cross: boolean,
): Profile {
  const n = features.length;
  const width = cross ? 3 * n : 3;
  return {
    features,
    metrics,
    context,
    cross,
    mean: new Float64Array(n),
    sd: new Float64Array(n).fill(1),
    lags: new Float32Array(n * width),
    gap: new Float32Array(n * width),
    knots: new Float32Array(2 * n * KNOTS),
    width: new Float32Array(n),
    median: new Float64Array(n),
    mad: new Float64Array(n),
  };
}

/** Names are shared by entities of a kind, so they are written once: names holds the lists, this writes an index. */
export function saveProfile(writer: ByteWriter, profile: Profile): void {
  writer.u8(profile.cross ? 1 : 0);
  writer.raw(profile.context);
  for (const part of [profile.mean, profile.sd, profile.median, profile.mad]) writer.f64s(part);
  for (const part of [profile.lags, profile.gap, profile.knots, profile.width]) writer.f32s(part);
}

export function loadProfile(reader: ByteReader, features: readonly string[], metrics: readonly string[]): Profile {
  const n = features.length;
  const cross = reader.u8('cross flag') === 1;
  const context = reader.raw(n, 'context flags').slice();
  const profile = emptyProfile(features, metrics, context, cross);
  for (const key of ['mean', 'sd', 'median', 'mad'] as const) {
    profile[key] = checked(reader.f64s(key), profile[key].length, key, reader);
  }
  for (const key of ['lags', 'gap', 'knots', 'width'] as const) {
    profile[key] = checked(reader.f32s(key), profile[key].length, key, reader);
  }
  for (let c = 0; c < n; c++)
    if (!(profile.sd[c]! > 0)) throw new CorruptBytes(`sd of ${features[c]} is ${profile.sd[c]}`, reader.at);
  for (let i = 0; i < profile.knots.length; i++) {
    if (i % KNOTS > 0 && profile.knots[i]! < profile.knots[i - 1]!) throw new CorruptBytes('knots fall', reader.at);
  }
  return profile;
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
