import fc from 'fast-check';
import { expect, test } from 'vitest';
import { orThrow } from '../../../core/errors.ts';
import { Random } from '../../../core/random.ts';
import { alertRate, eventRate } from '../../../core/stats/alert-rate.ts';
import { pairedBootstrap } from '../../../core/stats/bootstrap.ts';
import { brierScore, expectedCalibrationError, reliability } from '../../../core/stats/calibration-error.ts';
import { applyIsotonic, decideIsotonic, fitIsotonic } from '../../../core/stats/isotonic.ts';
import { ksStatistic } from '../../../core/stats/ks.ts';
import { ksPValue } from '../../../core/stats/ks-p-value.ts';
import { precisionAtKWithInterval } from '../../../core/stats/precision-at-k.ts';
import { averagePrecision, rankingCurve } from '../../../core/stats/ranking.ts';
import { uniformity } from '../../../core/stats/uniformity.ts';

const code = (result: { ok: true } | { ok: false; fault: { code: string } }) => (result.ok ? 'ok' : result.fault.code);
const rows = fc.array(fc.tuple(fc.integer({ min: -9, max: 9 }), fc.integer({ min: 0, max: 1 })), { minLength: 1 });
const ap = (scores: Float64Array, labels: Float64Array) => averagePrecision(rankingCurve(labels, scores));

/** Scores whose true probability is steeper than what is claimed, or just what is claimed. */
function made(n: number, seed: number, distorted: boolean) {
  const random = new Random(seed);
  const scores = Float64Array.from({ length: n }, () => random.next());
  const labels = scores.map((s) => (random.next() < (distorted ? s ** 4 : s) ? 1 : 0));
  return { scores, labels };
}

test('an isotonic map never falls, and fits its rows at least as well as any constant', () => {
  fc.assert(
    fc.property(rows, (all) => {
      const labels = all.map(([, y]) => y);
      const map = orThrow(
        fitIsotonic(
          all.map(([s]) => s),
          labels,
        ),
      );
      const probabilities = Array.from({ length: 41 }, (_, i) => applyIsotonic(map, i / 2 - 10));
      expect(probabilities.every((p, i) => p >= 0 && p <= 1 && (i === 0 || p >= probabilities[i - 1]!))).toBe(true);
      const base = labels.reduce((sum, y) => sum + y, 0) / labels.length;
      const fitted = orThrow(
        brierScore(
          all.map(([s]) => applyIsotonic(map, s)),
          labels,
        ),
      );
      expect(fitted).toBeLessThanOrEqual(base * (1 - base) + 1e-12);
    }),
  );
});

test('a map is kept where probabilities are wrong, and not where they are right already', () => {
  const wrong = made(2_000, 1, true);
  const kept = orThrow(decideIsotonic(wrong.scores, wrong.labels, wrong.scores));
  expect(kept.brierWith).toBeLessThan(kept.brierWithout);
  expect(kept.map).not.toBeNull();
  const decisions = Array.from({ length: 20 }, (_, seed) => {
    const right = made(200, seed, false);
    return orThrow(decideIsotonic(right.scores, right.labels, right.scores));
  });
  for (const { map, brierWith, brierWithout } of decisions) expect(map === null).toBe(brierWith >= brierWithout);
  expect(decisions.filter(({ map }) => map === null).length).toBeGreaterThan(15);
  expect(code(decideIsotonic([1], [1], [1]))).toBe('argument_invalid');
  expect(code(fitIsotonic([1, 2], [1]))).toBe('bins_mismatch');
  expect(code(fitIsotonic([Number.NaN], [1]))).toBe('sample_not_finite');
  expect(code(fitIsotonic([1], [1], [0]))).toBe('argument_invalid');
});

test('calibration error is 0 where every bin holds what it claims, and bad probabilities are refused', () => {
  const table = orThrow(reliability([0, 0, 0.5, 0.5, 1], [0, 0, 1, 0, 1], 4, 'equal_width'));
  expect(expectedCalibrationError(table)).toBe(0);
  expect(table.map((bin) => bin.rows)).toEqual([2, 0, 2, 1]);
  expect(code(brierScore([], []))).toBe('sample_empty');
  expect(code(brierScore([1.1], [1]))).toBe('argument_invalid');
  expect(code(brierScore([0.5], [2]))).toBe('argument_invalid');
  expect(code(reliability([0.5], [1], 0, 'equal_mass'))).toBe('argument_invalid');
});

test('precision at k comes with an interval that holds it', () => {
  const curve = rankingCurve([1, 0, 1, 0], Float64Array.of(4, 3, 2, 1));
  const { value, interval } = orThrow(precisionAtKWithInterval(curve, 3));
  expect(value).toBeCloseTo(2 / 3, 12);
  expect(interval[0]).toBeLessThan(value);
  expect(interval[1]).toBeGreaterThan(value);
  expect(code(precisionAtKWithInterval(curve, 5))).toBe('argument_invalid');
});

test('alert rates: 1 is what was configured, none at all is 0 with an upper limit, no windows are no figure', () => {
  expect(orThrow(alertRate(10, 1_000, 0.01)).ratio).toBeCloseTo(1, 12);
  const none = orThrow(alertRate(0, 1_000, 0.01));
  expect([none.ratio, none.interval[0]]).toEqual([0, 0]);
  // The rule of three, for 95 % on both sides: 3.69 of 1,000.
  expect(none.interval[1]).toBeCloseTo(0.3682, 3);
  expect(orThrow(eventRate(4, 2)).ratio).toBe(2);
  expect([
    code(alertRate(0, 0, 0.01)),
    code(alertRate(2, 1, 0.01)),
    code(alertRate(1, 2, 0)),
    code(eventRate(1, 0)),
  ]).toEqual(['sample_empty', 'count_invalid', 'argument_invalid', 'argument_invalid']);
});

test('a paired bootstrap sees the better model, repeats itself by its seed, and finds no difference in one model', () => {
  const { scores, labels } = made(400, 3, false);
  const random = new Random(9);
  const worse = scores.map((s) => s + 0.5 * random.normal());
  const run = (seed: number) => orThrow(pairedBootstrap(worse, scores, labels, ap, { seed, resamples: 200 }));
  expect(run(1)).toEqual(run(1));
  expect(run(1)).not.toEqual(run(2));
  expect(run(1).interval[0]).toBeGreaterThan(0);
  expect(run(1).challengerBetter).toBeGreaterThan(0.99);
  const same = orThrow(pairedBootstrap(scores, scores, labels, ap, { seed: 1, resamples: 50 }));
  expect(same).toEqual({ difference: 0, interval: [0, 0], challengerBetter: 0.5, resamples: 50 });
  expect(code(pairedBootstrap(scores, scores, labels.fill(0), ap, { seed: 1 }))).toBe('sample_empty');
});

test('groups are drawn whole', () => {
  const groups = [0, 0, 1, 1];
  const seen = new Set<number>();
  const statistic = (scores: Float64Array) => {
    for (let i = 0; i < scores.length; i += 2) seen.add(scores[i + 1]! - scores[i]!);
    return 0;
  };
  const scores = Float64Array.of(1, 2, 5, 6);
  orThrow(pairedBootstrap(scores, scores, [0, 1, 0, 1], statistic, { seed: 1, groups, resamples: 20 }));
  expect([...seen]).toEqual([1]);
  expect(code(pairedBootstrap(scores, scores, [0, 1, 0, 1], statistic, { seed: 1, groups: [0, 2, 1, 1] }))).toBe(
    'argument_invalid',
  );
});

test('KS by buckets equals KS by sorting on large samples, with ties, outliers and extremes', () => {
  const random = new Random(4);
  const bySorting = (a: Float64Array, b: Float64Array) => {
    const all = [...a, ...b].sort((x, y) => x - y);
    const [x, y] = [a.slice().sort(), b.slice().sort()];
    let i = 0;
    let j = 0;
    let most = 0;
    for (const at of all) {
      while (i < x.length && x[i]! <= at) i++;
      while (j < y.length && y[j]! <= at) j++;
      most = Math.max(most, Math.abs(i * y.length - j * x.length));
    }
    return most / (x.length * y.length);
  };
  const shapes: ((i: number) => number)[] = [
    () => random.normal(),
    () => Math.round(3 * random.normal()),
    (i) => (i === 0 ? 1e12 : random.normal()),
    (i) => (i === 0 ? Number.MAX_VALUE : i === 1 ? -Number.MAX_VALUE : random.normal()),
    () => 7,
    () => 10 ** (40 * random.normal()),
  ];
  for (const shape of shapes) {
    const a = Float64Array.from({ length: 5_000 }, (_, i) => shape(i));
    const b = Float64Array.from({ length: 3_000 }, (_, i) => shape(i) / 1.02);
    expect(orThrow(ksStatistic(a, b))).toBe(bySorting(a, b));
    expect(orThrow(ksStatistic(b, a))).toBe(bySorting(a, b));
  }
});

test('samples without values or with infinite ones have no KS statistic', () => {
  const one = Float64Array.of(1);
  expect(code(ksStatistic(new Float64Array(), one))).toBe('sample_empty');
  expect(code(ksStatistic(one, Float64Array.of(Number.NaN)))).toBe('sample_not_finite');
  expect(code(ksPValue(0.5, 0, 1))).toBe('count_invalid');
  expect(code(ksPValue(1.5, 1, 1))).toBe('argument_invalid');
  expect(code(ksPValue(0.5, 20_000, 1, 'exact'))).toBe('argument_invalid');
  expect(code(uniformity([]))).toBe('sample_empty');
  expect(code(uniformity([-0.1]))).toBe('argument_invalid');
});
