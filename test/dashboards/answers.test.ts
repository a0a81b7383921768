import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import { WATCHDOG } from '../../core/trigger-table.ts';
import { expandPromql, expandSql } from '../../dashboards/index.ts';
import { alarm, anomalousShare, silentStreams, trustOf } from '../../dashboards/overview-queries.ts';
import { anomalousNow, controllerNow, firstToDo } from '../../dashboards/overview-sql.ts';
import { LONGEST_ANSWER } from '../../dashboards/panels.ts';
import { DEAD_MAN_NAMES } from '../../dashboards/rules/dead-man.ts';
import { ALARM_WORDS, ALARMS, TRUST, TRUST_NUMBERS } from '../../dashboards/words.ts';
import type { Decision, MonitorState } from '../../monitor/types.ts';
import { silentLogger } from '../../store/logger.ts';
import { PostgresMonitorStore } from '../../store/monitor-store.ts';
import { PostgresPartitionStore } from '../../store/partition-store.ts';
import { testDatabase } from '../postgres.ts';
import { needsPrometheus, promtool, scratch } from '../prometheus.ts';
import { makeIncident, makeVerdict, outputs } from '../store/make.ts';
import { HOUR_MS, makeCommit, makeDecision, makeState, T0 } from '../store/monitor-make.ts';
import { makeFilling, makeOptions } from './make.ts';

type Series = Readonly<Record<string, number | string>>;

const { streams } = makeOptions(['hosts']);
const filled = (expr: string, stream: string | string[] = 'hosts') => expandPromql(expr, makeFilling(0, { stream }));

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

const MODEL: Series = { 'tidewatch_model_info{stream="hosts", role="champion", model="m"}': 1 };
const cause = (name: string, told = 1): Series => ({ [`tidewatch_cause{stream="hosts", cause="${name}"}`]: told });

needsPrometheus('whether the detector is trustworthy', () => {
  const { yes, learning, alerts: off, drift, withoutForest, stale } = TRUST_NUMBERS;
  const tooMany: Series = { [RATIO]: 9, [alerts(INTERVAL, 'low')]: 6, [alerts(INTERVAL, 'high')]: 12 };

  it.each<[string, Series, string | null, string?]>([
    ['nobody knows without figures', {}, null],
    ['all is well', { ...FRESH, ...MODEL, [DRIFT]: 0.4, [FALLBACK]: 0, [RATIO]: 1 }, TRUST[yes]![0]],
    ['there is no model yet', { [FALLBACK]: 1 }, TRUST[learning]![0]],
    ['too many alerts', { ...FRESH, ...tooMany }, TRUST[off]![0]],
    [
      'with the cause that was told',
      { ...FRESH, ...tooMany, ...cause('fault_storm') },
      'Alert rate off: many entities fail',
    ],
    [
      'three alerts where one was expected say nothing',
      { ...FRESH, [RATIO]: 9, [alerts(INTERVAL, 'low')]: 1, [alerts(INTERVAL, 'high')]: 20 },
      'Yes',
    ],
    [
      'a measured band goes before that of the policy',
      { ...FRESH, ...tooMany, [alerts(LIMIT, 'high')]: 10, [alerts(LIMIT, 'low')]: 0.1 },
      'Yes',
    ],
    ['no alerts at all', { ...FRESH, [RATIO]: 0 }, TRUST[off]![0]],
    ['drift', { ...FRESH, [DRIFT]: 1.5, [RATIO]: 9, ...cause('unit_change', 0) }, TRUST[drift]![0]],
    [
      'drift, and why',
      { ...FRESH, [DRIFT]: 1.5, ...cause('missing_data', 0), ...cause('unit_change') },
      'Drifted: a unit was changed',
    ],
    ['a cause without a doubt', { ...FRESH, [DRIFT]: 0.4, ...cause('gradual_drift') }, 'Yes'],
    ['a forest that does not serve', { ...FRESH, ...MODEL, [DRIFT]: 1.5, [FALLBACK]: 1 }, TRUST[withoutForest]![0]],
    ['stale figures', { ...FRESH, ...MODEL, [DRIFT]: 1.5, [FALLBACK]: 1 }, TRUST[stale]![0], '13h'],
    [
      'the worst of all streams',
      {
        ...FRESH,
        [DRIFT]: 0,
        'tidewatch_model_info{stream="shops", role="champion", model="m"}': 1,
        'tidewatch_fallback_active{stream="shops", instance="b"}': 1,
      },
      TRUST[withoutForest]![0],
    ],
  ])('%s', async (_, series, text, at) => {
    const number = text === null ? null : Number(Object.keys(TRUST).find((key) => TRUST[key]![0] === text));
    expect(number).not.toBeNaN();
    expect(await evaluated(filled(trustOf(streams), ['hosts', 'shops']), series, number, at)).toBe('');
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
    expect(await evaluated(share, { [normal]: 7, [anomalous]: 3 }, null)).toBe('');
  });
});

needsPrometheus('streams that fell silent', () => {
  const points = (stream: string) => `tidewatch_ingest_points_total{stream="${stream}"}`;
  const silent = filled(silentStreams(), ['hosts', 'shops']).replaceAll('[60s]', '[5m]');

  it.each<[string, Series, number | null]>([
    ['are counted while others send', { [points('hosts')]: '0+60x900', [points('shops')]: 7 }, 1],
    ['are not there where all send', { [points('hosts')]: '0+60x900', [points('shops')]: '0+1x900' }, null],
    ['are not counted where nothing arrives: that is said', { [points('hosts')]: 5, [points('shops')]: 7 }, null],
  ])('%s', async (_, series, value) => {
    expect(await evaluated(silent, series, value)).toBe('');
  });
});

describe('alerts that stand before decisions', () => {
  it('are all those of the installation and of missing data', () => {
    const names = [...DEAD_MAN_NAMES].filter((name) => name !== WATCHDOG);
    expect(ALARMS.map(([name]) => name).sort()).toEqual(names.sort());
  });

  needsPrometheus('as Prometheus has them', () => {
    const firing = (name: string) => `ALERTS{alertname="${name}", alertstate="firing", severity="page"}`;

    it('come to the worst one', async () => {
      const worst = Number(Object.keys(ALARM_WORDS).find((key) => ALARM_WORDS[key]![0] === 'Start the monitor'));
      const series = { [firing('monitor_silent')]: 1, [firing('webhook_silent')]: 1, [firing(WATCHDOG)]: 1 };
      expect(await evaluated(alarm(), series, worst)).toBe('');
    });

    it('come to nothing while none fires, or one only might', async () => {
      const pending = 'ALERTS{alertname="monitor_silent", alertstate="pending"}';
      expect(await evaluated(alarm(), { [firing(WATCHDOG)]: 1, [pending]: 1 }, null)).toBe('');
    });
  });
});

describe('answers from the database', async () => {
  const { pool } = await testDatabase();
  const LATER = T0 + 8 * HOUR_MS;
  const partition = { stream: 'hosts', partition: 0, clock: systemClock, log: silentLogger };
  let versions = 0;

  async function commit(state: Partial<MonitorState>, change?: Partial<Decision>): Promise<void> {
    const version = ++versions;
    const whole = makeCommit(version, { state: makeState(version, state) });
    const decision = makeDecision(version, { atMs: T0 + 5 * HOUR_MS + version, ...change });
    const decisions = change === undefined ? [] : [{ ...whole.decisions[0]!, decision }];
    const hold = (await new PostgresMonitorStore(pool, systemClock).hold('test'))!;
    expect(await hold.commit({ ...whole, decisions, ...(change === undefined ? { evidence: new Map() } : {}) })).toBe(
      'committed',
    );
    await hold.release();
  }
  const flush = async (change: Parameters<typeof outputs>[0]): Promise<void> => {
    const store = new PostgresPartitionStore(pool, partition);
    const { epoch } = await store.claim('a');
    await store.flush(outputs(change), epoch);
  };
  /** What is anomalous, what the controller did, what to do; null where nothing is known. */
  async function told(): Promise<(string | null)[]> {
    const texts: (string | null)[] = [];
    for (const sql of [anomalousNow(), controllerNow(), firstToDo()]) {
      const { rows } = await pool.query(expandSql(sql, makeFilling(LATER)));
      expect(rows.length).toBeLessThanOrEqual(1);
      texts.push(rows[0]?.Answer ?? null);
    }
    for (const text of texts) expect(text?.length ?? 0).toBeLessThanOrEqual(LONGEST_ANSWER);
    return texts;
  }

  it('are not there while nothing is: the panels say what is missing', async () => {
    expect(await told()).toEqual([null, null, null]);
  });

  it('say that nothing is, once something was judged and a controller has looked', async () => {
    await flush({ verdicts: [makeVerdict()] });
    expect(await told()).toEqual(['Nothing', null, null]);
    await commit({});
    expect(await told()).toEqual(['Nothing', 'Nothing in this time', 'Nothing: no decision or incident waits']);
  });

  it('name the worst incident, with what is unlike itself in it', async () => {
    const summary = 'latency_ms 412, expected 80 to 121; cpu 3, expected 1 to 2';
    await flush({
      incidents: [
        makeIncident({ id: 'one', entity: 'web-2', peakSeverity: 1.5 }),
        makeIncident({ id: 'two', entity: 'web-1', peakSeverity: 3, summary }),
      ],
    });
    expect(await told()).toEqual([
      '2 open: web-1, latency_ms 412',
      'Nothing in this time',
      'Look at web-1, then label it',
    ]);
  });

  it('shorten names that are long, and say so', async () => {
    const entity = 'ingress-controller-eu-central-1a-7f9c';
    await flush({
      incidents: [makeIncident({ id: 'three', entity, peakSeverity: 9, summary: 'requests_per_second 0' })],
    });
    expect(await told()).toEqual([
      '3 open: ingress-control…, requests_per_…',
      'Nothing in this time',
      'Look at ingress-controll…, then label it',
    ]);
  });

  it('say what was done with its result, and first of all what calls for somebody', async () => {
    await commit(
      {},
      { trigger: 'psi_drift', action: 'retrain', result: 'held', urgency: 'ticket', runbook: 'psi_drift' },
    );
    expect((await told()).slice(1)).toEqual(['Held: retrain, hosts', 'Ticket: runbook psi_drift, hosts']);
    await commit(
      {},
      { trigger: 'error_rate', action: 'roll_back', result: 'done', urgency: 'page', runbook: 'error_rate' },
    );
    expect((await told()).slice(1)).toEqual(['Done: roll back, hosts', 'Page: runbook error_rate, hosts +1']);
  });

  it('say that a candidate waits, that a hold is in force, that a controller is suspended', async () => {
    const candidate = { modelId: 'next', artifact: '' } as never;
    const approval = { rollout: { phase: 'approval', sinceMs: T0, candidate, evaluation: null } as never };
    await commit(approval);
    expect((await told())[1]).toBe('Waits for approval: hosts');
    const hold = { sinceMs: T0, seenMs: T0, trigger: 'producer_changed', reason: '' };
    await commit({ hold });
    expect((await told())[1]).toBe('On hold by producer_changed: hosts');
    await commit({ hold, suspended: true });
    expect((await told()).slice(1)).toEqual([
      'Suspended, decides nothing: hosts',
      'Page: resume the controller, hosts +2',
    ]);
  });
});
