/* What operators complain about in figures of drift, each as a test of its own. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Alarms, measure, nothingYet } from '../bench/drift/alarms.ts';
import { recorded, SETS } from '../bench/drift/streams.ts';
import { orThrow } from '../core/errors.ts';
import { poissonInterval } from '../core/stats/intervals.ts';
import { kl } from '../core/stats/kl.ts';
import { psi } from '../core/stats/psi.ts';
import { referenceBins } from '../core/stats/reference-bins.ts';
import { loadModel } from '../detector/model.ts';
import { openPack } from '../scenarios/quality/pack.ts';
import { CONFIG, MODEL } from './complaints-site.ts';
import { needs, PACK } from './needs.ts';

describe('the numerics of drift', () => {
  const counts = fc.array(fc.nat(1_000), { minLength: 1, maxLength: 30 }).filter((of) => of.some((n) => n > 0));

  test('identical samples, whatever their size, differ by exactly 0', () => {
    fc.assert(
      fc.property(counts, fc.integer({ min: 1, max: 50 }), (of, times) => {
        const more = of.map((n) => n * times);
        expect([orThrow(psi(of, more)), orThrow(kl(of, more)), orThrow(kl(more, of))]).toEqual([0, 0, 0]);
      }),
    );
  });

  test('empty bins give a finite number, the same from either side', () => {
    const pair = fc.integer({ min: 1, max: 30 }).chain((bins) => {
      const one = fc.array(fc.nat(100), { minLength: bins, maxLength: bins }).filter((of) => of.some((n) => n > 0));
      return fc.tuple(one, one);
    });
    fc.assert(
      fc.property(pair, ([a, b]) => {
        expect(orThrow(psi(a, b))).toBe(orThrow(psi(b, a)));
        expect(Number.isFinite(orThrow(psi(a, b)))).toBe(true);
        expect(Number.isFinite(orThrow(kl(a, b)))).toBe(true);
      }),
    );
  });

  test('the bins asked for are the bins used, in every feature that a model is held against', () => {
    fc.assert(
      fc.property(fc.integer({ min: 4, max: 64 }), (bins) => {
        const sample = Array.from({ length: 500 }, (_, i) => Math.sin(i) * i);
        expect(orThrow(referenceBins(sample, bins)).edges.length - 1).toBe(bins);
      }),
    );
    const { reference } = orThrow(loadModel(MODEL));
    expect(reference!.features.map(({ place }) => place.edges.length - 1)).toEqual(
      reference!.features.map(() => CONFIG.profile.bins),
    );
  });
});

needs('pack')('drift on telemetry that is like itself from hour to hour', () => {
  test('alarms no more often than is configured, on recorded telemetry that its limits never saw', async () => {
    const alarms: Alarms[] = [nothingYet('measured')];
    for await (const stream of recorded(await openPack(PACK!), SETS, 'train')) measure(stream, alarms, 1);
    const [{ alarms: seen, weeks }] = alarms as [Alarms];
    expect(weeks).toBeGreaterThan(20);
    // by chance it may be a few more; docs/drift.md has the figures, and those of the test files
    const [least] = orThrow(poissonInterval(seen));
    expect(least / weeks).toBeLessThanOrEqual(CONFIG.policy.falseAlarmsPerWeek);
  }, 120_000);
});
