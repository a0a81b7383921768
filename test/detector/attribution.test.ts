import { beforeAll, describe, expect, test } from 'vitest';
import { Random } from '../../core/random.ts';
import type { Verdict } from '../../core/types.ts';
import { Assessment, attribute } from '../../detector/assessment.ts';
import { FLEET_ENTITIES, METRICS } from '../../scenarios/fleet/services.ts';
import { FleetRun } from './fleet-run.ts';

const FAULT_SECONDS = 120;

describe('faults in the demo fleet, through the path that serves', () => {
  const strikes: { entity: string; metric: string; worst: Verdict }[] = [];
  let quiet: Verdict[] = [];

  beforeAll(() => {
    const run = new FleetRun(7, 24);
    const random = new Random(3);
    run.live(0.5);
    quiet = run.verdicts.slice();
    for (let i = 0; i < 25; i++) {
      const entity = FLEET_ENTITIES[random.below(FLEET_ENTITIES.length)]!;
      const metric = METRICS[random.below(METRICS.length)]!;
      const fromMs = run.nowMs;
      const seen = run.verdicts.length;
      run.inject({ fault: 'unit_change', entity, metric, durationMs: FAULT_SECONDS * 1000, magnitude: 0.3 });
      run.live(0.1);
      const during = run.verdicts
        .slice(seen)
        .filter(
          (v) => v.entity === entity && v.windowStartMs >= fromMs && v.windowStartMs < fromMs + FAULT_SECONDS * 1000,
        );
      strikes.push({ entity, metric, worst: during.reduce((a, b) => (b.severity > a.severity ? b : a)) });
      run.live(0.4);
    }
  }, 120_000);

  test('a struck entity scores higher than a quiet one: the score points the right way', () => {
    const usual = quiet.map((v) => v.severity).sort((a, b) => a - b);
    const high = usual[Math.floor(usual.length * 0.99)]!;
    const found = strikes.filter(({ worst }) => worst.severity > high).length;
    expect(found / strikes.length).toBeGreaterThanOrEqual(0.8);
  });

  test('the altered metric is named first in at least 80 of 100 single-metric faults', () => {
    const named = strikes.filter(({ metric, worst }) => worst.attributions[0]?.metric === metric).length;
    expect(named / strikes.length).toBeGreaterThanOrEqual(0.8);
  });

  test('the fault that newcomers try first opens an incident within a minute that names what it struck', () => {
    const run = new FleetRun(1, 24);
    run.inject({ fault: 'latency_step', entity: 'checkout' });
    run.live(1 / 60);
    const incident = run.incidents.find(({ entity }) => entity === 'checkout');
    expect(incident?.summary).toMatch(/^latency_ms \d+, expected \d/);
  }, 60_000);

  test('shares sum to 1', () => {
    for (const { worst } of strikes) {
      expect(worst.attributions.reduce((sum, a) => sum + a.share, 0)).toBeCloseTo(1, 9);
    }
  });

  test('the forest serves every window of an entity that it was trained on', () => {
    expect(new Set(quiet.map((v) => v.source))).toEqual(new Set(['forest']));
  });
});

test('beyond the eighth metric the shares are merged into it', () => {
  const assessment = new Assessment();
  assessment.reset(12);
  assessment.weights.fill(1);
  const metrics = Array.from({ length: 12 }, (_, i) => `m${i}`);
  const shares = attribute(assessment, metrics, new Float64Array(12));
  expect(shares).toHaveLength(8);
  expect(shares.reduce((sum, a) => sum + a.share, 0)).toBeCloseTo(1, 12);
});

test('without evidence nothing is attributed', () => {
  const assessment = new Assessment();
  assessment.reset(2);
  expect(attribute(assessment, ['a', 'b'], new Float64Array(2))).toEqual([]);
});
