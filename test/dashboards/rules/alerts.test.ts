import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { TRIGGERS } from '../../../core/trigger-table.ts';
import { compileRules, prometheusRules } from '../../../dashboards/rules/index.ts';
import { needsPrometheus, promtool, scratch } from '../../prometheus.ts';
import { makeStream, OPTIONS } from './make.ts';

interface Case {
  series: Record<string, string>;
  /** When, as promtool writes durations. */
  at: string;
  alert: string;
  /** Labels of the alerts that fire, and what they say. */
  fires: readonly { labels: Record<string, string>; says: Record<string, string> }[];
}

const PSI = TRIGGERS.find(({ name }) => name === 'psi_drift')!;
const BRIEF = { ...PSI, name: 'brief', forMs: 1_800_000 };
// What a configuration says may look like a template, or like a variable of the environment.
const HOSTILE = `a {{ $value }} and ${'$'}{HOME}`;
const LOUD = { ...PSI, name: 'loud', title: '{{ boom', means: HOSTILE, forMs: 0 };
const RULES = compileRules([makeStream({ triggers: [...TRIGGERS, BRIEF, LOUD] })]);

/** What promtool has against these cases; empty when it has nothing. Says: only these annotations are looked at. */
async function complaints(cases: readonly Case[], every: string): Promise<string> {
  const dir = scratch();
  const named = new Set(cases.map(({ alert }) => alert));
  const rules = prometheusRules(
    RULES.filter(({ name }) => named.has(name)),
    OPTIONS,
  );
  const kept = new Set(cases.flatMap(({ fires }) => fires.flatMap(({ says }) => Object.keys(says))));
  const text = rules.replace(/^ {8}annotations:\n((?: {10}.*\n)+)/gm, (_block, lines: string) => {
    const left = lines.split('\n').filter((line) => kept.has(line.trim().split(':')[0]!));
    return left.length === 0 ? '' : `        annotations:\n${left.join('\n')}\n`;
  });
  writeFileSync(path.join(dir, 'rules.yaml'), text);
  const tests = cases.map(({ series, at, alert, fires }) => ({
    interval: every,
    input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
    alert_rule_test: [
      {
        eval_time: at,
        alertname: alert,
        exp_alerts: fires.map(({ labels, says }) => ({ exp_labels: labels, exp_annotations: says })),
      },
    ],
  }));
  const file = path.join(dir, 'test.yaml');
  writeFileSync(file, stringify({ rule_files: ['rules.yaml'], evaluation_interval: every, tests }, { lineWidth: 0 }));
  const ran = await promtool('test', 'rules', file);
  return ran.code === 0 ? '' : `${ran.stdout}\n${ran.stderr}`;
}

const ACTIVE = 'tidewatch_monitor_active{instance="a:1"}';
const WATERMARK = 'tidewatch_watermark_timestamp_seconds{stream="demo",partition="0"}';
const FIGURES = 'tidewatch_figures_timestamp_seconds{stream="demo",instance="a:1"}';
const WATCHED = 'tidewatch_watchdog_timestamp_seconds{instance="a:1"}';
const RELOADED = 'tidewatch_config_last_reload_successful{instance="a:1"}';
const POINTS = 'tidewatch_ingest_points_total{stream="demo",disposition="accepted"}';
const UP = (job: string) => `up{job="tidewatch_${job}",instance="a:1"}`;
const of = (labels: Record<string, string>) => [{ labels, says: {} }];

/** Each with what makes it fire, when it is still waiting, when it fires, and what keeps it quiet. */
const DEAD: [
  alert: string,
  loud: Record<string, string>,
  waits: string,
  at: string,
  labels: Record<string, string>,
  quiet: Record<string, string>,
][] = [
  [
    'monitor_silent',
    { [ACTIVE]: '1 1 0x30' },
    '6m',
    '8m',
    { severity: 'page' },
    { [ACTIVE]: '0x30', [`${ACTIVE.slice(0, -4)}b:1"}`]: '1x30' },
  ],
  ['monitor_silent', {}, '4m', '5m', { severity: 'page' }, { [ACTIVE]: '1x30' }],
  ['webhook_silent', { [WATCHED]: '60x60' }, '25m', '27m', { severity: 'ticket' }, { [WATCHED]: '0+60x60' }],
  ['webhook_silent', {}, '9m', '10m', { severity: 'ticket' }, { [WATCHED]: '0+60x60' }],
  [
    'config_not_reloaded',
    { [RELOADED]: '1 0x30' },
    '10m',
    '11m',
    { severity: 'ticket', instance: 'a:1' },
    { [RELOADED]: '1x30' },
  ],
  [
    'target_down',
    { [UP('worker')]: '1 0x30', [UP('monitor')]: '1x30' },
    '5m',
    '6m',
    { severity: 'page', job: 'tidewatch_worker', instance: 'a:1' },
    { [UP('worker')]: '1x30', [UP('monitor')]: '1x30' },
  ],
  [
    'target_down',
    { [UP('worker')]: '1x30' },
    '4m',
    '5m',
    { severity: 'page', job: 'tidewatch_monitor' },
    { [UP('worker')]: '1x30', [UP('monitor')]: '1x30' },
  ],
  [
    'telemetry_silent',
    { [POINTS]: '0+60x5 300x60' },
    '33m',
    '36m',
    { severity: 'ticket', stream: 'demo' },
    { [POINTS]: '0+1x60' },
  ],
  [
    'figures_behind',
    { [WATERMARK]: '86400+60x60', [FIGURES]: '43200x60' },
    '5m',
    '7m',
    { severity: 'page', stream: 'demo' },
    { [WATERMARK]: '86400x60', [FIGURES]: '43200x60' },
  ],
  [
    'figures_missing',
    { [WATERMARK]: '0+600x80' },
    '710m',
    '720m',
    { severity: 'page', stream: 'demo' },
    { [WATERMARK]: '0+600x80', [FIGURES]: '0x80' },
  ],
  ['watchdog', {}, '', '0m', { severity: 'none' }, {}],
];

needsPrometheus('alerts as a real Prometheus raises them', () => {
  test("each dead-man's rule fires for its fault after its time, and is quiet without it", async () => {
    const cases = DEAD.flatMap(([alert, series, waits, at, labels, quiet]): Case[] => [
      { alert, series, at, fires: of(labels) },
      ...(waits === ''
        ? []
        : [
            { alert, series, at: waits, fires: [] },
            { alert, series: quiet, at, fires: [] },
          ]),
    ]);
    const long = (one: Case) => one.alert === 'figures_missing';
    expect(
      await complaints(
        cases.filter((one) => !long(one)),
        '1m',
      ),
    ).toBe('');
    expect(await complaints(cases.filter(long), '10m')).toBe('');
    expect(await complaints([{ alert: 'target_down', series: {}, at: '6m', fires: [] }], '1m')).toContain('FAILED');
  });

  const labels = 'stream="demo",figure="psi_feature",span="interval"';
  const drifted = {
    [`tidewatch_figure{${labels},instance="a:1"}`]: '0.5x80',
    [`tidewatch_figure_limit{${labels},bound="high",instance="a:1"}`]: '0.3x80',
    'tidewatch_cause{stream="demo",cause="gradual_drift"}': '1x80',
    'tidewatch_cause{stream="demo",cause="none"}': '0x80',
    'tidewatch_decisions_total{stream="demo",action="retrain",trigger="brief",result="held"}': '2x80',
  };

  test('an alert says what, where, since when, by what evidence, why, and what is done, with links', async () => {
    const { causes, means } = PSI;
    const url = OPTIONS.consoleUrl;
    const says = {
      summary: 'demo: A feature has drifted',
      description: means,
      since: 'It acts when the condition has held for 30m; held since 1970-01-01 00:00:00 +0000 UTC.',
      evidence: 'psi_feature over the interval is 0.5, above 0.25 and its measured limit; measured: 0.3.',
      cause: 'gradual_drift',
      action: `If the cause is one of ${causes!.join(', ')}, the controller trains a new model, which serves if it is no worse. If budget, rest or data forbid that, it calibrates the scores anew. For any other cause it only writes down why it holds back. It has decided, since it started: retrain (held, 2) . ${url}/#/decisions`,
      runbook_url: `${url}/runbooks/psi_drift`,
      console_url: `${url}/#/drift/demo`,
    };
    const fires = [{ labels: { severity: 'ticket', action: 'retrain', stream: 'demo' }, says }];
    expect(await complaints([{ alert: 'brief', series: drifted, at: '30m', fires }], '1m')).toBe('');
    expect(await complaints([{ alert: 'brief', series: drifted, at: '29m', fires: [] }], '1m')).toBe('');
  });

  test('what is not known is said to be so, and text of a configuration is never a template', async () => {
    const series = { [`tidewatch_figure{${labels}}`]: '0.5x80' };
    const says = {
      summary: 'demo: {{ boom',
      description: HOSTILE,
      cause: 'unknown',
      evidence: 'psi_feature over the interval is 0.5, above 0.25 and its measured limit; measured: unknown.',
    };
    const fires = [{ labels: { severity: 'ticket', action: 'retrain', stream: 'demo' }, says }];
    expect(await complaints([{ alert: 'loud', series, at: '1m', fires }], '1m')).toBe('');
  });
});
