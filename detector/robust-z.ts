import type { Assessment } from './assessment.ts';
import { decades, KNOTS } from './knots.ts';
import type { Profile } from './profile.ts';

/** MAD × this estimates a normal's standard deviation (Rousseeuw and Croux 1993). */
const MAD_TO_SD = 1.4826;
/** Robust standard deviations that make the band of a metric. */
const BAND = 4;

const spread = (profile: Profile, c: number): number => {
  const mad = profile.mad[c]! * MAD_TO_SD;
  return mad > 0 ? mad : profile.sd[c]!;
};

/** Largest |robust z| of a row: distance from the median in robust standard deviations. 0 for a row of missing values. */
export function largestRobustZ(profile: Profile, values: Float64Array): number {
  let largest = 0;
  for (let c = 0; c < values.length; c++) {
    if (profile.context[c] === 1) continue;
    const z = Math.abs(values[c]! - profile.median[c]!) / spread(profile, c);
    if (z > largest) largest = z;
  }
  return largest;
}

/**
 * The fallback for an entity with a profile: no forecast, no forest, only medians. knots hold the tail of the same
 * figure in training, so its alert rate is the configured one too.
 */
export function assessRobustZ(profile: Profile, knots: Float32Array, values: Float64Array, out: Assessment): void {
  for (let c = 0; c < values.length; c++) {
    if (profile.context[c] === 1) continue;
    const reach = BAND * spread(profile, c);
    out.low[c] = profile.median[c]! - reach;
    out.high[c] = profile.median[c]! + reach;
    const z = Math.abs(values[c]! - profile.median[c]!) / spread(profile, c);
    out.weights[c] = z > 0 ? z * z : 0;
  }
  out.score = largestRobustZ(profile, values);
  out.decades = decades(out.score, knots);
}

export const ROBUST_KNOTS = KNOTS;
