import { orThrow } from '../../core/errors.ts';
import { betaI } from '../../core/stats/beta.ts';
import { gammaP } from '../../core/stats/gamma.ts';
import { binomialInterval, poissonInterval } from '../../core/stats/intervals.ts';

/**
 * Two-sided mid-p value of McNemar's test (1947; mid-p: Fagerland, Lydersen and Laake 2013) that both models call windows
 * anomalous equally often, from the windows that only one of them did: whole numbers ≥ 0. 1 for none.
 */
export function mcnemarMidP(onlyOne: number, onlyOther: number): number {
  const n = onlyOne + onlyOther;
  if (n === 0) return 1;
  const fewer = Math.min(onlyOne, onlyOther);
  // P(X ≤ k) of a binomial with p = ½ is I½(n − k, k + 1)
  const upTo = (k: number): number => (k < 0 ? 0 : k >= n ? 1 : betaI(0.5, n - k, k + 1));
  const mid = upTo(fewer - 1) + 0.5 * (upTo(fewer) - upTo(fewer - 1));
  return Math.min(1, 2 * mid);
}

/** Exact interval of the ratio of alerts observed to those expected, for rare alerts (Garwood 1936). expected > 0. */
export function ratioInterval(alerts: number, expected: number, coverage: number): readonly [number, number] {
  const [low, high] = orThrow(poissonInterval(alerts, coverage));
  return [low / expected, high / expected];
}

/** Exact interval of a share (Clopper and Pearson 1934). trials ≥ 1. */
export const shareInterval = (hits: number, trials: number, coverage: number): readonly [number, number] =>
  orThrow(binomialInterval(hits, trials, coverage));

/** P(X ≥ k) of a Poisson variable with this mean. */
const atLeast = (k: number, mean: number): number => (k <= 0 ? 1 : gammaP(k, mean));

/**
 * Expected alerts a step must have seen, so that a rate `factor` times as high is found at the significance with the
 * power: the smallest mean whose one-sided Poisson test does that, to a twentieth of an alert.
 */
export function expectedAlertsNeeded(factor: number, significance: number, power: number): number {
  for (let mean = 0.05; mean < 1_000; mean += 0.05) {
    let critical = 1;
    while (atLeast(critical, mean) > significance) critical++;
    if (atLeast(critical, factor * mean) >= power) return mean;
  }
  return 1_000;
}
