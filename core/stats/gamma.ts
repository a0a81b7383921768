import { exp, ln } from '../math.ts';

const HALF_LN_2PI = 0.9189385332046727;
/** From here on Stirling's series with eight terms is exact to the last bit. */
const STIRLING_FROM = 15;
/** Coefficients of 1/x, 1/x³, … in Stirling's series of ln Γ: B(2k) / (2k (2k − 1)). */
const STIRLING = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156, -3617 / 122400];
/** Enough for arguments up to about 10^10: both expansions need some multiple of √a terms. */
const MAX_TERMS = 1_000_000;
const TINY = 1e-300;

/** ln Γ(x) for x > 0, by Stirling's series, small x lifted by the recurrence Γ(x + 1) = x Γ(x). */
export function lnGamma(x: number): number {
  let product = 1;
  while (x < STIRLING_FROM) product *= x++;
  return (x - 0.5) * ln(x) - x + HALF_LN_2PI + series(x) - ln(product);
}

function series(x: number): number {
  const z = 1 / (x * x);
  let sum = 0;
  for (let k = STIRLING.length - 1; k >= 0; k--) sum = sum * z + STIRLING[k]!;
  return sum / x;
}

/** ln Γ(x + 1) less its Stirling approximation (x + ½) ln x − x + ½ ln 2π, without cancellation; x > 0. */
export function stirlingError(x: number): number {
  if (x >= STIRLING_FROM) return series(x);
  return lnGamma(x + 1) - (x + 0.5) * ln(x) + x - HALF_LN_2PI;
}

/** x ln(x / m) + m − x, without cancellation where x is near m. Source: Loader (2000), bd0. */
export function deviance(x: number, m: number): number {
  if (Math.abs(x - m) >= 0.1 * (x + m)) return x * (ln(x) - ln(m)) + m - x;
  const v = (x - m) / (x + m);
  let sum = (x - m) * v;
  let power = 2 * x * v;
  for (let j = 1; j < 1000; j++) {
    power *= v * v;
    const next = sum + power / (2 * j + 1);
    if (next === sum) break;
    sum = next;
  }
  return sum;
}

/**
 * m^x e^−m / Γ(x + 1): the Poisson probability of x at mean m, x ≥ 0 not necessarily whole, m > 0. Its relative error
 * does not grow with x. Source: Loader, "Fast and accurate computation of binomial probabilities" (2000).
 */
export function poissonProbability(x: number, m: number): number {
  if (x === 0) return exp(-m);
  return exp(-stirlingError(x) - deviance(x, m)) / Math.sqrt(2 * Math.PI * x);
}

/** Regularised lower incomplete gamma function P(a, x) for a > 0, x ≥ 0; NaN outside. */
export function gammaP(a: number, x: number): number {
  return expand(a, x, true);
}

/** Regularised upper incomplete gamma function Q(a, x) = 1 − P(a, x), exact in its far tail. */
export function gammaQ(a: number, x: number): number {
  return expand(a, x, false);
}

/** The power series below a + 1, Legendre's continued fraction by Lentz's method above (DLMF 8.7.1 and 8.9.2). */
function expand(a: number, x: number, lower: boolean): number {
  if (!(a > 0 && x >= 0)) return Number.NaN;
  if (x === 0) return lower ? 0 : 1;
  if (x === Number.POSITIVE_INFINITY) return lower ? 1 : 0;
  const front = poissonProbability(a, x);
  if (x < a + 1) {
    let term = 1;
    let sum = 1;
    for (let n = 1; n < MAX_TERMS && term > sum * 1e-17; n++) {
      term *= x / (a + n);
      sum += term;
    }
    return lower ? front * sum : 1 - front * sum;
  }
  let b = x + 1 - a;
  let c = 1 / TINY;
  let d = 1 / b;
  let h = d;
  for (let n = 1; n < MAX_TERMS; n++) {
    const an = -n * (n - a);
    b += 2;
    d = 1 / nonZero(an * d + b);
    c = nonZero(b + an / c);
    const factor = d * c;
    h *= factor;
    if (Math.abs(factor - 1) < 1e-16) break;
  }
  const upper = front * a * h;
  return lower ? 1 - upper : upper;
}

const nonZero = (x: number): number => (Math.abs(x) < TINY ? TINY : x);
