import { exp } from '../math.ts';
import { deviance, stirlingError } from './gamma.ts';

const MAX_TERMS = 100_000;
const TINY = 1e-300;

/**
 * Regularised incomplete beta function I_x(a, b) for a, b > 0 and x in [0, 1]; NaN outside. The continued fraction of
 * DLMF 8.17.22 by Lentz's method, its front factor by Loader's saddle-point form, so that large a and b lose no digits.
 */
export function betaI(x: number, a: number, b: number): number {
  if (!(a > 0 && b > 0 && x >= 0 && x <= 1)) return Number.NaN;
  if (x === 0 || x === 1) return x;
  return x < (a + 1) / (a + b + 2) ? tail(x, 1 - x, a, b) : 1 - tail(1 - x, x, b, a);
}

function tail(x: number, y: number, a: number, b: number): number {
  const n = a + b;
  const exponent = stirlingError(n) - stirlingError(a) - stirlingError(b) - deviance(a, n * x) - deviance(b, n * y);
  const front = exp(exponent) * Math.sqrt(n / (2 * Math.PI * a * b)) * ((a * b) / n);
  let c = 1;
  let d = 1 / nonZero(1 - (n * x) / (a + 1));
  let h = d;
  for (let m = 1; m < MAX_TERMS; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / nonZero(1 + even * d);
    c = nonZero(1 + even / c);
    h *= d * c;
    const odd = (-(a + m) * (n + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / nonZero(1 + odd * d);
    c = nonZero(1 + odd / c);
    h *= d * c;
    if (Math.abs(d * c - 1) < 1e-16) break;
  }
  return (front * h) / a;
}

const nonZero = (x: number): number => (Math.abs(x) < TINY ? TINY : x);
