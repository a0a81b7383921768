import fc from 'fast-check';
import { linearRegression } from 'simple-statistics';
import { describe, expect, test } from 'vitest';
import { Random } from '../../core/random.ts';
import { Ridge, solveRidge } from '../../detector/ridge.ts';

const RIDGE = 0.05;

test('the solution of a ridge system leaves no residual', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 4 }), fc.integer(), (n, m, seed) => {
      const random = new Random(seed);
      const f = Float64Array.from({ length: n * n }, () => random.normal());
      const a = new Float64Array(n * n);
      for (let i = 0; i < n; i++)
        for (let j = 0; j < n; j++) for (let k = 0; k < n; k++) a[i * n + j]! += f[k * n + i]! * f[k * n + j]!;
      const b = Float64Array.from({ length: n * m }, () => random.normal());
      const x = b.slice();
      solveRidge(a.slice(), n, RIDGE, x, m);
      for (let i = 0; i < n; i++)
        for (let c = 0; c < m; c++) {
          let left = RIDGE * x[i * m + c]!;
          for (let k = 0; k < n; k++) left += a[i * n + k]! * x[k * m + c]!;
          expect(Math.abs(left - b[i * m + c]!)).toBeLessThan(1e-9);
        }
    }),
  );
});

test('a matrix that no ridge makes positive is refused, not divided by', () => {
  expect(() => solveRidge(Float64Array.of(-1), 1, RIDGE, Float64Array.of(1), 1)).toThrow(/pivot 0 of 1/);
});

describe('the regression', () => {
  const N = 3;
  const random = new Random(1);
  const rows = Array.from({ length: 400 }, () => {
    const inputs = Float64Array.from({ length: 3 * N }, () => random.normal());
    const targets = Float64Array.from(
      { length: N },
      (_, c) => inputs[c]! - 0.5 * inputs[N + c]! + 0.1 * random.normal(),
    );
    return { inputs, targets };
  });

  test.each([true, false])('meets its normal equations (from all inputs: %s)', (shared) => {
    const ridge = new Ridge(N, shared);
    for (const { inputs, targets } of rows) ridge.add(inputs, targets);
    const width = shared ? 3 * N : 3;
    const weights = new Float32Array(N * width);
    ridge.solve(RIDGE, weights);
    for (let c = 0; c < N; c++) {
      const mine = (inputs: Float64Array) =>
        shared ? inputs : Float64Array.from({ length: 3 }, (_, i) => inputs[i * N + c]!);
      // At the minimum: F'(z − Fw) / rows = ridge · w.
      const gradient = new Float64Array(width);
      for (const { inputs, targets } of rows) {
        const x = mine(inputs);
        let left = targets[c]!;
        for (let i = 0; i < width; i++) left -= weights[c * width + i]! * x[i]!;
        for (let i = 0; i < width; i++) gradient[i]! += (left * x[i]!) / rows.length;
      }
      for (let i = 0; i < width; i++) expect(gradient[i]).toBeCloseTo(RIDGE * weights[c * width + i]!, 5);
    }
  });

  test('with one input that varies and hardly any ridge, it is the line of least squares', () => {
    const ridge = new Ridge(1, false);
    const points: [number, number][] = [];
    for (let i = 0; i < 100; i++) {
      const x = random.normal();
      const z = 2 * x + random.normal();
      points.push([x, z], [-x, -z]); // symmetric, so that the line has no intercept
      for (const sign of [1, -1]) ridge.add(Float64Array.of(sign * x, 0, 0), Float64Array.of(sign * z));
    }
    const weights = new Float32Array(3);
    ridge.solve(1e-9, weights);
    expect(weights[0]).toBeCloseTo(linearRegression(points).m, 5);
  });
});
