/** Decades by which one alarm raises the threshold of its entity. */
const STEP = 0.02;
/** Share of the rise that is left after each window: half of it after two thousand. */
const KEPT = 2 ** (-1 / 2000);

/**
 * Where telemetry has moved away from its training, a fixed threshold alarms for ever. So each alarm raises the threshold
 * of its entity a little, and the rise fades: adaptive conformal inference (Gibbs and Candès 2021) with a leak, which
 * keeps a long incident from making its entity deaf for days. The threshold never falls below the one that training set.
 */
export function nextExcess(excess: number, alarm: boolean): number {
  return excess * KEPT + (alarm ? STEP : 0);
}
