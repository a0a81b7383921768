import { ln } from '../core/math.ts';
import { quantileSorted } from '../core/stats/quantile.ts';

/**
 * How far out a magnitude lies, in decades of its tail probability: 0 in the bulk, 1 at the 90 % quantile of training,
 * 3 at the 99.9 % one. Thirteen knots are the training quantiles at 1 − 10^(−k/4); between them the scale is linear,
 * beyond the last it grows with the logarithm of the distance, so that two far values still differ.
 */
export const KNOTS = 13;
const LAST = KNOTS - 1;
const KNOT_Q90 = 4;
/** Decades for each factor e beyond the last knot. */
const GROWTH = 2;
const PROBABILITIES = Float64Array.from({ length: KNOTS }, (_, k) => 1 - 10 ** (-k / 4));

/** Writes the knots of magnitudes (≥ 0, sorted in place) to out[at …]; all 0 when there are none. */
export function fitKnots(magnitudes: Float64Array, out: Float32Array | Float64Array, at = 0): void {
  magnitudes.sort();
  for (let k = 0; k < KNOTS; k++)
    out[at + k] = magnitudes.length === 0 ? 0 : quantileSorted(magnitudes, PROBABILITIES[k]!);
}

/** Decades of a magnitude by the knots at knots[at …]. A value that training held constantly is 0 decades out. */
export function decades(magnitude: number, knots: ArrayLike<number>, at = 0): number {
  if (!(magnitude > knots[at]!)) return 0;
  for (let k = 1; k < KNOTS; k++) {
    const upper = knots[at + k]!;
    if (magnitude <= upper) {
      const lower = knots[at + k - 1]!;
      return (k - 1 + (magnitude - lower) / (upper - lower)) / 4;
    }
  }
  const q999 = knots[at + LAST]!;
  return LAST / 4 + GROWTH * ln(1 + (magnitude - q999) / growthScale(knots, at));
}

/** Distance beyond the last knot after which a further GROWTH × ln 2 decades have passed. */
function growthScale(knots: ArrayLike<number>, at: number): number {
  const q999 = knots[at + LAST]!;
  return Math.max((q999 - knots[at + KNOT_Q90]!) / 2, 1e-6 + 0.02 * q999);
}
