import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { expandPromql } from '../../dashboards/index.ts';
import { anomalousShare, trustOf } from '../../dashboards/overview-queries.ts';
import { TRUST } from '../../dashboards/words.ts';
import { needsPrometheus, promtool, scratch } from '../prometheus.ts';
import { makeFilling, makeOptions } from './make.ts';

type Series = Readonly<Record<string, number | string>>;

const { streams } = makeOptions(['hosts']);
const filled = (expr: string) => expandPromql(expr, makeFilling(0));

const FRESH: Series = { 'tidewatch_figures_timestamp_seconds{stream="hosts"}': 0 };
const alerts = (metric: string, bound: string) =>
  `${metric}{stream="hosts", figure="alert_rate_ratio", span="day", bound="${bound}"}`;
const RATIO = 'tidewatch_figure{stream="hosts", figure="alert_rate_ratio", span="day"}';
const DRIFT = 'tidewatch_figure{stream="hosts", figure="drift", span="interval"}';
const FALLBACK = 'tidewatch_fallback_active{stream="hosts"}';
const INTERVAL = 'tidewatch_figure_interval';
const LIMIT = 'tidewatch_figure_limit';

/** What an expression comes to, by Prometheus' own evaluation; null: nothing. What promtool objects to. */
async function evaluated(expr: string, series: Series, value: number | null, at = '10m'): Promise<string> {
  const file = path.join(scratch(), 'test.yaml');
  const test = {
    interval: '1m',
    input_series: Object.entries(series).map(([name, values]) => ({
      series: name,
      values: typeof values === 'number' ? `${values}x900` : values,
    })),
    promql_expr_test: [{ expr, eval_time: at, exp_samples: value === null ? [] : [{ labels: '{}', value }] }],
  };
  writeFileSync(file, JSON.stringify({ tests: [test] }));
  const { code, stdout, stderr } = await promtool('test', 'rules', file);
  return code === 0 ? '' : `${stdout}${stderr}`;
}

needsPrometheus('whether the detector is trustworthy', () => {
  const text = (value: number) => TRUST[value]![0];

  it.each<[string, Series, number | null, string?]>([
    ['nobody knows without figures', {}, null],
    [text(0), { ...FRESH, [DRIFT]: 0.4, [FALLBACK]: 0, [RATIO]: 1 }, 0],
    [text(1), { ...FRESH, [RATIO]: 9, [alerts(INTERVAL, 'low')]: 6, [alerts(INTERVAL, 'high')]: 12 }, 1],
    [
      'three alerts where one was expected say nothing',
      { ...FRESH, [RATIO]: 9, [alerts(INTERVAL, 'low')]: 1, [alerts(INTERVAL, 'high')]: 20 },
      0,
    ],
    [
      'a measured band goes before that of the policy',
      {
        ...FRESH,
        [RATIO]: 9,
        [alerts(INTERVAL, 'low')]: 6,
        [alerts(INTERVAL, 'high')]: 12,
        [alerts(LIMIT, 'high')]: 10,
        [alerts(LIMIT, 'low')]: 0.1,
      },
      0,
    ],
    ['no alerts at all', { ...FRESH, [RATIO]: 0 }, 1],
    [text(2), { ...FRESH, [DRIFT]: 1.5, [RATIO]: 9 }, 2],
    [text(3), { ...FRESH, [DRIFT]: 1.5, [FALLBACK]: 1 }, 3],
    [text(4), { ...FRESH, [DRIFT]: 1.5, [FALLBACK]: 1 }, 4, '13h'],
    [
      'the worst of all streams',
      { ...FRESH, [DRIFT]: 0, 'tidewatch_fallback_active{stream="hosts", instance="b"}': 1 },
      3,
    ],
  ])('%s', async (_, series, value, at) => {
    expect(await evaluated(filled(trustOf(streams)), series, value, at)).toBe('');
  });

  it('is found out when it comes to something else', async () => {
    expect(await evaluated(filled(trustOf(streams)), FRESH, 1)).toMatch(/FAILED/);
  });
});

needsPrometheus('the share of anomalous windows', () => {
  const normal = 'tidewatch_windows_total{stream="hosts", source="forest", outcome="normal"}';
  const anomalous = 'tidewatch_windows_total{stream="hosts", source="forest", outcome="anomalous"}';
  const share = `sum(${filled(anomalousShare()).replaceAll('[60s]', '[5m]')})`;

  it('is 0, and not unknown, before the first one', async () => {
    expect(await evaluated(share, { [normal]: '0+60x900' }, 0)).toBe('');
  });

  it('is theirs of all', async () => {
    expect(await evaluated(share, { [normal]: '0+45x900', [anomalous]: '0+15x900' }, 0.25)).toBe('');
  });

  it('is unknown while nothing is judged', async () => {
    expect(await evaluated(share, {}, null)).toBe('');
  });
});
