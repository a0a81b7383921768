import { fail, ok, type Result } from '../errors.ts';
import { betaI } from './beta.ts';
import type { Interval } from './bootstrap.ts';
import { gammaP, gammaQ } from './gamma.ts';

/** Bisections until a double has no middle left; from [0, 2^40] that takes fewer. */
const MAX_BISECTIONS = 1_100;

/**
 * Garwood's exact interval (1936) of a Poisson mean from one count ≥ 0. coverage in (0, 1). Units: counts.
 * count_invalid, argument_invalid.
 */
export function poissonInterval(count: number, coverage = 0.95): Result<Interval> {
  if (!Number.isSafeInteger(count) || count < 0) return fail('count_invalid', `the count is ${count}`);
  if (!(coverage > 0 && coverage < 1)) return badCoverage(coverage);
  const side = (1 - coverage) / 2;
  let most = count + 10 * Math.sqrt(count + 1) + 10;
  while (gammaQ(count + 1, most) > side) most *= 2;
  const low = count === 0 ? 0 : rootOf((mean) => gammaP(count, mean) - side, 0, most);
  return ok([low, rootOf((mean) => side - gammaQ(count + 1, mean), 0, most)]);
}

/**
 * Clopper and Pearson's exact interval (1934) of a share: hits of trials, whole numbers, 0 ≤ hits ≤ trials, trials ≥ 1.
 * sample_empty, count_invalid, argument_invalid.
 */
export function binomialInterval(hits: number, trials: number, coverage = 0.95): Result<Interval> {
  if (trials === 0) return fail('sample_empty', 'no trials');
  if (!Number.isSafeInteger(trials) || !Number.isSafeInteger(hits) || hits < 0 || hits > trials)
    return fail('count_invalid', `${hits} of ${trials}`);
  if (!(coverage > 0 && coverage < 1)) return badCoverage(coverage);
  const side = (1 - coverage) / 2;
  const low = hits === 0 ? 0 : rootOf((share) => betaI(share, hits, trials - hits + 1) - side, 0, 1);
  // The upper limit through its complement, which keeps its digits when it is near 1.
  const high = hits === trials ? 1 : 1 - rootOf((rest) => betaI(rest, trials - hits, hits + 1) - side, 0, 1);
  return ok([low, high]);
}

/**
 * Wilson's score interval (1927) of a share. hits may be fractional (ties counted in part).
 * sample_empty, count_invalid, argument_invalid.
 */
export function wilsonInterval(hits: number, trials: number, coverage = 0.95): Result<Interval> {
  if (trials === 0) return fail('sample_empty', 'no trials');
  if (!(trials > 0 && hits >= 0 && hits <= trials && Number.isFinite(trials)))
    return fail('count_invalid', `${hits} of ${trials}`);
  if (!(coverage > 0 && coverage < 1)) return badCoverage(coverage);
  const z = normalTwoSided(coverage);
  const share = hits / trials;
  const z2 = z * z;
  const centre = (share + z2 / (2 * trials)) / (1 + z2 / trials);
  const half = (z / (1 + z2 / trials)) * Math.sqrt((share * (1 - share)) / trials + z2 / (4 * trials * trials));
  return ok([hits === 0 ? 0 : centre - half, hits === trials ? 1 : centre + half]);
}

/** z with P(|Z| ≤ z) = coverage for a standard normal Z: Z² is chi-square with one degree, P(½, z² / 2). */
export const normalTwoSided = (coverage: number): number =>
  Math.sqrt(2 * rootOf((half) => gammaP(0.5, half) - coverage, 0, 400));

/** Where an increasing function crosses 0 in [low, high], to the last bit. */
function rootOf(f: (x: number) => number, low: number, high: number): number {
  for (let i = 0; i < MAX_BISECTIONS; i++) {
    const middle = low + (high - low) / 2;
    if (middle <= low || middle >= high) break;
    if (f(middle) < 0) low = middle;
    else high = middle;
  }
  return low + (high - low) / 2;
}

const badCoverage = (coverage: number) => fail('argument_invalid', `coverage is ${coverage}, wanted between 0 and 1`);
