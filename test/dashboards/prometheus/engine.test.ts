import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { WATCHDOG } from '../../../core/trigger-table.ts';
import {
  alertmanagerConfig,
  type CompiledRule,
  compileRules,
  DEAD_MAN_NAMES,
  prometheusConfig,
  prometheusRules,
  type RuledStream,
} from '../../../dashboards/rules/index.ts';
import { policyWith } from '../../monitor/decide/make.ts';
import { amtool, needsPrometheus, promtool, scratch } from '../../prometheus.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const CONSOLE = { consoleUrl: 'http://127.0.0.1:8484' };

const streamOf = (name: string, more: Record<string, unknown> = {}): RuledStream => {
  const { triggers, config } = policyWith(more);
  return { name, triggers, limits: config.limits, alertRatioBand: config.alertRatioBand, grainMs: HOUR_MS };
};

interface AlertRule {
  alert: string;
  expr: string;
  labels: Record<string, string>;
  annotations?: unknown;
}
interface RuleFile {
  groups: { name: string; rules: AlertRule[] }[];
}

/** Seen or not at a minute of the test; what alerts say is not compared here. */
interface At {
  minute: number;
  fires: boolean;
}

/** Has Prometheus' own engine evaluate one rule, minute by minute, over series in its notation. '' when it is as told. */
async function evaluated(rule: CompiledRule, series: Readonly<Record<string, string>>, at: readonly At[]) {
  const dir = scratch();
  const file: RuleFile = parse(prometheusRules([rule], CONSOLE));
  const [made] = file.groups[0]!.rules as [AlertRule];
  delete made.annotations;
  writeFileSync(path.join(dir, 'rules.yaml'), stringify(file));
  const where = rule.streams.length > 0 ? { stream: 'shop' } : {};
  const labels = { ...made.labels, ...where, ...(LABELS[rule.name] ?? {}) };
  const group = {
    interval: '1m',
    input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
    alert_rule_test: at.map(({ minute, fires }) => ({
      eval_time: `${minute}m`,
      alertname: rule.name,
      exp_alerts: fires ? [{ exp_labels: labels }] : [],
    })),
  };
  const testFile = path.join(dir, 'test.yaml');
  writeFileSync(testFile, stringify({ rule_files: ['rules.yaml'], evaluation_interval: '1m', tests: [group] }));
  const { code, stdout, stderr } = await promtool('test', 'rules', testFile);
  return code === 0 ? '' : `${stdout}${stderr}`;
}

/** Labels that an expression of the installation has. */
const LABELS: Readonly<Record<string, Record<string, string>>> = {
  target_down: { job: 'tidewatch_worker', instance: 'a' },
  config_not_reloaded: { instance: 'a' },
};

interface DeadMan {
  well: Record<string, string>;
  ill: Record<string, string>;
  /** From when on its expression holds. */
  fromMinute: number;
}
/** Longer than any rule waits. */
const MINUTES = 60 * 50;
const UP = { 'up{job="tidewatch_monitor",instance="b"}': `1x${MINUTES}` };
const watermark = (values: string) => ({
  'tidewatch_watermark_timestamp_seconds{stream="shop",partition="0"}': values,
});
const figures = (values: string) => ({ 'tidewatch_figures_timestamp_seconds{stream="shop"}': values });
const points = (values: string) => ({ 'tidewatch_ingest_points_total{stream="shop"}': values });

const DEAD_MANS: Readonly<Record<string, DeadMan>> = {
  monitor_silent: {
    well: {
      'tidewatch_monitor_active{instance="a"}': `1x${MINUTES}`,
      'tidewatch_monitor_active{instance="b"}': `0x${MINUTES}`,
    },
    ill: { 'tidewatch_monitor_active{instance="b"}': `0x${MINUTES}` },
    fromMinute: 0,
  },
  webhook_silent: {
    well: { tidewatch_watchdog_timestamp_seconds: `0+60x${MINUTES}` },
    ill: { tidewatch_watchdog_timestamp_seconds: `0x${MINUTES}` },
    fromMinute: 16,
  },
  config_not_reloaded: {
    well: { 'tidewatch_config_last_reload_successful{instance="a"}': `1x${MINUTES}` },
    ill: { 'tidewatch_config_last_reload_successful{instance="a"}': `1x3 0x${MINUTES}` },
    fromMinute: 4,
  },
  target_down: {
    well: { ...UP, 'up{job="tidewatch_worker",instance="a"}': `1x${MINUTES}` },
    ill: { ...UP, 'up{job="tidewatch_worker",instance="a"}': `1x3 0x${MINUTES}` },
    fromMinute: 4,
  },
  telemetry_silent: { well: points(`0+5x${MINUTES}`), ill: points(`0+5x10 50x${MINUTES}`), fromMinute: 25 },
  figures_behind: {
    well: { ...watermark(`900000x${MINUTES}`), ...figures(`899000x${MINUTES}`) },
    ill: { ...watermark(`900000x${MINUTES}`), ...figures(`1x${MINUTES}`) },
    fromMinute: 0,
  },
  figures_missing: {
    well: { ...watermark(`900000x${MINUTES}`), ...figures(`899000x${MINUTES}`) },
    ill: watermark(`900000x${MINUTES}`),
    fromMinute: 0,
  },
};

const ruleNamed = (name: string, policy: Record<string, unknown> = {}) =>
  compileRules([streamOf('shop', policy)]).find((rule) => rule.name === name)!;

needsPrometheus('rules in the engine of Prometheus', () => {
  test('what is built passes the checks of promtool and amtool, for streams that differ too', async () => {
    const dir = scratch();
    const write = (name: string, text: string) => {
      writeFileSync(path.join(dir, name), text);
      return path.join(dir, name);
    };
    const secret = write('secret', 's');
    const options = {
      ...CONSOLE,
      alertmanagerUrl: 'http://alertmanager:9093',
      monitorUrl: 'http://monitor:8484',
      targets: { worker: 'worker:8484', monitor: '127.0.0.1:8484' },
      files: { httpToken: secret, alertsSecret: secret, peopleUrl: secret },
    };
    const streams = [streamOf('shop'), streamOf('till'), streamOf('depot', { limits: 'textbook' })];
    const rules = write('rules.yaml', prometheusRules(compileRules(streams), CONSOLE));
    const ran = [
      await promtool('check', 'rules', rules),
      await promtool('check', 'config', write('prometheus.yml', prometheusConfig(options))),
      await amtool('check-config', write('alertmanager.yml', alertmanagerConfig(options))),
    ];
    expect(ran.map(({ code, stdout, stderr }) => (code === 0 ? '' : stdout + stderr))).toEqual(['', '', '']);
    expect(ran[0]!.stdout).toMatch(/SUCCESS: \d+ rules found/);
    const bad = write('bad.yaml', prometheusRules(compileRules(streams), CONSOLE).replaceAll('last_over_time', 'lost'));
    expect((await promtool('check', 'rules', bad)).code).not.toBe(0);
  });

  test("every dead-man's rule is evaluated here", () => {
    expect([...Object.keys(DEAD_MANS), WATCHDOG].sort()).toEqual([...DEAD_MAN_NAMES].sort());
  });

  test.each(Object.entries(DEAD_MANS))('%s is quiet while all is well', async (name, { well }) => {
    const rule = ruleNamed(name);
    const late = Math.min(MINUTES, 60 + rule.forMs / MINUTE_MS);
    expect(
      await evaluated(
        rule,
        well,
        [30, late].map((minute) => ({ minute, fires: false })),
      ),
    ).toBe('');
  });

  test.each(Object.entries(DEAD_MANS))('%s fires once it has held for its time', async (name, { ill, fromMinute }) => {
    const rule = ruleNamed(name);
    const due = fromMinute + rule.forMs / MINUTE_MS;
    const at = [
      { minute: due - 1, fires: false },
      { minute: due, fires: true },
    ];
    expect(await evaluated(rule, ill, at)).toBe('');
    // and the test would see it if it fired a minute early
    expect(await evaluated(rule, ill, [{ minute: due - 1, fires: true }])).not.toBe('');
  });

  test('the watchdog always fires', async () => {
    expect(await evaluated(ruleNamed(WATCHDOG), {}, [{ minute: 1, fires: true }])).toBe('');
  });

  const SHORT = { triggers: { psi_warn: { for: '6m' }, calibration_out: { for: '6m' } } };
  const psi = 'stream="shop",figure="psi_feature",span="interval"';
  const ratio = 'stream="shop",figure="alert_rate_ratio",span="day"';

  test('a trigger waits its time by the measured limit, and what is unknown meanwhile ends nothing', async () => {
    const series = {
      [`tidewatch_figure{${psi}}`]: '0.15x4 0.5x2 _x10 0.5x10 0.15x9',
      [`tidewatch_figure_limit{${psi},bound="high"}`]: '0.5x40',
    };
    const at = [
      { minute: 4, fires: false },
      { minute: 10, fires: false },
      { minute: 11, fires: true },
      { minute: 27, fires: true },
      { minute: 31, fires: false },
    ];
    expect(await evaluated(ruleNamed('psi_warn', SHORT), series, at)).toBe('');
    // by the number of the table alone it would have held from the beginning
    const textbook = ruleNamed('psi_warn', { ...SHORT, limits: 'textbook' });
    expect(await evaluated(textbook, series, [{ minute: 8, fires: true }])).toBe('');
  });

  test('a process that has taken over ends what the one before has shown, once it knows better', async () => {
    const rule = ruleNamed('error_rate');
    const errors = 'stream="shop",figure="errors",span="grain"';
    const series = {
      [`tidewatch_figure{${errors},instance="a"}`]: '0.02x9 stale _x30',
      [`tidewatch_figure{${errors},instance="b"}`]: '_x20 0x5 stale _x15',
    };
    const at = [
      { minute: 9, fires: true },
      { minute: 18, fires: true },
      { minute: 22, fires: false },
      { minute: 38, fires: false },
    ];
    expect(await evaluated(rule, series, at)).toBe('');
    // by samples rather than instants the one before would go on for a day
    const bySamples = 'max by (stream) (last_over_time($1[1d]))';
    const expr = rule.expr.replace(/last_over_time\(max by \(stream\) \((.*)\)\[1d:5m\]\)/, bySamples);
    expect(expr).toContain('[1d])');
    expect(await evaluated({ ...rule, expr }, series, at)).not.toBe('');
  });

  test('a champion that is worse calls somebody only while the former one is ready', async () => {
    const rule = ruleNamed('champion_worse');
    const series = {
      'tidewatch_figure{stream="shop",figure="quality",span="day"}': '0.5x40',
      'tidewatch_controller_state{stream="shop"}': '0x19 6x9 0x9',
    };
    const at = [
      { minute: 10, fires: false },
      { minute: 25, fires: true },
      { minute: 35, fires: false },
    ];
    expect(await evaluated(rule, series, at)).toBe('');
  });

  test('a ratio is out of its band only when all of its interval is', async () => {
    const rule = ruleNamed('calibration_out', SHORT);
    const series = (low: number) => ({
      [`tidewatch_figure{${ratio}}`]: '9x30',
      [`tidewatch_figure_limit{${ratio},bound="low"}`]: '0.2x30',
      [`tidewatch_figure_limit{${ratio},bound="high"}`]: '5x30',
      [`tidewatch_figure_interval{${ratio},bound="low"}`]: `${low}x30`,
      [`tidewatch_figure_interval{${ratio},bound="high"}`]: '14x30',
    });
    expect(await evaluated(rule, series(4), [{ minute: 20, fires: false }])).toBe('');
    expect(
      await evaluated(rule, series(6), [
        { minute: 5, fires: false },
        { minute: 6, fires: true },
      ]),
    ).toBe('');
  });
});
