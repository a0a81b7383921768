import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { TRIGGERS } from '../../../core/trigger-table.ts';
import { compileRules, grafanaAlerting, PROMETHEUS_UID, prometheusRules } from '../../../dashboards/rules/index.ts';
import { makeStream, OPTIONS } from './make.ts';

interface GrafanaRule {
  uid: string;
  title: string;
  condition: string;
  for: string;
  noDataState: string;
  execErrState: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  data: { refId: string; datasourceUid: string; model: Record<string, unknown> }[];
}
interface Group {
  name: string;
  folder: string;
  interval: string;
  rules: GrafanaRule[];
}

const LOOSE = { ...TRIGGERS[0]!, name: 'loose', priority: 1, means: `${'$'}{HOME} {{ .Values }}` };
const RULES = compileRules([
  makeStream(),
  makeStream({ name: 'host' }),
  makeStream({ name: 'own', limits: 'textbook', triggers: [...TRIGGERS, LOOSE] }),
]);
const FILES = grafanaAlerting(RULES, OPTIONS);
const fileOf = (name: string) => FILES.get(`grafana/provisioning/alerting/${name}.yaml`)!;
const GROUPS: Group[] = parse(fileOf('rules')).groups;
const all = GROUPS.flatMap(({ rules }) => rules);

/** What is not as it must be: one query by PromQL, one threshold above 0 on it, and both states said. */
function faultsOf({ data, condition, noDataState, execErrState }: GrafanaRule, expr: string): string[] {
  const found: string[] = [];
  const [query, threshold] = data;
  if (data.length !== 2 || query?.refId !== 'A' || threshold?.refId !== 'B' || condition !== 'B') found.push('shape');
  if (query?.datasourceUid !== PROMETHEUS_UID || query.model.instant !== true) found.push('data source');
  if (query?.model.expr !== expr) found.push('expression');
  const { type, expression, conditions } = threshold?.model ?? {};
  const asked = JSON.stringify([threshold?.datasourceUid, type, expression, conditions]);
  const wanted = ['__expr__', 'threshold', 'A', [{ evaluator: { type: 'gt', params: [0] } }]];
  if (asked !== JSON.stringify(wanted)) found.push('threshold');
  if (noDataState !== 'OK' || execErrState !== 'Error') found.push('states');
  return found;
}

/** Every text in a file, keys aside. */
function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : [];
}

test("Grafana's rules are the PromQL of Prometheus' with one threshold, in the same order, for as long, with the same labels", () => {
  const prometheus = parse(prometheusRules(RULES, OPTIONS)).groups as {
    name: string;
    rules: { alert: string; expr: string; for?: string; labels: object }[];
  }[];
  expect(GROUPS.map(({ name }) => name)).toEqual(prometheus.map(({ name }) => name));
  for (const [g, group] of GROUPS.entries())
    for (const [i, rule] of group.rules.entries()) {
      const { alert, expr, labels, ...other } = prometheus[g]!.rules[i]!;
      expect([rule.title, rule.labels, rule.for]).toEqual([alert, labels, other.for ?? '0s']);
      expect([rule.title, faultsOf(rule, expr)]).toEqual([alert, []]);
    }
  expect(all.length).toBe(RULES.length);
});

test('a rule of another shape is told', () => {
  const rule = all[0]!;
  const { expr } = RULES[0]!;
  const [query, threshold] = rule.data as [GrafanaRule['data'][0], GrafanaRule['data'][0]];
  const lower = {
    ...threshold,
    model: { ...threshold.model, conditions: [{ evaluator: { type: 'gt', params: [-1] } }] },
  };
  expect(faultsOf({ ...rule, data: [query, lower] }, expr)).toEqual(['threshold']);
  expect(faultsOf({ ...rule, data: [query, threshold, query] }, expr)).toEqual(['shape']);
  expect(faultsOf({ ...rule, noDataState: 'Alerting' }, expr)).toEqual(['states']);
  expect(faultsOf(rule, `${expr} or vector(1)`)).toEqual(['expression']);
});

test('uids are unique, short and stay the same; in a folder a title is there once', () => {
  const uids = all.map(({ uid }) => uid);
  expect(new Set(uids).size).toBe(uids.length);
  for (const uid of uids) expect(uid).toMatch(/^[a-z0-9_-]{1,40}$/);
  for (const { folder, name, rules } of GROUPS) {
    expect(folder).toBe(name);
    expect(new Set(rules.map(({ title }) => title)).size).toBe(rules.length);
  }
  const alone = parse(
    grafanaAlerting(compileRules([makeStream()]), OPTIONS).get('grafana/provisioning/alerting/rules.yaml')!,
  );
  expect(alone.groups[0].rules[0].uid).toBe(uids[0]);
});

test('nothing in the files is a variable to Grafana, but the labels and values of annotations', () => {
  for (const [file, text] of FILES) {
    const dollars = [
      ...textsOf(parse(text))
        .join('\n')
        .matchAll(/\$.{0,16}/g),
    ].map(([found]) => found);
    const strange = dollars.filter((found) => !/^\$(labels\.stream|values\.A|" }}\{)/.test(found));
    expect([file, strange]).toEqual([file, []]);
    if (!file.endsWith('rules.yaml')) expect([file, dollars]).toEqual([file, []]);
  }
  const { description } = all.find(({ title }) => title === 'loose')!.annotations;
  expect(description).toBe('{{ "$" }}{HOME} {{ "{{" }} .Values }}');
});

test('every alert says what, what to do and where to look; a trigger also since when, by what, why and what is done', () => {
  for (const { title, annotations } of all) {
    const trigger = RULES.find(({ name }) => name === title)!.trigger;
    const wanted = ['summary', 'description', 'runbook_url', 'console_url'];
    if (trigger !== null) wanted.push('since', 'evidence', 'cause', 'action');
    expect([title, Object.keys(annotations).sort()]).toEqual([title, wanted.sort()]);
    expect(Object.values(annotations)).not.toContain('');
    expect(JSON.stringify(annotations)).not.toMatch(/\| query|undefined|NaN/);
  }
});

test('alerts go on to Alertmanager, in groups, and no secret is in a file', () => {
  const [policy] = parse(fileOf('policies')).policies;
  const [point] = parse(fileOf('contact-points')).contactPoints;
  expect(policy.receiver).toBe(point.name);
  expect(policy.group_by).toEqual(['grafana_folder', 'alertname', 'stream']);
  expect(point.receivers).toEqual([
    { uid: 'tidewatch-alertmanager', type: 'prometheus-alertmanager', settings: { url: OPTIONS.alertmanagerUrl } },
  ]);
  expect(parse(fileOf('templates')).templates[0].template).toContain('{{ define "tidewatch.message" }}');
  for (const text of FILES.values()) expect(text).not.toMatch(/password|secret|credential|token/i);
});
