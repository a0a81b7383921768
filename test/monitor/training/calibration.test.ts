import { describe, expect, it } from 'vitest';
import { Random } from '../../../core/random.ts';
import type { Dismissal } from '../../../core/types.ts';
import { alertDecades } from '../../../detector/calibration.ts';
import { decades } from '../../../detector/knots.ts';
import type { ScoredWindow } from '../../../monitor/controller/ports.ts';
import { dismissalsOf, withDismissals } from '../../../monitor/training/dismissals.ts';
import { recalibrate } from '../../../monitor/training/recalibrate.ts';
import { dataOf, HOP_MS, incidentOf, labelOf, trainingConfig } from './make.ts';

const config = trainingConfig();
const WINDOWS = 8000;
const toMs = WINDOWS * HOP_MS;

/** Scores that are exponential with this mean. */
function scoresOf(mean: number, windows = WINDOWS): ScoredWindow[] {
  const random = new Random(3);
  return Array.from({ length: windows }, (_, i) => ({
    entity: 'db-1',
    windowStartMs: i * HOP_MS,
    score: -mean * Math.log(1 - random.next()),
    pValue: 0.5,
    severity: 0.1,
  }));
}
const order = { modelId: 'm', version: 4, toMs, quarantine: [] };

describe('calibrating anew', () => {
  it('gives knots by which the alert rate means again what it should', async () => {
    const found = await recalibrate(dataOf({ rows: [], scores: scoresOf(3) }), config, order);
    if (!found.ok) throw new Error(found.fault.detail);
    const { combined, ...rest } = found.value;
    expect(rest).toEqual({ modelId: 'm', version: 4, alertRate: config.detector.alertRate, dismissals: [] });
    const limit = alertDecades(config.detector.alertRate);
    const alerts = scoresOf(3).filter(({ score }) => decades(score, combined!) > limit).length;
    expect(alerts / WINDOWS / config.detector.alertRate).toBeGreaterThan(0.5);
    expect(alerts / WINDOWS / config.detector.alertRate).toBeLessThan(2);
  });

  it('leaves out what is quarantined and what was labelled anomalous', async () => {
    const usual = scoresOf(1);
    const scores = usual.map((one, i) => (i >= 1000 && i < 1400 ? { ...one, score: 1e6 } : one));
    const knots = async (more: Parameters<typeof dataOf>[0], quarantine = order.quarantine as never[]) => {
      const found = await recalibrate(dataOf(more), config, { ...order, quarantine });
      return found.ok ? found.value.combined!.at(-1)! : Number.NaN;
    };
    const range = { fromMs: 1000 * HOP_MS, toMs: 1400 * HOP_MS };
    expect(await knots({ rows: [], scores })).toBeGreaterThan(1e5);
    expect(await knots({ rows: [], scores }, [{ ...range, entity: null, reason: 'storm' }] as never[])).toBeLessThan(
      20,
    );
    expect(await knots({ rows: [], scores, labels: [labelOf('db-1', 1000, 1400, 'anomalous')] })).toBeLessThan(20);
  });

  it('too few scores calibrate nothing', async () => {
    const few = await recalibrate(dataOf({ rows: [], scores: scoresOf(1, 100) }), config, { ...order, toMs: 1e6 });
    expect(few).toMatchObject({ ok: false, fault: { code: 'too_little_data' } });
  });
});

describe('dismissals', () => {
  const attribution = { metric: 'cpu', share: 1, value: 90, expectedLow: 20, expectedHigh: 40 };
  const incident = { ...incidentOf('db-1', 1, 2), attributions: [attribution] };

  it('say entity, leading metric, direction and how far out it was', () => {
    const [{ decades: far, ...rest }] = dismissalsOf(incident, 0.001) as [Dismissal];
    expect(rest).toEqual({ entity: 'db-1', metric: 'cpu', direction: 'high' });
    expect(far).toBeCloseTo(4.5, 9);
    const verdict = { pValue: 1e-6, severity: 2, attributions: [attribution] };
    expect(dismissalsOf(incident, 0.001, [verdict])[0]!.decades).toBeCloseTo(6, 9);
    const low = { ...incident, attributions: [{ ...attribution, value: 3 }] };
    expect(dismissalsOf(low, 0.001)[0]!.direction).toBe('low');
  });

  it('are one more for the shadow of an anomaly, where another metric or direction leads; quiet windows add none', () => {
    const back = { ...attribution, value: 22 };
    const verdicts = [
      { pValue: 1e-6, severity: 2, attributions: [attribution] },
      { pValue: 1e-4, severity: 1.3, attributions: [back] },
      { pValue: 1e-5, severity: 1.6, attributions: [back] },
      { pValue: 0.01, severity: 0.7, attributions: [{ ...back, metric: 'queue' }] },
    ];
    const found = dismissalsOf(incident, 0.001, verdicts);
    expect(found.map(({ metric, direction }) => [metric, direction])).toEqual([
      ['cpu', 'high'],
      ['cpu', 'low'],
    ]);
    expect(found[1]!.decades).toBeCloseTo(5, 9);
  });

  it('are nothing for an absence, and where nobody knows the metric or the direction', () => {
    expect(dismissalsOf({ ...incident, kind: 'absence' }, 0.001)).toEqual([]);
    expect(dismissalsOf({ ...incident, attributions: [] }, 0.001)).toEqual([]);
    const blind = { ...attribution, expectedLow: Number.NaN, expectedHigh: Number.NaN };
    expect(dismissalsOf({ ...incident, attributions: [blind] }, 0.001)).toEqual([]);
  });

  it('are 256 at most, the oldest go, and of several about the same the largest holds', () => {
    const of = (k: number, size = 4) => ({ entity: `e${k}`, metric: 'm', direction: 'high' as const, decades: size });
    const many = withDismissals(
      [],
      Array.from({ length: 300 }, (_, k) => of(k)),
    );
    expect(many).toHaveLength(256);
    expect(many[0]).toEqual(of(44));
    expect(withDismissals([of(1, 6), of(2)], [of(1, 5)])).toEqual([of(2), of(1, 6)]);
  });
});
