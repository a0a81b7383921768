/*
 * What operators of anomaly detectors complain about most, each as a test of its own: the whole path from the bytes of
 * a record to the verdict, at production settings, on the decoder that production uses.
 */
import { describe, expect, test } from 'vitest';
import { orThrow } from '../core/errors.ts';
import type { Verdict } from '../core/types.ts';
import { combine } from '../detector/calibration.ts';
import { EVIDENCE, evidenceSize, gatherEvidence } from '../detector/evidence.ts';
import { historySize, newRow, observe } from '../detector/forecast.ts';
import { loadModel } from '../detector/model.ts';
import { trainArtifact } from '../detector/offline.ts';
import { gatherSeries } from '../detector/train.ts';
import {
  CONFIG,
  HISTORY,
  history,
  MODEL,
  NORMAL,
  type Signal,
  START_MS,
  Stream,
  served,
  WINDOW_MS,
} from './complaints-site.ts';

/** Windows until all that a row sees has been in service: half-lives of 60 windows forget what came before. */
const SETTLED = 2000;

/** Every way in which an entity is served, at production settings. */
const WAYS = [
  { way: 'by its trained profile', start: () => served(MODEL), warmUp: 300 },
  { way: 'by a forest that its stream trained by itself', start: () => served(null, { selfTrain: true }), warmUp: 900 },
  { way: 'by its own past alone', start: () => served(null), warmUp: 900 },
];

describe('never stuck initialising', () => {
  test('from nothing, the first window has a verdict by the fallback at once', () => {
    const stream = served(null, { selfTrain: true });
    stream.live(3, NORMAL);
    expect(stream.of('a')[0]).toMatchObject({ windowStartMs: START_MS, source: 'fallback', probation: true });
  });

  test('from nothing, the forest serves from the very window that completes the history it needs', () => {
    const stream = served(null, { selfTrain: true });
    stream.live(CONFIG.training.windows + 5, NORMAL);
    expect(stream.run.trainingFault).toBeNull();
    const first = stream.of('a').findIndex((verdict) => verdict.source === 'forest');
    expect(first).toBe(CONFIG.training.windows);
  });

  test('from history, the first window has a verdict by the forest', () => {
    const stream = served(MODEL);
    stream.live(3, NORMAL);
    expect(stream.of('a')[0]).toMatchObject({ windowStartMs: START_MS, source: 'forest' });
  });
});

describe('silence is seen, and recovery is no anomaly', () => {
  test.each(WAYS)('served $way: silence raises an absence incident, and the return closes it', ({ start, warmUp }) => {
    const stream = start();
    stream.live(warmUp, NORMAL);
    const before = stream.incidents.length;
    stream.live(60, { b: NORMAL.b });
    stream.live(60, NORMAL);
    const since = stream.incidents.slice(before).filter(({ entity }) => entity === 'a');
    expect(since.map(({ kind, resolvedMs }) => [kind, resolvedMs !== null])).toEqual([
      ['absence', false],
      ['absence', true],
    ]);
  });

  test.each(WAYS)(
    'served $way: traffic that falls to zero is an anomaly while it lasts, not when it is back',
    ({ start, warmUp }) => {
      const stream = start();
      stream.live(warmUp, NORMAL);
      const seen = stream.of('a').length;
      stream.live(30, { ...NORMAL, a: (ms) => ({ ...NORMAL.a(ms)!, requests_per_s: 0 }) });
      stream.live(100, NORMAL);
      const opened = stream.incidents.filter(({ entity, kind }) => entity === 'a' && kind === 'anomaly');
      const during = stream.of('a').slice(seen, seen + 4);
      expect(Math.max(...during.map(({ severity }) => severity))).toBeGreaterThan(1);
      const fromMs = during[0]!.windowStartMs;
      const recoveredMs = fromMs + 30 * WINDOW_MS;
      expect(opened.filter(({ startMs }) => startMs >= fromMs && startMs < fromMs + 4 * WINDOW_MS)).not.toEqual([]);
      expect(opened.filter(({ startMs }) => startMs >= recoveredMs + WINDOW_MS)).toEqual([]);
    },
  );
});

describe('a flat series', () => {
  const flat: Signal = () => ({ requests_per_s: 0, cpu_percent: 42, latency_ms: 0.1 + 0.2 });

  test.each([
    { way: 'by its own past', start: () => served(null), windows: 800 },
    {
      way: 'by a forest that its stream trained by itself',
      start: () => served(null, { selfTrain: true }),
      windows: 800,
    },
    {
      way: 'by a profile of it',
      start: () => {
        const flatHistory = new Stream({ keepRows: true });
        flatHistory.live(600, { a: flat });
        return served(orThrow(trainArtifact(flatHistory.run.rows, CONFIG)).artifact);
      },
      windows: 100,
    },
  ])('served $way has severity 0, and nothing divides by zero', ({ start, windows }) => {
    const stream = start();
    stream.live(windows, { a: flat });
    expect(stream.verdicts.length).toBeGreaterThan(windows - 5);
    expect(new Set(stream.verdicts.map(({ severity }) => severity))).toEqual(new Set([0]));
    for (const { score, pValue, readings } of stream.verdicts) {
      expect(Number.isFinite(score)).toBe(true);
      expect(pValue).toBe(1);
      for (const edge of [...readings.low, ...readings.high]) expect(edge).not.toBe(Number.POSITIVE_INFINITY);
    }
    expect(stream.incidents).toEqual([]);
  });
});

describe('scores point the right way', () => {
  test.each(WAYS)(
    'served $way: a metric far up or down is more severe than 99 of 100 usual windows, and is the one that is named',
    ({ start, warmUp }) => {
      const stream = start();
      stream.live(warmUp, NORMAL);
      stream.live(500, NORMAL);
      const usual = stream
        .of('a')
        .slice(-500)
        .map(({ severity }) => severity)
        .sort((x, y) => x - y);
      const high = usual[Math.floor(usual.length * 0.99)]!;
      for (const metric of ['requests_per_s', 'cpu_percent', 'latency_ms']) {
        for (const factor of [0.3, 3]) {
          const seen = stream.of('a').length;
          stream.live(3, { ...NORMAL, a: (ms) => ({ ...NORMAL.a(ms)!, [metric]: NORMAL.a(ms)![metric]! * factor }) });
          stream.live(200, NORMAL);
          const struck = stream.of('a').slice(seen, seen + 4);
          const worst = struck.reduce((x, y) => (y.severity > x.severity ? y : x));

          expect([metric, factor, worst.severity > high, worst.attributions[0]?.metric]).toEqual([
            metric,
            factor,
            true,
            metric,
          ]);
        }
      }
    },
  );

  test.each(WAYS)(
    'served $way: a larger severity is a smaller p-value, and 1 is the configured alert rate',
    ({ start, warmUp }) => {
      const stream = start();
      stream.live(warmUp, NORMAL);
      const sorted = stream.of('a').sort((x, y) => x.pValue - y.pValue);
      for (const { severity, pValue } of sorted)
        if (severity > 1) expect(pValue).toBeLessThan(CONFIG.detector.alertRate * 1.001);
      expect(Math.max(...sorted.slice(-10).map(({ severity }) => severity))).toBeLessThanOrEqual(sorted[0]!.severity);
    },
  );
});

describe('training and serving', () => {
  const stream = served(MODEL);
  stream.live(HISTORY, NORMAL);
  const model = orThrow(loadModel(MODEL));
  const series = gatherSeries(history.run.rows);

  test.each(['a', 'b'])('compute the same features, bit for bit (%s)', (entity) => {
    const { values, features } = series.get(entity)!;
    for (const [i, { readings }] of stream.of(entity).entries()) {
      expect(readings.features).toEqual(features);
      expect(readings.values).toEqual(values.slice(i * features.length, (i + 1) * features.length));
    }
  });

  test.each(['a', 'b'])('give the same windows the same scores, once the state has settled (%s)', (entity) => {
    const { profile } = model.entities.get(entity)!;
    const { values, rows, features } = series.get(entity)!;
    const n = features.length;
    const past = new Float64Array(historySize(n));
    const state = new Float64Array(evidenceSize(n));
    const row = newRow(n);
    const evidence = new Float64Array(EVIDENCE);
    const verdicts = stream.of(entity);
    for (let i = 0; i < rows; i++) {
      observe(profile, past, values.subarray(i * n, (i + 1) * n), row);
      const tailSum = gatherEvidence(row.evidence, state, evidence);
      const score = combine(model.calibration, model.forest.score(evidence, 0), tailSum);
      if (i >= SETTLED) expect(verdicts[i]!.score).toBeCloseTo(score, 6);
    }
  });
});

describe('memory is in time, not in samples', () => {
  test.each([true, false])(
    'ten times as many points in the same time give the same verdicts (with a model: %s)',
    (modelled) => {
      const seldom = served(modelled ? MODEL : null, { stepMs: 10_000 });
      const often = served(modelled ? MODEL : null, { stepMs: 1_000 });
      for (const stream of [seldom, often]) stream.live(200, { a: NORMAL.a });
      const told = ({ windowStartMs, source, severity }: Verdict) => [windowStartMs, source, severity.toFixed(6)];
      const count = seldom.verdicts.length;
      expect(count).toBeGreaterThan(190);
      expect(often.verdicts.slice(0, count).map(told)).toEqual(seldom.verdicts.map(told));
    },
  );
});
