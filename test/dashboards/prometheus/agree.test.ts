import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { FIGURES } from '../../../core/figures.ts';
import { TRIGGERS } from '../../../core/trigger-table.ts';
import { SPANS, type Trigger } from '../../../core/triggers.ts';
import { type CompiledRule, compileRules } from '../../../dashboards/rules/index.ts';
import type { Policy } from '../../../monitor/decide/types.ts';
import type { Figure, Figures, Observation } from '../../../monitor/observation.ts';
import { policyWith } from '../../monitor/decide/make.ts';
import { needsPrometheus, type TestPrometheus, testPrometheus } from '../../prometheus.ts';
import { apartMs, firingOfRule, firingOfTrigger, gaugesOf } from './gauges.ts';
import { observed } from './recorded.ts';

const MINUTE_MS = 60_000;
const GRAIN_MS = 10 * MINUTE_MS;
/** Rules look as seldom as they ever do, which is twice a grain here rather than twelve times. */
const RULED_GRAIN_MS = 60 * MINUTE_MS;
const SCRAPE_MS = 5 * MINUTE_MS;
const START_MS = Date.UTC(2026, 0, 5);
const LOOKS = 160;
const STREAMS = 16;
const SEED = 20_260_105;
/** Triggers wait a twelfth of their time here, so that most series are long enough for each of them. */
const SHORTER = 12;

const waits = Object.fromEntries(TRIGGERS.map(({ name, forMs }) => [name, { for: `${forMs / SHORTER}ms` }]));
const policies = {
  measured: policyWith({ triggers: waits }),
  textbook: policyWith({ limits: 'textbook', triggers: waits }),
};
type Limits = keyof typeof policies;

/** Where values of a trigger's figure are sampled around: its limit, or what lies in a usual band and beyond it. */
function around({ limit, figure, comparison }: Trigger): number {
  if (comparison === 'outside') return 4;
  if (typeof limit === 'number' && limit > 0) return limit;
  return FIGURES[figure].textbook ?? 1;
}

/** A figure that wanders about its limit, stays there for a while, and is unknown now and then. */
function figureArbitrary(trigger: Trigger): fc.Arbitrary<(Figure | null)[]> {
  const base = around(trigger);
  const band = trigger.comparison === 'outside';
  const value = fc.integer({ min: 0, max: 40 }).map((steps) => (base * steps) / 20);
  const known = fc.record({ value, wide: fc.integer({ min: 0, max: 8 }), low: fc.boolean() });
  const limit = fc.constantFrom(null, null, 0.5, 1, 1.5);
  const run = fc.record({
    looks: fc.oneof({ arbitrary: fc.integer({ min: 1, max: 12 }), weight: 3 }, fc.integer({ min: 40, max: 70 })),
    seen: fc.option(known, { freq: 5 }),
    counted: fc.constantFrom('absent', 'no value', 'too few'),
  });
  return fc.tuple(limit, fc.array(run, { minLength: 40, maxLength: 40 })).map(([times, runs]) =>
    runs.flatMap(({ looks, seen, counted }): (Figure | null)[] => {
      const held = times === null ? null : band ? ([0.5 * times, 5 * times] as const) : base * times;
      const at = seen?.value ?? base;
      const wide = ((seen?.wide ?? 0) * base) / 20;
      const some: Figure | null =
        seen !== null
          ? { value: at, status: 'ok', limit: held, ...(band && seen.wide > 0 && { interval: [at - wide, at + wide] }) }
          : counted === 'absent'
            ? null
            : { value: counted === 'no value' ? null : at, status: 'unknown', limit: held };
      return new Array(looks).fill(some);
    }),
  );
}

/** Looks at a stream; figures that several triggers name are one figure. */
function streamArbitrary(stream: string): fc.Arbitrary<Observation[]> {
  const all = TRIGGERS.filter(
    ({ span, figure }, i) => TRIGGERS.findIndex((one) => one.span === span && one.figure === figure) === i,
  );
  return fc.tuple(...all.map(figureArbitrary)).map((series) =>
    Array.from({ length: LOOKS }, (_, look) => {
      const spans = Object.fromEntries(SPANS.map((span) => [span, {} as Figures])) as Record<Trigger['span'], Figures>;
      for (const [i, { span, figure }] of all.entries()) {
        const seen = series[i]![look] ?? null;
        if (seen !== null) spans[span][figure] = seen;
      }
      return observed(stream, START_MS + look * GRAIN_MS, spans);
    }),
  );
}

const looks = new Map<string, Observation[]>(
  Array.from({ length: STREAMS }, (_, i) => {
    const name = `s${i}`;
    return [name, fc.sample(streamArbitrary(name), { seed: SEED + i, numRuns: 1 })[0]!];
  }),
);

const ruled = (policy: Policy, triggers = policy.triggers) =>
  compileRules(
    [...looks.keys()].map((name) => ({
      name,
      triggers,
      limits: policy.config.limits,
      alertRatioBand: policy.config.alertRatioBand,
      grainMs: RULED_GRAIN_MS,
    })),
  );
const ruleOf = (rules: readonly CompiledRule[], name: string) =>
  rules.find((rule) => rule.kind === 'trigger' && rule.name === name)!;

needsPrometheus('rules and the evaluation in process', () => {
  let prometheus: TestPrometheus;
  beforeAll(async () => {
    const series = await Promise.all([...looks.values()].map((seen) => gaugesOf(seen, SCRAPE_MS)));
    prometheus = await testPrometheus({ series: series.flat() });
  }, 60_000);

  /** Streams in which they disagree for longer than a grain, and in how many something fired at all. */
  async function compared(rule: CompiledRule, trigger: Trigger, policy: Policy) {
    const span = { fromMs: START_MS, toMs: START_MS + (LOOKS - 1) * GRAIN_MS, stepMs: GRAIN_MS };
    const found = await prometheus.range(rule.expr, span.fromMs, span.toMs, span.stepMs);
    const apart: string[] = [];
    let fired = 0;
    for (const [stream, seen] of looks) {
      const points = found.find(({ labels }) => labels.stream === stream)?.points ?? [];
      const ours = firingOfTrigger(trigger, seen, policy);
      if (ours.some(([, fires]) => fires)) fired++;
      if (apartMs(ours, firingOfRule(points, span, rule.forMs)) > GRAIN_MS) apart.push(stream);
    }
    return { apart, fired };
  }

  test.each(Object.keys(policies) as Limits[])('fire at the same times, with %s limits', async (limits) => {
    const policy = policies[limits];
    const rules = ruled(policy);
    const others = limits === 'measured' ? [] : ruled(policies.measured);
    for (const trigger of policy.triggers) {
      const rule = ruleOf(rules, trigger.name);
      // a rule that reads the same either way has been compared
      if (others.some(({ name, expr }) => name === rule.name && expr === rule.expr)) continue;
      const { apart, fired } = await compared(rule, trigger, policy);
      expect([trigger.name, apart]).toEqual([trigger.name, []]);
      expect([trigger.name, fired > 0]).toEqual([trigger.name, true]);
    }
  });

  /** Each changes a rule and leaves the trigger as it was. */
  const planted: [what: string, name: string, change: (trigger: Trigger) => Trigger][] = [
    ['another limit', 'error_rate', (trigger) => ({ ...trigger, limit: 0.012 })],
    ['another limit beside the measured one', 'psi_warn', (trigger) => ({ ...trigger, limit: 0.16 })],
    ['a longer time', 'psi_drift', (trigger) => ({ ...trigger, forMs: trigger.forMs + 3 * GRAIN_MS })],
    ['a shorter time', 'prediction_kl', (trigger) => ({ ...trigger, forMs: 0 })],
    ['the other comparison', 'quality_fallen', (trigger) => ({ ...trigger, comparison: '>' })],
    ['another span', 'champion_worse', (trigger) => ({ ...trigger, span: 'week' })],
  ];
  test.each(planted)('%s in a rule is seen', async (_what, name, change) => {
    const policy = policies.measured;
    const rules = ruled(
      policy,
      policy.triggers.map((one) => (one.name === name ? change(one) : one)),
    );
    const trigger = policy.triggers.find((one) => one.name === name)!;
    expect((await compared(ruleOf(rules, name), trigger, policy)).apart).not.toEqual([]);
  });

  test('another band of the alert rate in a rule is seen', async () => {
    const policy = policies.measured;
    const [low, high] = policy.config.alertRatioBand;
    const other = { ...policy, config: { ...policy.config, alertRatioBand: [low, 0.5 * high] as [number, number] } };
    const trigger = policy.triggers.find(({ name }) => name === 'calibration_out')!;
    expect((await compared(ruleOf(ruled(other), 'calibration_out'), trigger, policy)).apart).not.toEqual([]);
  });
});
