import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { precisionAtK } from '../../../core/stats/precision-at-k.ts';
import { averagePrecision, bestF1, rankingCurve, rocAuc } from '../../../core/stats/ranking.ts';
import {
  alarmsAt,
  bestEventF1,
  compositeF1,
  detectionDelay,
  eventScores,
  segmentsOf,
} from '../../../scenarios/quality/events.ts';
import { periodOf, volumeUnderSurface } from '../../../scenarios/quality/vus.ts';
import { madeUp } from './made-up.ts';

// The expected figures were computed by an independent implementation in numpy that agrees with the published ones.
const EXPECTED = [
  {
    ties: false,
    rocAuc: 0.5921132897603486,
    averagePrecision: 0.1668729831890159,
    bestF1: [0.3185840707964602, 0.2506937561942517],
    compositeF1: 0.3194192377495463,
    events: { f1: 0.3076923076923077, precision: 0.18181818181818182, found: 4, falseAlarms: 18 },
    threshold: 0.8649596652394207,
    delay: { mean: 2.5, median: 2.5, p90: 4.7 },
    volumes: { 30: [0.2184781271440963, 0.6679695733614939], 125: [0.38780726177735386, 0.8009707949121577] },
  },
  {
    ties: true,
    rocAuc: 0.5927668845315903,
    averagePrecision: 0.1701540940019883,
    bestF1: [0.3185840707964602, 0.25],
    compositeF1: 0.31858407079646023,
    events: { f1: 0.29629629629629634, precision: 0.17391304347826086, found: 4, falseAlarms: 19 },
    threshold: 0.5,
    delay: { mean: 0.25, median: 0, p90: 0.7 },
    volumes: { 30: [0.2182280652720023, 0.6672564979305882], 125: [0.38182363865650676, 0.8001127014570373] },
  },
] as const;

describe.each(EXPECTED)('on made-up scores (ties: $ties)', (expected) => {
  const { labels, scores } = madeUp(expected.ties);
  const curve = rankingCurve(labels, scores);

  test('measures of the ranking equal the reference', () => {
    expect(rocAuc(curve)).toBeCloseTo(expected.rocAuc, 10);
    expect(averagePrecision(curve)).toBeCloseTo(expected.averagePrecision, 10);
    expect(bestF1(curve).f1).toBeCloseTo(expected.bestF1[0], 10);
    expect(bestF1(curve).threshold).toBeCloseTo(expected.bestF1[1], 10);
    expect(compositeF1(labels, scores, curve)).toBeCloseTo(expected.compositeF1, 10);
  });

  test('the volume under the surface equals the reference for a small and a large buffer', () => {
    for (const [window, [pr, roc]] of Object.entries(expected.volumes)) {
      const volume = volumeUnderSurface(labels, scores, Number(window));
      expect(volume.vusPr).toBeCloseTo(pr, 10);
      expect(volume.vusRoc).toBeCloseTo(roc, 10);
    }
  });

  test('the best event F1, its threshold and the delay there equal the reference', () => {
    const best = bestEventF1(labels, scores);
    expect(best).toMatchObject({ found: expected.events.found, falseAlarms: expected.events.falseAlarms });
    expect(best.f1).toBeCloseTo(expected.events.f1, 10);
    expect(best.precision).toBeCloseTo(expected.events.precision, 10);
    expect(best.threshold).toBeCloseTo(expected.threshold, 10);
    const delay = detectionDelay(labels, alarmsAt(scores, best.threshold));
    expect(delay.mean).toBeCloseTo(expected.delay.mean, 10);
    expect(delay.median).toBeCloseTo(expected.delay.median, 10);
    expect(delay.p90).toBeCloseTo(expected.delay.p90, 10);
    expect(delay.missed).toBe(0);
  });
});

test('event scores heed gap, tolerance and unit as the reference does', () => {
  const { labels, scores } = madeUp(false);
  const alarms = alarmsAt(scores, 0.9);
  const tight = eventScores(labels, alarms, { gap: 3, tolerance: 5, unit: 10 });
  expect(tight).toMatchObject({ found: 4, falseAlarms: 49 });
  expect(eventScores(labels, alarms)).toMatchObject({ found: 4, falseAlarms: 28 });
});

test('one alarm over everything finds every event and pays for its length', () => {
  const { labels } = madeUp(false);
  const all = eventScores(labels, new Uint8Array(600).fill(1));
  expect(all.recall).toBe(1);
  expect(all.falseAlarms).toBe(2 + 1 + 5 + 11);
});

test('a perfect score has every measure at 1, a silent one has no events', () => {
  const { labels } = madeUp(false);
  const perfect = Float64Array.from(labels);
  const curve = rankingCurve(labels, perfect);
  expect([rocAuc(curve), averagePrecision(curve), bestF1(curve).f1, precisionAtK(curve)]).toEqual([1, 1, 1, 1]);
  expect(eventScores(labels, new Uint8Array(600))).toMatchObject({ found: 0, falseAlarms: 0, f1: 0 });
});

test('without an anomaly the measures say that they have no meaning', () => {
  const labels = new Uint8Array(10);
  const scores = Float64Array.from(labels, (_, i) => i);
  const curve = rankingCurve(labels, scores);
  for (const figure of [rocAuc(curve), averagePrecision(curve), bestF1(curve).f1, precisionAtK(curve)]) {
    expect(figure).toBeNaN();
  }
  expect(volumeUnderSurface(labels, scores, 5).vusPr).toBeNaN();
  expect(detectionDelay(labels, new Uint8Array(10)).mean).toBeNaN();
});

test('a tie at the edge of the K highest scores counts in part', () => {
  const labels = Uint8Array.from([1, 0, 1, 0]);
  expect(precisionAtK(rankingCurve(labels, Float64Array.from([3, 2, 2, 1])))).toBeCloseTo((1 + 0.5) / 2, 12);
});

test('the period is the highest peak of the autocorrelation, and 125 where there is none', () => {
  const wave = Float64Array.from(
    { length: 600 },
    (_, i) => Math.sin((2 * Math.PI * i) / 48) + (0.3 * ((i * 7919) % 1009)) / 1009,
  );
  expect(periodOf(wave)).toBe(48);
  expect(periodOf(new Float64Array(500).fill(1))).toBe(125);
  expect(periodOf(Float64Array.from({ length: 600 }, (_, i) => i))).toBe(125);
});

test('measures of a ranking depend on the order of the scores alone', () => {
  const rows = fc.array(fc.tuple(fc.integer({ min: 0, max: 1 }), fc.integer({ min: -20, max: 20 })), {
    minLength: 2,
    maxLength: 60,
  });
  fc.assert(
    fc.property(rows, fc.integer({ min: 1, max: 9 }), (data, window) => {
      const labels = Uint8Array.from(data, ([label]) => label);
      const scores = Float64Array.from(data, ([, score]) => score);
      const bent = scores.map((s) => s * s * s + 1000);
      const of = (s: Float64Array) => {
        const curve = rankingCurve(labels, s);
        const { vusPr, vusRoc } = volumeUnderSurface(labels, s, window);
        return [rocAuc(curve), averagePrecision(curve), bestF1(curve).f1, precisionAtK(curve), vusPr, vusRoc];
      };
      expect(of(bent)).toEqual(of(scores));
    }),
  );
});

test('segments cover exactly the rows that are flagged', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 1 })), (flags) => {
      const covered = new Array(flags.length).fill(0);
      for (const { first, last } of segmentsOf(flags)) covered.fill(1, first, last + 1);
      expect(covered).toEqual(flags);
    }),
  );
});
