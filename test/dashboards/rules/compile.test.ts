import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatDuration, parseDuration } from '../../../core/config/duration.ts';
import { policyConfig } from '../../../core/config/policy.ts';
import { FIGURE_NAMES, FIGURES } from '../../../core/figures.ts';
import { METRIC_LABELS } from '../../../core/metrics.ts';
import { TRIGGERS, WATCHDOG } from '../../../core/trigger-table.ts';
import { ACTIONS, SPANS, type Trigger, URGENCIES } from '../../../core/triggers.ts';
import { complaintsOf } from '../../../dashboards/catalogue.ts';
import { type CompiledRule, compileRules, DEAD_MAN_NAMES } from '../../../dashboards/rules/index.ts';
import { policyOf } from '../../../monitor/decide/policy.ts';
import { makeStream } from './make.ts';

const RULES = compileRules([makeStream()]);
const ruleOf = (name: string, rules: readonly CompiledRule[] = RULES): CompiledRule => {
  const found = rules.filter((rule) => rule.name === name);
  if (found.length !== 1) throw new Error(`${found.length} rules are called ${name}`);
  return found[0]!;
};
const own = (change: Partial<Trigger>): Trigger => ({ ...TRIGGERS[0]!, name: 'own', priority: 1, ...change });

/** What of the table a rule's text does not say. */
function missingIn({ expr, forMs, severity, measured }: CompiledRule, trigger: Trigger): string[] {
  const { figure, span, comparison, limit } = trigger;
  const wanted = [`figure="${figure}"`, `span="${span}"`, 'stream="demo"'];
  if (typeof limit !== 'number')
    wanted.push('tidewatch_figure_limit{', '* 0 + 0.2\n', '* 0 + 5\n', 'bound="low"', 'bound="high"', ' < ', ' > ');
  else if (measured) wanted.push(`\n${comparison}\nclamp_min(`, `, ${limit})`);
  else wanted.push(` ${comparison} ${limit}\n`);
  // a time is shown in seconds, and beside `<` nought is not
  const text = `${expr.replace(') * 0.001', '')}\n`;
  const missing = wanted.filter((one) => !text.includes(one));
  if (forMs !== trigger.forMs) missing.push('for');
  if (severity !== trigger.urgency) missing.push('severity');
  return missing;
}

describe('the shipped triggers', () => {
  test.each(TRIGGERS.map((trigger) => [trigger.name, trigger] as const))(
    '%s has a rule that says the same',
    (name, trigger) => {
      const rule = ruleOf(name);
      expect(missingIn(rule, trigger)).toEqual([]);
      expect(rule.trigger).toEqual(trigger);
    },
  );

  test('a limit or a duration that differs from the table is told', () => {
    const trigger = TRIGGERS.find(({ name }) => name === 'psi_drift')!;
    const rule = ruleOf('psi_drift');
    expect(missingIn({ ...rule, expr: rule.expr.replaceAll('0.25', '0.2') }, trigger)).toEqual([', 0.25)']);
    expect(missingIn({ ...rule, forMs: 0 }, trigger)).toEqual(['for']);
    expect(missingIn(rule, { ...trigger, limit: 0.3, span: 'day' })).toEqual(['span="day"', ', 0.3)']);
    const plain = TRIGGERS.find(({ name }) => name === 'error_rate')!;
    expect(missingIn(ruleOf('error_rate'), { ...plain, limit: 0.02 })).toEqual([' > 0.02\n']);
    expect(missingIn(ruleOf('error_rate'), { ...plain, comparison: '<' })).toEqual([' < 0.01\n']);
  });

  test('the measured limit takes part where it gives way to it in process, and with measured limits alone', () => {
    const textbook = compileRules([makeStream({ limits: 'textbook' })]);
    const measured = (rules: readonly CompiledRule[]) => rules.filter((rule) => rule.measured).map(({ name }) => name);
    expect(measured(RULES)).toEqual(['psi_drift', 'psi_top_features', 'prediction_kl', 'psi_warn']);
    expect(measured(textbook)).toEqual([]);
    expect(ruleOf('psi_warn').expr).toContain('* 0.1 / 0.25, 0.1)');
    expect(ruleOf('psi_warn', textbook).expr).not.toContain('tidewatch_figure_limit');
  });

  test('names only metrics and labels of the catalogue, and no label could be an entity', () => {
    for (const { name, expr } of RULES) expect([name, complaintsOf(expr)]).toEqual([name, []]);
    expect(Object.keys(METRIC_LABELS)).not.toContain('entity');
    for (const { expr } of RULES) expect(expr).not.toMatch(/entit/);
    expect(complaintsOf(ruleOf('drift').expr.replaceAll('tidewatch_figure{', 'tidewatch_figures{'))).not.toEqual([]);
  });
});

describe('streams', () => {
  test('those configured alike share rules; one that differs has its own, with its limits and its name as label', () => {
    const changed = TRIGGERS.map((t) => (t.name === 'psi_drift' ? { ...t, limit: 0.3 } : t));
    const rules = compileRules([
      makeStream({ name: 'own', triggers: changed, alertRatioBand: [0.5, 2] }),
      makeStream(),
      makeStream({ name: 'host' }),
    ]);
    const drift = rules.filter(({ name }) => name === 'psi_drift');
    expect(drift.map(({ streams, group, ownLabels }) => [streams, group, ownLabels])).toEqual([
      [['demo', 'host'], 'tidewatch', false],
      [['own'], 'tidewatch own', true],
    ]);
    expect(drift[0]!.expr).toContain('stream=~"demo|host"');
    expect(drift[0]!.expr).toContain(' / 0.25, 0.25)');
    expect(drift[1]!.expr).toContain(' / 0.25, 0.3)');
    expect(rules.find(({ name, streams }) => name === 'calibration_out' && streams[0] === 'own')!.expr).toContain(
      '* 0 + 2\n',
    );
  });

  test('a rule looks at what was known several times a grain, by the finest of its streams and by whole minutes', () => {
    const looks = (...grainsMs: number[]) => {
      const streams = grainsMs.map((grainMs, i) => makeStream({ name: `s${i}`, grainMs }));
      const { expr } = ruleOf('psi_drift', compileRules(streams));
      return [...new Set(expr.match(/\[.*?\]/g))];
    };
    expect(looks(86_400_000)).toEqual(['[1d:5m]']);
    expect(looks(3_600_000, 86_400_000)).toEqual(['[1d:5m]']);
    expect(looks(3_600_000, 1_800_000)).toEqual(['[1d:2m]']);
    expect(looks(10_000)).toEqual(['[1d:1m]']);
  });

  test('a trigger that is switched off has no rule; without its figures nobody is told that they are missing', () => {
    const off = TRIGGERS.map((t) => (t.name === 'figures_stale' ? { ...t, enabled: false } : t));
    const names = compileRules([makeStream({ triggers: off })]).map(({ name }) => name);
    for (const name of ['figures_stale', 'figures_behind', 'figures_missing']) expect(names).not.toContain(name);
    expect(names).toContain('telemetry_silent');
    expect(compileRules([]).map(({ name }) => name)).toContain('monitor_silent');
  });
});

test("dead-man's rules have names of their own, no action, and are for what no figure tells", () => {
  const dead = RULES.filter(({ kind }) => kind === 'dead_man');
  expect(new Set(dead.map(({ name }) => name))).toEqual(DEAD_MAN_NAMES);
  for (const { trigger } of dead) expect(trigger).toBeNull();
  const limit = TRIGGERS.find(({ name }) => name === 'figures_stale')!.limit;
  expect(ruleOf('figures_behind').expr).toContain(` > ${Number(limit) / 1000}`);
  expect(ruleOf(WATCHDOG).expr).toBe('vector(1)');
});

test.each<[string, Partial<Trigger>]>([
  ['is no limit', { limit: Number.NaN }],
  ['is no limit', { limit: Number.POSITIVE_INFINITY }],
  ['is no limit', { limit: -1 }],
  ['has a band and no single measured limit', { figure: 'alert_rate_ratio', limit: 'measured' }],
  ['has no band', { comparison: 'outside', limit: 'band' }],
  ['outside needs the limit band', { figure: 'alert_rate_ratio', comparison: 'outside', limit: 1 }],
  ['band needs the comparison outside', { figure: 'alert_rate_ratio', limit: 'band' }],
  ['no figure', { figure: 'toString' as Trigger['figure'] }],
  ['no span', { span: 'year' as Trigger['span'] }],
  ['no number of milliseconds', { forMs: 0.5 }],
  ["a dead-man's rule has its name", { name: WATCHDOG }],
  ['its name is', { name: 'Own"} or vector(1) #' }],
  ['another trigger has its name', { name: 'psi_drift' }],
])('a trigger that no rule can express fails the build, with its name: %s', (reason, change) => {
  const trigger = own({ comparison: '>', limit: 1, figure: 'drift', ...change });
  const build = () => compileRules([makeStream({ triggers: [...TRIGGERS, trigger] })]);
  expect(build).toThrow(reason);
  expect(build).toThrow(trigger.name);
  expect(() => compileRules([makeStream({ triggers: [{ ...trigger, enabled: false }] })])).not.toThrow();
});

const anyTrigger: fc.Arbitrary<Trigger> = fc.record({
  name: fc.stringMatching(/^[a-z][a-z0-9_]{0,10}$/),
  title: fc.string(),
  figure: fc.constantFrom(...FIGURE_NAMES),
  span: fc.constantFrom(...SPANS),
  comparison: fc.constantFrom('>', '<', 'outside'),
  limit: fc.oneof(fc.double(), fc.constantFrom('measured' as const, 'band' as const)),
  forMs: fc.oneof(fc.nat(), fc.double()),
  action: fc.constantFrom(...ACTIONS),
  urgency: fc.constantFrom(...URGENCIES),
  cooldownMs: fc.nat(),
  dryRun: fc.boolean(),
  enabled: fc.boolean(),
  priority: fc.nat(1000),
  runbook: fc.string(),
  means: fc.string(),
});

test('whatever the triggers, each that is enabled has a rule, or the build fails and names it', () => {
  let [compiled, refused] = [0, 0];
  fc.assert(
    fc.property(fc.array(anyTrigger, { maxLength: 4 }), fc.constantFrom('measured', 'textbook'), (triggers, limits) => {
      const enabled = triggers.filter((t) => t.enabled);
      try {
        const rules = compileRules([makeStream({ triggers, limits })]);
        const made = rules.filter(({ kind }) => kind === 'trigger');
        expect(made.map(({ name, trigger }) => [name, trigger])).toEqual(enabled.map((t) => [t.name, t]));
        for (const { expr, trigger } of made) {
          expect(complaintsOf(expr)).toEqual([]);
          expect(expr).toContain(`figure="${trigger!.figure}", span="${trigger!.span}"`);
        }
        compiled++;
      } catch (error) {
        if (!(error instanceof Error) || !error.message.includes('no alert rule can express the trigger')) throw error;
        expect(enabled.some(({ name }) => error.message.includes(`the trigger ${name}: `))).toBe(true);
        refused++;
      }
    }),
    { numRuns: 300 },
  );
  expect(Math.min(compiled, refused)).toBeGreaterThan(20);
});

test('every policy that is taken compiles, unless a figure with a band is held against one measured limit', () => {
  const overrides = fc.record(
    {
      figure: fc.constantFrom(...FIGURE_NAMES),
      comparison: fc.constantFrom('>', '<', 'outside'),
      limit: fc.oneof(fc.double({ min: 0, max: 100, noNaN: true }), fc.constantFrom('measured', 'band')),
      for: fc.nat({ max: 10 ** 9 }).map(formatDuration),
    },
    { requiredKeys: ['figure', 'limit'] },
  );
  fc.assert(
    fc.property(overrides, (said) => {
      const policy = policyOf(policyConfig.parse({ triggers: { own: { ...said, action: 'look' } } }));
      if (!policy.ok) return;
      const { triggers, config } = policy.value;
      const build = () => compileRules([makeStream({ ...config, triggers })]);
      if (FIGURES[said.figure].worse === 'both' && said.limit === 'measured') expect(build).toThrow('own');
      else expect(ruleOf('own', build()).forMs).toBe(said.for === undefined ? 0 : parseDuration(said.for));
    }),
    { numRuns: 200 },
  );
});
