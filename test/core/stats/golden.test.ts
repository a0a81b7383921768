import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Result } from '../../../core/errors.ts';
import { betaI } from '../../../core/stats/beta.ts';
import { brierScore, expectedCalibrationError, reliability } from '../../../core/stats/calibration-error.ts';
import { chiSquare } from '../../../core/stats/chi-square.ts';
import { gammaP, gammaQ, lnGamma } from '../../../core/stats/gamma.ts';
import { binomialInterval, poissonInterval, wilsonInterval } from '../../../core/stats/intervals.ts';
import { applyIsotonic, fitIsotonic } from '../../../core/stats/isotonic.ts';
import { kl } from '../../../core/stats/kl.ts';
import { kolmogorovTail } from '../../../core/stats/kolmogorov.ts';
import { ksStatistic } from '../../../core/stats/ks.ts';
import { ksPValue } from '../../../core/stats/ks-p-value.ts';
import { psi } from '../../../core/stats/psi.ts';
import { averagePrecision, rankingCurve, rocAuc } from '../../../core/stats/ranking.ts';
import { uniformity } from '../../../core/stats/uniformity.ts';

// test/golden/make-stats.py wrote what numpy, scipy and scikit-learn say.
const golden = <T>(name: string): T[] =>
  JSON.parse(readFileSync(new URL(`../../golden/stats/${name}.json`, import.meta.url), 'utf8')) as T[];
const value = <T>(result: Result<T>): T => {
  if (!result.ok) throw new Error(`${result.fault.code}: ${result.fault.detail}`);
  return result.value;
};
/** Within 1e-9 absolutely, and of the figure where it is above 1. */
const near = (got: number, wanted: number, what: unknown): void =>
  expect(Math.abs(got - wanted), `${JSON.stringify(what)}: ${got}, wanted ${wanted}`).toBeLessThanOrEqual(
    1e-9 * Math.max(1, Math.abs(wanted)),
  );

test('PSI and KL agree with scipy on shares floored alike', () => {
  for (const c of golden<{ reference: number[]; serving: number[]; psi: number; kl: number }>('divergence')) {
    near(value(psi(c.reference, c.serving)), c.psi, c);
    near(value(kl(c.reference, c.serving)), c.kl, c);
  }
});

test('the two-sample KS statistic and its p-values agree with ks_2samp, ties and all', () => {
  type Case = { a: number[]; b: number[]; statistic: number; auto: number; asymptotic: number };
  for (const { a, b, statistic, auto, asymptotic } of golden<Case>('ks')) {
    const got = value(ksStatistic(Float64Array.from(a), Float64Array.from(b)));
    const sizes = [a.length, b.length];
    near(got, statistic, sizes);
    near(value(ksPValue(got, a.length, b.length)), auto, sizes);
    near(value(ksPValue(got, a.length, b.length, 'asymptotic')), asymptotic, sizes);
  }
});

test('the Kolmogorov tail agrees with kstwo in each of its regions', () => {
  for (const { n, d, tail } of golden<{ n: number; d: number; tail: number }>('kolmogorov'))
    near(kolmogorovTail(n, d), tail, { n, d });
});

test('incomplete gamma and beta functions agree with scipy', () => {
  for (const c of golden<{ a: number; x: number; p: number; q: number; ln: number }>('gamma')) {
    near(gammaP(c.a, c.x), c.p, c);
    near(gammaQ(c.a, c.x), c.q, c);
    near(lnGamma(c.a), c.ln, c);
  }
  for (const c of golden<{ a: number; b: number; x: number; i: number }>('beta')) near(betaI(c.x, c.a, c.b), c.i, c);
});

test('chi-square agrees with chi2_contingency', () => {
  type Case = { reference: number[]; serving: number[] } & Record<
    'statistic' | 'pValue' | 'degreesOfFreedom' | 'smallestExpected',
    number
  >;
  for (const c of golden<Case>('chi-square')) {
    const got = value(chiSquare(c.reference, c.serving));
    for (const key of ['statistic', 'pValue', 'degreesOfFreedom', 'smallestExpected'] as const)
      near(got[key], c[key], [key, c]);
  }
});

test('uniformity agrees with kstest', () => {
  for (const c of golden<{ pValues: number[]; statistic: number; pValue: number }>('uniformity')) {
    const got = value(uniformity(c.pValues));
    near(got.statistic, c.statistic, c.pValues.length);
    near(got.pValue, c.pValue, c.pValues.length);
  }
});

test('intervals agree with scipy: Clopper-Pearson, Wilson, Garwood', () => {
  type Case = Record<'hits' | 'trials' | 'coverage', number> & Record<'binomial' | 'wilson' | 'poisson', number[]>;
  for (const c of golden<Case>('intervals')) {
    const got = {
      binomial: value(binomialInterval(c.hits, c.trials, c.coverage)),
      wilson: value(wilsonInterval(c.hits, c.trials, c.coverage)),
      poisson: value(poissonInterval(c.hits, c.coverage)),
    };
    for (const key of ['binomial', 'wilson', 'poisson'] as const) {
      near(got[key][0], c[key][0]!, [key, c]);
      near(got[key][1], c[key][1]!, [key, c]);
    }
  }
});

test('Brier score, calibration error and average precision agree with numpy and scikit-learn', () => {
  type Case = { probabilities: number[]; labels: number[] } & Record<
    'bins' | 'brier' | 'equalWidth' | 'equalMass' | 'average',
    number
  >;
  for (const c of golden<Case>('calibration')) {
    near(value(brierScore(c.probabilities, c.labels)), c.brier, c.bins);
    const ece = (rule: 'equal_width' | 'equal_mass') =>
      expectedCalibrationError(value(reliability(c.probabilities, c.labels, c.bins, rule)));
    near(ece('equal_width'), c.equalWidth, c.bins);
    near(ece('equal_mass'), c.equalMass, c.bins);
    near(averagePrecision(rankingCurve(c.labels, Float64Array.from(c.probabilities))), c.average, c.bins);
  }
});

test('with weights they agree with scikit-learn with sample weights', () => {
  type Case = { probabilities: number[]; labels: number[]; weights: number[] } & Record<
    'bins' | 'brier' | 'equalWidth' | 'average' | 'auc',
    number
  >;
  for (const { probabilities, labels, weights, bins, ...wanted } of golden<Case>('weighted')) {
    near(value(brierScore(probabilities, labels, weights)), wanted.brier, bins);
    const table = value(reliability(probabilities, labels, bins, 'equal_width', weights));
    near(expectedCalibrationError(table), wanted.equalWidth, bins);
    const curve = rankingCurve(labels, Float64Array.from(probabilities), weights);
    near(averagePrecision(curve), wanted.average, bins);
    near(rocAuc(curve), wanted.auc, bins);
  }
});

test('isotonic regression agrees with scikit-learn, weighted and not, also between and beyond the scores', () => {
  type Case = Record<'scores' | 'labels' | 'weights' | 'at' | 'plain' | 'weighted', number[]>;
  for (const c of golden<Case>('isotonic')) {
    const plain = value(fitIsotonic(c.scores, c.labels));
    const weighted = value(fitIsotonic(c.scores, c.labels, c.weights));
    for (const [i, at] of c.at.entries()) {
      near(applyIsotonic(plain, at), c.plain[i]!, [c.scores.length, at]);
      near(applyIsotonic(weighted, at), c.weighted[i]!, [c.scores.length, at]);
    }
  }
});
