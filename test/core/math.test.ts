import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exp2, ln, log2, sinOfTurn } from '../../core/math.ts';
import { Random } from '../../core/random.ts';

const words = new BigInt64Array(1);
const float = new Float64Array(words.buffer);

/** Doubles between two doubles of the same sign. */
function ulps(a: number, b: number): number {
  float[0] = a;
  const x = words[0]!;
  float[0] = b;
  return Math.abs(Number(x - words[0]!));
}

const MOST_ULPS = 2;
/** sin loses the argument's own rounding, so it is held against an absolute error of two units in the last place of 1. */
const SIN_ERROR = 2 * 2 ** -52;

describe('ln', () => {
  test('is within 2 ulp of Math.log over all magnitudes', () => {
    fc.assert(
      fc.property(fc.double({ min: Number.MIN_VALUE, max: Number.MAX_VALUE, noNaN: true }), (x) => {
        expect(ulps(ln(x), Math.log(x))).toBeLessThanOrEqual(MOST_ULPS);
      }),
      { numRuns: 20_000, seed: 1 },
    );
  });

  test('is within 2 ulp of Math.log around 1, where it nearly cancels', () => {
    const random = new Random(1);
    for (let i = 0; i < 20_000; i++) {
      const x = 1 + (random.next() - 0.5) * 2 ** -random.below(50);
      if (x !== 1) expect(ulps(ln(x), Math.log(x))).toBeLessThanOrEqual(MOST_ULPS);
    }
  });

  test('has the special values of a logarithm', () => {
    expect([ln(1), ln(0), ln(-0), ln(-1), ln(Number.NaN), ln(Number.POSITIVE_INFINITY)]).toEqual([
      0,
      Number.NEGATIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      Number.NaN,
      Number.NaN,
      Number.POSITIVE_INFINITY,
    ]);
    expect(log2(8)).toBe(3);
  });
});

describe('exp2', () => {
  test('is within 2 ulp of 2 ** x', () => {
    fc.assert(
      fc.property(fc.double({ min: -1021, max: 1022, noNaN: true }), (x) => {
        expect(ulps(exp2(x), 2 ** x)).toBeLessThanOrEqual(MOST_ULPS);
      }),
      { numRuns: 20_000, seed: 1 },
    );
  });

  test('gives whole powers exactly, 0 far below, infinity far above', () => {
    for (let x = -1022; x <= 1022; x++) expect(exp2(x)).toBe(2 ** x);
    expect([exp2(-1e9), exp2(1e9), exp2(Number.NaN)]).toEqual([0, Number.POSITIVE_INFINITY, Number.NaN]);
  });
});

describe('sinOfTurn', () => {
  test('is the sine of so many turns', () => {
    const random = new Random(1);
    for (let i = 0; i < 20_000; i++) {
      const x = random.next();
      expect(Math.abs(sinOfTurn(x) - Math.sin(2 * Math.PI * x))).toBeLessThanOrEqual(
        SIN_ERROR + 2 * Math.PI * x * 2 ** -53,
      );
    }
  });

  test('meets the quarters of a turn, and never leaves [−1, 1]', () => {
    const quarters = [0, 0.25, 0.5, 0.75, 1].map(sinOfTurn);
    for (const [i, expected] of [0, 1, 0, -1, 0].entries()) expect(quarters[i]).toBeCloseTo(expected, 15);
    for (let x = 0; x <= 1; x += 1 / 4096) expect(Math.abs(sinOfTurn(x))).toBeLessThanOrEqual(1);
  });
});
