import type { Assessment } from './assessment.ts';
import { decades } from './knots.ts';
import { CONTEXT, type Profile } from './profile.ts';

/** MAD × this estimates a normal's standard deviation (Rousseeuw and Croux 1993). */
const MAD_TO_SD = 1.4826;
/** Robust standard deviations that make the band of a metric. */
const BAND = 4;

/** Robust standard deviation of a feature. */
function spread(profile: Profile, c: number): number {
  const mad = profile.floats[profile.madAt + c]! * MAD_TO_SD;
  return profile.doubles[profile.sdAt + c]! * (mad > 0 ? mad : 1);
}

function medianOf(profile: Profile, c: number): number {
  const { doubles, floats, meanAt, sdAt, medianAt } = profile;
  return doubles[meanAt + c]! + doubles[sdAt + c]! * floats[medianAt + c]!;
}

/** Largest |robust z| of a row: distance from the median in robust standard deviations. 0 for a row of missing values. */
export function largestRobustZ(profile: Profile, values: Float64Array): number {
  let largest = 0;
  for (let c = 0; c < values.length; c++) {
    if ((profile.traits[c]! & CONTEXT) !== 0) continue;
    const z = Math.abs(values[c]! - medianOf(profile, c)) / spread(profile, c);
    if (z > largest) largest = z;
  }
  return largest;
}

/**
 * The fallback for an entity with a profile: no forecast, no forest, only medians. Its knots hold the tail of the same
 * figure in training, so its alert rate is the configured one too.
 */
export function assessRobustZ(profile: Profile, values: Float64Array, out: Assessment): void {
  for (let c = 0; c < values.length; c++) {
    if ((profile.traits[c]! & CONTEXT) !== 0) continue;
    const median = medianOf(profile, c);
    const reach = BAND * spread(profile, c);
    out.low[c] = median - reach;
    out.high[c] = median + reach;
    const z = Math.abs(values[c]! - median) / spread(profile, c);
    out.weights[c] = z > 0 ? z * z : 0;
  }
  out.score = largestRobustZ(profile, values);
  out.decades = decades(out.score, profile.floats, profile.robustAt);
}
