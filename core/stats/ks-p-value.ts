import { fail, ok, type Result } from '../errors.ts';
import { kolmogorovTail } from './kolmogorov.ts';

/** Up to here the exact probability is worth its n·m steps. */
const EXACT_UP_TO = 10_000;

export type KsMethod = 'auto' | 'exact' | 'asymptotic';

/**
 * P(D ≥ statistic) when both samples (n and m values) are independent draws from one continuous distribution. auto is
 * exact up to 10,000 values a sample, where one call costs up to n·m steps; else, as usual, the one-sample distribution
 * of round(nm / (n + m)) values. Telemetry is autocorrelated, so this is far too small there: limits come from blocks.
 * count_invalid, argument_invalid.
 */
export function ksPValue(statistic: number, n: number, m: number, method: KsMethod = 'auto'): Result<number> {
  for (const size of [n, m]) {
    if (!Number.isSafeInteger(size) || size < 1) return fail('count_invalid', `a sample has ${size} values`);
  }
  if (!(statistic >= 0 && statistic <= 1)) return fail('argument_invalid', `the statistic is ${statistic}`);
  if (method === 'exact' && Math.max(n, m) > EXACT_UP_TO)
    return fail('argument_invalid', `exact with ${Math.max(n, m)} values, at most ${EXACT_UP_TO}`);
  const exact = method !== 'asymptotic' && Math.max(n, m) <= EXACT_UP_TO;
  if (exact) return ok(n === m ? equalSizes(n, Math.round(statistic * n)) : shareOfPaths(statistic, n, m));
  return ok(kolmogorovTail(Math.max(1, roundHalfEven((n * m) / (n + m))), statistic));
}

/** The reflection principle for samples of one size (Gnedenko and Korolyuk 1951), h = n × statistic. */
function equalSizes(n: number, h: number): number {
  if (h === 0) return 1;
  let p = 0;
  for (let k = Math.floor(n / h); k >= 0; k--) {
    let term = 1;
    for (let j = 0; j < h; j++) term = ((n - k * h - j) * term) / (n + k * h + j + 1);
    p = term * (1 - p);
  }
  return Math.min(1, Math.max(0, 2 * p));
}

/**
 * The share of lattice paths from (0, 0) to (n, m) that leave the band (Hodges 1957), by the last step: of the paths to
 * (i, j) the share i / (i + j) came from (i − 1, j). All terms are positive, so nothing cancels (Viehmann 2021).
 */
function shareOfPaths(statistic: number, n: number, m: number): number {
  const divisor = greatestCommonDivisor(n, m);
  const stepI = m / divisor;
  const stepJ = n / divisor;
  const h = Math.round(statistic * stepI * n);
  if (h === 0) return 1;
  const outside = new Float64Array(m + 1);
  for (let i = 0; i <= n; i++) {
    for (let j = 0; j <= m; j++) {
      if (Math.abs(i * stepI - j * stepJ) >= h) outside[j] = 1;
      else if (i + j === 0) outside[j] = 0;
      else {
        const fromI = i === 0 ? 0 : outside[j]! * i;
        const fromJ = j === 0 ? 0 : outside[j - 1]! * j;
        outside[j] = (fromI + fromJ) / (i + j);
      }
    }
  }
  return outside[m]!;
}

function greatestCommonDivisor(a: number, b: number): number {
  while (b > 0) [a, b] = [b, a % b];
  return a;
}

/** A half goes to the even neighbour, so that figures agree with those of other tools. */
function roundHalfEven(x: number): number {
  const low = Math.floor(x);
  if (x - low !== 0.5) return Math.round(x);
  return low % 2 === 0 ? low : low + 1;
}
