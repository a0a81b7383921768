import type { StreamModel } from './model.ts';
import type { Profile } from './profile.ts';

/** Median absolute deviations of a normal distribution in a standard deviation of it. */
const PER_MAD = 1.4826;
/** A scale is at least this share of the standard deviation, for features that hardly ever leave their median. */
const LEAST_OF_SD = 0.25;
/** Scales are kept as 32-bit numbers, in which less than this may be 0. */
const LEAST_SCALE = 1e-37;

/**
 * Where an entity's values usually lie: for each feature of the model's reference its median, then its scale (a robust
 * standard deviation); a median of NaN for a feature that the entity did not have in training. null for an entity that the
 * model does not know, or for a model without a reference.
 */
export function entityScales(model: StreamModel, entity: string): Float32Array | null {
  const { reference } = model;
  if (reference === null) return null;
  if (reference.scales !== null) return reference.scales.get(entity) ?? null;
  const known = model.entities.get(entity);
  return known === undefined
    ? null
    : profileScales(
        known.profile,
        reference.features.map(({ name }) => name),
      );
}

/** The same of a profile, in the order of `names`. */
export function profileScales(profile: Profile, names: readonly string[]): Float32Array {
  const at = new Map(profile.features.map((name, c) => [name, c]));
  const { mean, sd, median, mad } = profile;
  const scales = new Float32Array(2 * names.length);
  names.forEach((name, f) => {
    const c = at.get(name);
    scales[2 * f] = c === undefined ? Number.NaN : mean[c]! + median[c]! * sd[c]!;
    scales[2 * f + 1] = c === undefined ? 1 : Math.max(LEAST_SCALE, Math.max(PER_MAD * mad[c]!, LEAST_OF_SD) * sd[c]!);
  });
  return scales;
}

/** The same of values in time order, for entities without a profile; NaN = missing. values: of one feature. */
export function scaleOf(values: ArrayLike<number>): readonly [median: number, scale: number] {
  const sorted = Float64Array.from(values)
    .filter((x) => !Number.isNaN(x))
    .sort();
  const n = sorted.length;
  if (n === 0) return [Number.NaN, 1];
  const median = sorted[n >> 1]!;
  let sum = 0;
  let squares = 0;
  for (const x of sorted) {
    sum += x - median;
    squares += (x - median) * (x - median);
  }
  const sd = Math.sqrt(Math.max(0, squares / n - (sum / n) ** 2));
  const mad = sorted.map((x) => Math.abs(x - median)).sort()[n >> 1]!;
  const scale = Math.max(PER_MAD * mad, LEAST_OF_SD * sd);
  // a constant series has no scale of its own: any change of it is a large one
  return [
    median,
    scale > 1e-9 * Math.abs(median) && scale > LEAST_SCALE ? scale : Math.max(LEAST_OF_SD, 1e-3 * Math.abs(median)),
  ];
}
