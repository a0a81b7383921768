import type { Assessment } from './assessment.ts';
import { decades } from './knots.ts';
import type { Profile } from './profile.ts';

/** MAD × this estimates a normal's standard deviation (Rousseeuw and Croux 1993). */
const MAD_TO_SD = 1.4826;
/** Robust standard deviations that make the band of a metric. */
const BAND = 4;

/** Robust standard deviation of a feature. */
function spread(profile: Profile, c: number): number {
  const mad = profile.doubles[profile.madAt + c]! * MAD_TO_SD;
  return mad > 0 ? mad : profile.doubles[profile.sdAt + c]!;
}

/** Largest |robust z| of a row: distance from the median in robust standard deviations. 0 for a row of missing values. */
export function largestRobustZ(profile: Profile, values: Float64Array): number {
  const { doubles, medianAt } = profile;
  let largest = 0;
  for (let c = 0; c < values.length; c++) {
    if (profile.context[c] === 1) continue;
    const z = Math.abs(values[c]! - doubles[medianAt + c]!) / spread(profile, c);
    if (z > largest) largest = z;
  }
  return largest;
}

/**
 * The fallback for an entity with a profile: no forecast, no forest, only medians. Its knots hold the tail of the same
 * figure in training, so its alert rate is the configured one too.
 */
export function assessRobustZ(profile: Profile, values: Float64Array, out: Assessment): void {
  const { doubles, medianAt } = profile;
  for (let c = 0; c < values.length; c++) {
    if (profile.context[c] === 1) continue;
    const median = doubles[medianAt + c]!;
    const reach = BAND * spread(profile, c);
    out.low[c] = median - reach;
    out.high[c] = median + reach;
    const z = Math.abs(values[c]! - median) / spread(profile, c);
    out.weights[c] = z > 0 ? z * z : 0;
  }
  out.score = largestRobustZ(profile, values);
  out.decades = decades(out.score, profile.floats, profile.robustAt);
}
