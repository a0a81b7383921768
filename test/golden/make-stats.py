"""Writes test/golden/stats/*.json: what numpy, scipy and scikit-learn say, for the kernels of core/stats.

Run with numpy 2.4, scipy 1.17 and scikit-learn 1.9. Floats are written with 17 digits, so nothing is lost."""
import json, pathlib
import numpy as np
from scipy import special, stats
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

OUT = pathlib.Path(__file__).parent / 'stats'
OUT.mkdir(exist_ok=True)
rng = np.random.default_rng(20)


def write(name, cases):
    (OUT / f'{name}.json').write_text(json.dumps(cases, default=lambda x: x.tolist(), allow_nan=False) + '\n')


def floored(a, b):
    a, b = np.asarray(a, float), np.asarray(b, float)
    least = 0.5 / min(a.sum(), b.sum())
    p, q = np.maximum(a / a.sum(), least), np.maximum(b / b.sum(), least)
    return p / p.sum(), q / q.sum()


cases = []
for a, b in [([10, 20, 30], [12, 18, 33]), ([0, 5, 5], [5, 5, 0]), ([1000, 0, 1], [3, 4, 0]),
             (rng.poisson(20, 12), rng.poisson(2000, 12)), (rng.poisson(1, 30), rng.poisson(1.5, 30)), ([0, 7, 0], [0, 9, 0])]:
    p, q = floored(a, b)
    cases.append(dict(reference=a, serving=b, kl=stats.entropy(q, p), psi=stats.entropy(q, p) + stats.entropy(p, q)))
write('divergence', cases)

cases = []
for n, m, shift, digits in [(5, 7, 0, 9), (20, 20, .5, 9), (50, 60, 1, 1), (300, 300, .1, 2), (400, 1000, 0, 1), (1000, 401, .2, 0)]:
    a, b = np.round(rng.normal(0, 1, n), digits), np.round(rng.normal(shift, 1, m), digits)
    exact, asymptotic = stats.ks_2samp(a, b), stats.ks_2samp(a, b, method='asymp')
    cases.append(dict(a=a, b=b, statistic=exact.statistic, auto=exact.pvalue, asymptotic=asymptotic.pvalue))
write('ks', cases)

ns = [1, 2, 3, 10, 50, 140, 141, 500, 5000, 50000, 300000]
write('kolmogorov', [dict(n=n, d=d, tail=stats.kstwo.sf(d, n)) for n in ns
                     for d in [c / np.sqrt(n) for c in (.3, .5, .7, 1, 1.2, 1.4, 1.7, 2, 2.5, 4)] if d < 1])

write('gamma', [dict(a=a, x=x, p=special.gammainc(a, x), q=special.gammaincc(a, x), ln=special.gammaln(a))
                for a in [.1, .5, 1, 2.5, 10, 30, 100, 1000.5, 50000] for x in [a * f for f in (.01, .5, .9, 1, 1.1, 1.5, 3)]])
write('beta', [dict(a=a, b=b, x=x, i=special.betainc(a, b, x)) for a in [.5, 1, 3, 40, 5000] for b in [.5, 2, 17, 900, 100000]
               for x in [.001, a / (a + b), .3, .5, .9, .999]])

cases = []
for a, b in [([10, 20, 30], [12, 18, 33]), ([90, 10], [70, 30]), ([0, 5, 5, 0], [5, 5, 1, 0]), ([900, 5, 0], [880, 40, 9])]:
    seen = (np.add(a, b) > 0)
    r = stats.chi2_contingency([np.array(a)[seen], np.array(b)[seen]], correction=False)
    cases.append(dict(reference=a, serving=b, statistic=r.statistic, pValue=r.pvalue, degreesOfFreedom=r.dof, smallestExpected=r.expected_freq.min()))
write('chi-square', cases)

cases = []
for n, power in [(1, 1), (7, 1), (100, 1), (100, 1.3), (2000, 1.02)]:
    p = rng.random(n) ** power
    r = stats.kstest(p, 'uniform')
    cases.append(dict(pValues=p, statistic=r.statistic, pValue=r.pvalue))
write('uniformity', cases)

cases = []
for k, n in [(0, 10), (1, 10), (10, 10), (3, 1000), (250, 100000), (12, 40)]:
    for coverage in (.9, .95, .99):
        t = stats.binomtest(k, n)
        exact, wilson = t.proportion_ci(coverage, 'exact'), t.proportion_ci(coverage, 'wilson')
        side = (1 - coverage) / 2
        poisson = [0 if k == 0 else stats.gamma.ppf(side, k), stats.gamma.isf(side, k + 1)]
        cases.append(dict(hits=k, trials=n, coverage=coverage, binomial=list(exact), wilson=list(wilson), poisson=poisson))
write('intervals', cases)

cases = []
for n, digits, bins in [(100, 9, 10), (200, 9, 4), (1000, 9, 20)]:
    p = np.round(rng.random(n), digits)
    y = (rng.random(n) < p ** 1.5).astype(int)
    width = np.minimum((p * bins).astype(int), bins - 1)
    ece = lambda groups: sum(len(g) * abs(p[g].mean() - y[g].mean()) for g in groups if len(g)) / n
    cases.append(dict(probabilities=p, labels=y, bins=bins, brier=brier_score_loss(y, p), average=average_precision_score(y, p),
                      equalWidth=ece([np.flatnonzero(width == b) for b in range(bins)]),
                      equalMass=ece(np.array_split(np.argsort(p), bins))))
write('calibration', cases)

cases = []
for n, digits in [(1, 3), (10, 9), (100, 1), (300, 9)]:
    s = np.round(rng.normal(0, 1, n), digits)
    y = (rng.random(n) < 1 / (1 + np.exp(-2 * s))).astype(int)
    w = rng.random(n) + .1
    at = np.linspace(-4, 4, 41)
    cases.append(dict(scores=s, labels=y, weights=w, at=at,
                      plain=IsotonicRegression(out_of_bounds='clip').fit(s, y).predict(at),
                      weighted=IsotonicRegression(out_of_bounds='clip').fit(s, y, sample_weight=w).predict(at)))
write('isotonic', cases)

cases = []
for n, digits, bins in [(60, 9, 5), (300, 9, 10), (300, 1, 4)]:
    p = np.round(rng.random(n), digits)
    y = (rng.random(n) < p ** 1.5).astype(int)
    w = np.where(rng.random(n) < .7, 1, np.round(1 + 50 * rng.random(n), 3))
    width = np.minimum((p * bins).astype(int), bins - 1)
    groups = [np.flatnonzero(width == b) for b in range(bins)]
    gaps = [w[g].sum() * abs(np.average(p[g], weights=w[g]) - np.average(y[g], weights=w[g])) for g in groups if len(g)]
    cases.append(dict(probabilities=p, labels=y, weights=w, bins=bins, equalWidth=sum(gaps) / w.sum(),
                      brier=brier_score_loss(y, p, sample_weight=w), average=average_precision_score(y, p, sample_weight=w),
                      auc=roc_auc_score(y, p, sample_weight=w)))
write('weighted', cases)
