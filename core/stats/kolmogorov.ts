import { exp, ln } from '../math.ts';

const PI2 = Math.PI * Math.PI;
/** Its matrix costs the cube of n·d; the expansion has nine digits by then. */
const DURBIN_UP_TO = 20_000;
const BIG = 2 ** 512;
const BIG_BITS = 512;

/**
 * P(D ≥ d) for the one-sample Kolmogorov statistic D of n ≥ 1 independent values from a continuous distribution. The
 * method for each region of (n, d) is the choice of Simard and L'Ecuyer, "Computing the two-sided Kolmogorov-Smirnov
 * distribution" (2011): exact where that is quick, else an expansion with about ten digits.
 */
export function kolmogorovTail(n: number, d: number): number {
  if (d >= 1) return 0;
  const t = n * d;
  if (!(t > 0.5)) return 1;
  if (t <= 1) {
    let p = 1;
    for (let i = 1; i <= n; i++) p *= (i / n) * (2 * t - 1);
    return 1 - p;
  }
  if (t >= n - 1) return 2 * (1 - d) ** n;
  const spread = t * d;
  if (d >= 0.5 || spread > 4 || (n > 140 && n <= 100_000 && spread >= 2.2)) return Math.min(1, 2 * smirnovTail(n, d));
  if (n <= 140 || (n <= DURBIN_UP_TO && n * d ** 1.5 <= 1.4)) return clip(1 - durbin(n, d));
  return clip(1 - pelzGood(n, d));
}

const clip = (p: number): number => Math.min(1, Math.max(0, p));

/** P(D⁺ ≥ d), one-sided; Birnbaum and Tingey (1951): terms are positive, so nothing cancels. */
export function smirnovTail(n: number, d: number): number {
  let sum = 0;
  let lnChoose = 0;
  const last = Math.floor(n * (1 - d));
  for (let j = 0; j <= last; j++) {
    const x = d + j / n;
    const rest = 1 - x;
    if (rest > 0) sum += exp(lnChoose + (j - 1) * ln(x) + (n - j) * ln(rest));
    else if (j === n) sum += exp((j - 1) * ln(x));
    lnChoose += ln((n - j) / (j + 1));
  }
  return d * sum;
}

/** P(D < d) by Durbin's matrix; Marsaglia, Tsang and Wang, "Evaluating Kolmogorov's distribution" (2003). */
function durbin(n: number, d: number): number {
  const k = Math.ceil(n * d);
  const size = 2 * k - 1;
  const h = k - n * d;
  let power: Float64Array = new Float64Array(size * size);
  for (let i = 0; i < size; i++) for (let j = 0; j < size; j++) power[i * size + j] = i - j + 1 < 0 ? 0 : 1;
  for (let i = 0; i < size; i++) {
    power[i * size]! -= h ** (i + 1);
    power[(size - 1) * size + i]! -= h ** (size - i);
  }
  if (2 * h > 1) power[(size - 1) * size]! += (2 * h - 1) ** size;
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      for (let g = 1; g <= i - j + 1; g++) power[i * size + j]! /= g;
    }
  }
  const centre = (k - 1) * size + k - 1;
  let product: Float64Array | null = null;
  let bits = 0;
  let powerBits = 0;
  for (let rest = n; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) {
      product = product ? times(product, power, size) : power.slice();
      bits += powerBits;
      bits += lower(product, centre);
    }
    if (rest > 1) {
      power = times(power, power, size);
      powerBits = 2 * powerBits + lower(power, centre);
    }
  }
  let p = product![centre]!;
  for (let i = 1; i <= n; i++) {
    p *= i / n;
    if (p < 1 / BIG) {
      p *= BIG;
      bits -= BIG_BITS;
    }
  }
  for (; bits > 0; bits -= BIG_BITS) p *= BIG;
  for (; bits < 0; bits += BIG_BITS) p /= BIG;
  return p;
}

/** Keeps a matrix in the range of doubles; says by how many powers of two it was lowered. */
function lower(matrix: Float64Array, centre: number): number {
  if (matrix[centre]! <= BIG) return 0;
  for (let i = 0; i < matrix.length; i++) matrix[i]! /= BIG;
  return BIG_BITS;
}

function times(a: Float64Array, b: Float64Array, size: number): Float64Array {
  const out = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < size; k++) {
      const x = a[i * size + k]!;
      if (x === 0) continue;
      for (let j = 0; j < size; j++) out[i * size + j]! += x * b[k * size + j]!;
    }
  }
  return out;
}

/** P(D < d) by the expansion of Pelz and Good (1976), to the order n^(−3/2). */
function pelzGood(n: number, d: number): number {
  const z = Math.sqrt(n) * d;
  const z2 = z * z;
  const z4 = z2 * z2;
  const z6 = z4 * z2;
  if (-PI2 / 8 / z2 < -708) return 0;
  const k = [0, 0, 0, 0];
  const terms = Math.ceil((16 * z) / Math.PI);
  for (let i = terms; i >= 1; i--) {
    const m2 = (2 * i - 1) ** 2;
    const e = exp((-PI2 * m2) / (8 * z2));
    k[0]! += e;
    k[1]! += e * (-z2 + (PI2 / 4) * m2);
    k[2]! += e * (6 * z6 + 2 * z4 + ((2 * z4 - 5 * z2) * PI2 * m2) / 4 + (PI2 ** 2 * (1 - 2 * z2) * m2 ** 2) / 16);
    k[3]! +=
      e *
      (-30 * z6 -
        90 * z4 * z4 +
        (PI2 * (135 * z4 - 96 * z6) * m2) / 4 +
        (PI2 ** 2 * (212 * z4 - 60 * z2) * m2 ** 2) / 16 +
        (PI2 ** 3 * (5 - 30 * z2) * m2 ** 3) / 64);
  }
  let second = 0;
  let third = 0;
  for (let i = terms; i >= 1; i--) {
    const e = i * i * exp((-PI2 * i * i) / (2 * z2));
    second += e;
    third += e * (3 * z2 - PI2 * i * i);
  }
  const root = Math.sqrt(2 * Math.PI);
  return (
    root *
    (k[0]! / z +
      k[1]! / (6 * z4) / Math.sqrt(n) +
      (k[2]! / (72 * z6 * z) - (PI2 * second) / (36 * z2 * z)) / n +
      (k[3]! / (6480 * z6 * z4) + (PI2 * third) / (216 * z6)) / (n * Math.sqrt(n)))
  );
}
