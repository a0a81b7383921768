import { beforeAll, expect, test } from 'vitest';
import { orThrow } from '../../../core/errors.ts';
import { TRIGGERS } from '../../../core/trigger-table.ts';
import { compileRules } from '../../../dashboards/rules/index.ts';
import { policyOf } from '../../../monitor/decide/policy.ts';
import type { Figures, Observation } from '../../../monitor/observation.ts';
import { worldConfig } from '../../../scenarios/monitor/world.ts';
import { needsPrometheus, type TestPrometheus, testPrometheus } from '../../prometheus.ts';
import { apartMs, firingOfRule, firingOfTrigger, gaugesOf } from './gauges.ts';
import { BEGIN_MS, figure, HOUR_MS, observed, recorded } from './recorded.ts';

const SCRAPE_MS = 300_000;
const STEP_MS = 1_800_000;
/** The policy that the stories were told under. */
const POLICY = orThrow(policyOf(worldConfig('any').policy));

/** The recorded run, or the run made by hand where no story has the fault, in which each trigger's rule must fire. */
const LOUD: Readonly<Record<string, string>> = {
  producer_changed: 'unit-change',
  psi_warn: 'unit-change',
  prediction_kl: 'unit-change',
  psi_drift: 'sudden-change',
  psi_top_features: 'sudden-change',
  drift: 'sudden-change',
  calibration_out: 'calibration-shift',
  forest_no_better: 'plain-is-enough',
  retraining_due: 'month-old',
  error_rate: 'failing',
  data_quality_low: 'poor-data',
  champion_worse: 'worse',
  quality_fallen: 'worse',
  calibration_stays_out: 'never-calibrated',
  figures_stale: 'behind',
};

/** A day as it should be, then a fault to the end. */
function byHand(name: string, hours: number, fault: Partial<Record<keyof Observation['spans'], Figures>>) {
  const well: typeof fault = {
    grain: { errors: figure(0, { limit: 0.01 }), figures_age: figure(600_000) },
    interval: { data_quality: figure(30, { limit: 18 }) },
    day: { quality: figure(1.01), alert_rate_ratio: figure(1, { limit: [0.2, 5], interval: [0.6, 1.7] }) },
  };
  const spans = (hour: number) => (hour < 24 ? well : { ...well, ...fault });
  return Array.from({ length: hours }, (_, hour) => observed(name, BEGIN_MS + hour * HOUR_MS, spans(hour)));
}

const RUNS: Readonly<Record<string, Observation[]>> = {
  ...Object.fromEntries(
    ['healthy', 'unit-change', 'sudden-change', 'calibration-shift', 'plain-is-enough', 'month-old'].map((name) => [
      name,
      recorded(name, name),
    ]),
  ),
  failing: byHand('failing', 36, { grain: { errors: figure(0.02, { limit: 0.01 }) } }),
  'poor-data': byHand('poor-data', 36, { interval: { data_quality: figure(14, { limit: 18 }) } }),
  worse: byHand('worse', 252, { day: { quality: figure(0.9) } }),
  'never-calibrated': byHand('never-calibrated', 128, {
    day: { alert_rate_ratio: figure(9, { limit: [0.2, 5], interval: [6.4, 12] }) },
  }),
  behind: byHand('behind', 36, { grain: { figures_age: figure(50 * HOUR_MS) } }),
};

const ruleOf = (stream: string, name: string) => {
  const { limits, alertRatioBand } = POLICY.config;
  const rules = compileRules([{ name: stream, triggers: POLICY.triggers, limits, alertRatioBand, grainMs: HOUR_MS }]);
  return rules.find((rule) => rule.kind === 'trigger' && rule.name === name)!;
};
const triggerOf = (name: string) => POLICY.triggers.find((trigger) => trigger.name === name)!;

needsPrometheus('rules on recorded runs', () => {
  let prometheus: TestPrometheus;
  beforeAll(async () => {
    const series = await Promise.all(Object.values(RUNS).map((seen) => gaugesOf(seen, SCRAPE_MS)));
    prometheus = await testPrometheus({ series: series.flat() });
  }, 60_000);

  async function evaluated(run: string, name: string) {
    const seen = RUNS[run]!;
    const span = { fromMs: seen[0]!.atMs, toMs: seen.at(-1)!.atMs, stepMs: STEP_MS };
    const rule = ruleOf(run, name);
    const [found] = await prometheus.range(rule.expr, span.fromMs, span.toMs, span.stepMs);
    const points = found?.points ?? [];
    return {
      points,
      rule,
      theirs: firingOfRule(points, span, rule.forMs),
      ours: firingOfTrigger(triggerOf(name), seen, POLICY),
    };
  }

  test('every shipped trigger has a run in which its rule must fire', () => {
    expect(Object.keys(LOUD).sort()).toEqual(TRIGGERS.map(({ name }) => name).sort());
  });

  test.each(Object.keys(LOUD))('%s is quiet in a healthy run', async (name) => {
    const { theirs, ours } = await evaluated('healthy', name);
    expect(theirs.length).toBeGreaterThan(400);
    expect([theirs.filter(([, fires]) => fires), ours.filter(([, fires]) => fires)]).toEqual([[], []]);
  });

  test.each(Object.entries(LOUD))('%s fires in the run %s, when it has held for long enough', async (name, run) => {
    const { points, rule, theirs, ours } = await evaluated(run, name);
    const fires = theirs.filter(([, firing]) => firing);
    expect(fires.length).toBeGreaterThan(0);
    expect(apartMs(ours, theirs)).toBeLessThanOrEqual(HOUR_MS);
    const first = fires[0]![0];
    const held = points.filter(([atMs]) => atMs >= first - rule.forMs && atMs <= first);
    expect(held).toHaveLength(rule.forMs / STEP_MS + 1);
    expect(ours.find(([, firing]) => firing)![0]).toBeLessThanOrEqual(first + HOUR_MS);
  });
});
