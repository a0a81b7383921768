import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { policyConfig } from '../../../core/config/policy.ts';
import { CONTROLLER_STATES } from '../../../core/controller-state.ts';
import { FIGURES, type FigureName, GIVES_WAY } from '../../../core/figures.ts';
import { Random } from '../../../core/random.ts';
import { TRIGGERS } from '../../../core/trigger-table.ts';
import type { Trigger } from '../../../core/triggers.ts';
import { compileRules, prometheusRules } from '../../../dashboards/rules/index.ts';
import { conditionOf, followed, restingState } from '../../../monitor/decide/evaluate.ts';
import type { Policy } from '../../../monitor/decide/types.ts';
import type { Figure, Observation } from '../../../monitor/observation.ts';
import { needsPrometheus, promtool, scratch } from '../../prometheus.ts';
import { makeObservation, T0 } from '../../store/monitor-make.ts';
import { makeStream, OPTIONS } from './make.ts';

const HOUR_MS = 3_600_000;
const GRAINS = 60;

/** A course of observations, an hour apart: runs of figures well, ill, at the limit and unknown, limits wide and narrow. */
function course(seed: number, triggers: readonly Trigger[]): Observation[] {
  const random = new Random(seed);
  const pick = <T>(from: readonly T[]): T => from[random.below(from.length)]!;
  const now = new Map<FigureName, Figure>();
  return Array.from({ length: GRAINS }, (_, i) => {
    for (const { figure, limit } of triggers) {
      // What is unknown for longer than a day is forgotten by rules.
      const stays = now.get(figure)?.status === 'unknown' ? 0.6 : 0.85;
      if (now.has(figure) && random.next() < stays) continue;
      const about = typeof limit === 'number' ? limit : (FIGURES[figure].textbook ?? 1);
      now.set(figure, limit === 'band' ? ratio(pick, random) : plain(pick, figure, about));
    }
    const figures = Object.fromEntries(now);
    const spans = { grain: figures, interval: figures, day: figures, week: figures };
    return { ...makeObservation(T0 + i * HOUR_MS, { stream: 'demo' }), atMs: T0 + i * HOUR_MS, spans };
  });
}
type Pick = <T>(from: readonly T[]) => T;

function plain(pick: Pick, figure: FigureName, limit: number): Figure {
  const value = pick([0, 0.5 * limit, limit, limit * 1.01, limit * 3, null]);
  const own = FIGURES[figure].textbook === null ? limit : pick([limit, limit * 2, limit * 0.3, null]);
  return { value, status: value === null ? 'unknown' : pick(['ok', 'drift', 'unknown']), limit: own };
}

function ratio(pick: Pick, random: Random): Figure {
  const value = pick([0, 0.1, 1, 4, 30]);
  const interval = pick([undefined, [value * 0.5, value * 2], [value * 0.9, value * 1.1]] as const);
  const band = pick([null, [0.2, 5], [0.05, 20]] as const);
  const status = random.next() < 0.2 ? 'unknown' : 'ok';
  return { value, status, limit: band, ...(interval === undefined ? {} : { interval }) };
}

/** In process: from when to when an alert would fire, by grain. */
function firing(trigger: Trigger, observations: readonly Observation[], policy: Policy): number[] {
  let state = restingState();
  return observations.flatMap((observation, i) => {
    state = followed(state, conditionOf(trigger, observation, policy), observation.atMs);
    return state.sinceMs !== null && observation.atMs - state.sinceMs >= trigger.forMs ? [i] : [];
  });
}

/** As /metrics shows them, in promtool's notation: one value an hour, `_` where there is no series. */
function inputSeries(observations: readonly Observation[]) {
  const series = new Map<string, string[]>();
  const put = (name: string, labels: string, i: number, value: number) => {
    const key = `${name}{stream="demo",${labels},instance="a:1",job="tidewatch_monitor"}`;
    const values = series.get(key) ?? Array<string>(observations.length).fill('_');
    values[i] = String(value);
    series.set(key, values);
  };
  for (const [i, { spans }] of observations.entries())
    for (const [span, figures] of Object.entries(spans))
      for (const [figure, { value, status, limit, interval }] of Object.entries(figures)) {
        if (value === null || status === 'unknown') continue;
        const labels = `figure="${figure}",span="${span}"`;
        put('tidewatch_figure', labels, i, value);
        if (typeof limit === 'number')
          put(
            'tidewatch_figure_limit',
            `${labels},bound="${FIGURES[figure as FigureName].worse === 'low' ? 'low' : 'high'}"`,
            i,
            limit,
          );
        else if (limit !== null)
          for (const [k, bound] of (['low', 'high'] as const).entries())
            put('tidewatch_figure_limit', `${labels},bound="${bound}"`, i, limit[k]!);
        if (interval !== undefined)
          for (const [k, bound] of (['low', 'high'] as const).entries())
            put('tidewatch_figure_interval', `${labels},bound="${bound}"`, i, interval[k]!);
      }
  const watching = new Array(observations.length).fill(CONTROLLER_STATES.watching).join(' ');
  const state = 'tidewatch_controller_state{stream="demo",instance="a:1",job="tidewatch_monitor"}';
  const seen = [...series].map(([name, values]) => ({ series: name, values: values.join(' ') }));
  return [...seen, { series: state, values: watching }];
}

const withoutAnnotations = (text: string) => text.replace(/^ {8}annotations:\n(?: {10}.*\n)+/gm, '');

/** What promtool says of these firing intervals; an empty text when it finds the same. */
async function verdict(
  rules: string,
  observations: readonly Observation[],
  wanted: readonly (readonly [Trigger, number[]])[],
): Promise<string> {
  const dir = scratch();
  writeFileSync(path.join(dir, 'rules.yaml'), withoutAnnotations(rules));
  const cases = wanted.flatMap(([{ name, urgency, action }, grains]) =>
    observations.map((_, i) => ({
      eval_time: `${i}h`,
      alertname: name,
      exp_alerts: grains.includes(i) ? [{ exp_labels: { stream: 'demo', severity: urgency, action } }] : [],
    })),
  );
  const suite = {
    rule_files: ['rules.yaml'],
    evaluation_interval: '1h',
    tests: [{ interval: '1h', input_series: inputSeries(observations), alert_rule_test: cases }],
  };
  writeFileSync(path.join(dir, 'test.yaml'), stringify(suite, { aliasDuplicateObjects: false }));
  const ran = await promtool('test', 'rules', path.join(dir, 'test.yaml'));
  return ran.code === 0 ? '' : `${ran.stdout}\n${ran.stderr}`;
}

/** Held against nothing but their measured limits, which may be unknown where the figure is known. */
const OWN = TRIGGERS.filter(({ name }) => ['psi_drift', 'data_quality_low', 'prediction_kl'].includes(name)).map(
  (trigger): Trigger => ({ ...trigger, limit: 'measured', forMs: 0 }),
);

needsPrometheus('the rules and the evaluation in process', () => {
  test.each([
    ['measured', 1, TRIGGERS],
    ['measured', 2, TRIGGERS.filter(({ limit }) => limit === 'band')],
    ['textbook', 3, TRIGGERS.filter(({ figure }) => GIVES_WAY.has(figure))],
    ['measured', 5, OWN],
  ] as const)(
    'fire at the same grains with %s limits, whatever is unknown between (%i)',
    async (limits, seed, triggers) => {
      const { rules, observations, wanted } = story(limits, triggers, course(seed, triggers));
      expect(await verdict(rules, observations, wanted)).toBe('');
      expect(wanted.filter(([, grains]) => grains.length > 0).length).toBeGreaterThan(
        triggers.length > 2 ? triggers.length / 2 : 0,
      );
    },
  );

  test.each([
    ['* 0.1 / 0.25, 0.1)', '* 0.1 / 0.2, 0.1)'],
    ['[1d:5m]', '[1h:5m]'],
    ['for: 6h', 'for: 5h'],
    ['/ 0.25, 0.1)', '/ 0.25, 0.11)'],
    ['}) * 0\n', '}) * 0 < 0\n'],
  ])('and it is seen when they do not: %s', async (from, to) => {
    const only = TRIGGERS.filter(({ name }) => name === 'psi_warn');
    const { rules, observations, wanted } = story('measured', only, psiCourse());
    expect(await verdict(rules, observations, wanted)).toBe('');
    expect(rules).toContain(from);
    expect(await verdict(rules.replaceAll(from, to), observations, wanted)).toContain('FAILED');
  });
});

function story(limits: 'measured' | 'textbook', triggers: readonly Trigger[], observations: readonly Observation[]) {
  const policy: Policy = { config: policyConfig.parse({ limits }), triggers: [...triggers] };
  const wanted = triggers.map((trigger) => [trigger, firing(trigger, observations, policy)] as const);
  const compiled = compileRules([makeStream({ limits, triggers })]).filter(({ kind }) => kind === 'trigger');
  return { rules: prometheusRules(compiled, OPTIONS), observations, wanted };
}

/**
 * A little beyond the table's limit for six hours; then within a wide measured one, with nothing known in between; then
 * beyond the table's again, which holds once the measured one is gone.
 */
function psiCourse(): Observation[] {
  const known = (value: number, limit: number | null): Figure => ({ value, status: 'ok', limit });
  const unknown: Figure = { value: null, status: 'unknown', limit: null };
  const runs: [Figure, hours: number][] = [
    [known(0.105, null), 8],
    [known(0.05, null), 1],
    [known(0.3, 0.7), 3],
    [unknown, 3],
    [known(0.3, 0.7), 3],
    [known(0.05, null), 2],
    [known(0.2, null), 8],
  ];
  const figures = runs.flatMap(([figure, hours]) => Array<Figure>(hours).fill(figure));
  return figures.map((psi_feature, i) => ({
    ...makeObservation(T0, { stream: 'demo' }),
    atMs: T0 + i * HOUR_MS,
    spans: { grain: {}, interval: { psi_feature }, day: {}, week: {} },
  }));
}
