/** Decades by which one alarm raises the threshold of its entity. */
const STEP = 0.02;

/**
 * Adaptive conformal inference (Gibbs and Candès 2021) on the alarm threshold of one entity: an alarm raises it, a quiet
 * window lowers it by so much less that at the configured alert rate the two cancel out. Where telemetry has moved away
 * from its training, alarms stay near the rate that was asked for instead of lasting for ever; the threshold never falls
 * below the one that training set. It steers the rate, so a rate near the configured one is its doing and no proof of
 * calibration.
 */
export function nextExcess(excess: number, alarm: boolean, alertRate: number): number {
  return Math.max(0, excess + STEP * ((alarm ? 1 : 0) - alertRate));
}
