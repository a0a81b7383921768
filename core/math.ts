/**
 * Elementary functions of our own where the last bit could differ between machines: only + − × ÷ and bit moves, so a
 * verdict has the same bytes everywhere. Method: range reduction to [√½, √2) and the atanh series for ln (as in
 * fdlibm's e_log.c), to [−½, ½] and a Taylor polynomial for exp2. Errors against correctly rounded values ≤ 2 ulp.
 */
const float = new Float64Array(1);
const words = new Uint32Array(float.buffer); // little-endian: words[1] is the high half
const LN2_HI = 0.6931471803691238;
const LN2_LO = 1.9082149292705877e-10;
export const LN2 = Math.LN2;
export const LN10 = Math.LN10;

/** Natural logarithm of x. ln(0) = −∞, ln(x < 0) = NaN, ln(∞) = ∞. */
export function ln(x: number): number {
  if (!(x > 0)) return x === 0 ? Number.NEGATIVE_INFINITY : Number.NaN;
  if (x === Number.POSITIVE_INFINITY) return x;
  let exponent = 0;
  if (x < 2.2250738585072014e-308) {
    x *= 18014398509481984; // 2^54 lifts a subnormal into the normal range
    exponent = -54;
  }
  float[0] = x;
  const high = words[1]!;
  exponent += (high >>> 20) - 1023;
  words[1] = (high & 0x000fffff) | 0x3ff00000;
  let m = float[0]!;
  if (m > Math.SQRT2) {
    m *= 0.5;
    exponent += 1;
  }
  const f = m - 1;
  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  const t1 = w * (0.3999999999940942 + w * (0.22222198432149784 + w * 0.15313837699209373));
  const t2 = z * (0.6666666666666735 + w * (0.2857142874366239 + w * (0.1818357216161805 + w * 0.14798198605116586)));
  const half = 0.5 * f * f;
  return exponent * LN2_HI - (half - (s * (half + t1 + t2) + exponent * LN2_LO) - f);
}

/** Logarithm of x to base 2, with the special values of ln. */
export const log2 = (x: number): number => ln(x) / LN2;

/** 2^x for |x| ≤ 1022; 0 below, ∞ above, NaN for NaN. */
export function exp2(x: number): number {
  if (!(x >= -1022)) return Number.isNaN(x) ? x : 0;
  if (x > 1022) return Number.POSITIVE_INFINITY;
  const whole = Math.round(x);
  const f = (x - whole) * LN2;
  let sum = 1;
  for (let k = 14; k >= 1; k--) sum = 1 + (f * sum) / k;
  words[0] = 0;
  words[1] = (whole + 1023) << 20;
  return sum * float[0]!;
}

/** e^x, with the special values of exp2. Relative error ≤ 1e-16 × (|x| + 4). */
export const exp = (x: number): number => exp2(x / LN2);

/** sin(2πx) for x in [0, 1]: folded to a quarter turn, then a Taylor polynomial of degree 21. */
export function sinOfTurn(x: number): number {
  let t = x;
  let sign = 1;
  if (t >= 0.5) {
    t -= 0.5;
    sign = -1;
  }
  if (t > 0.25) t = 0.5 - t;
  const a = t * 6.283185307179586;
  const z = a * a;
  let sum = 1;
  for (let k = 20; k >= 2; k -= 2) sum = 1 - (z * sum) / (k * (k + 1));
  return sign * a * sum;
}
