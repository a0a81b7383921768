import Fastify from 'fastify';
import { describe, expect, test } from 'vitest';
import { requireToken } from '../../../cli/embedded/require-token.ts';
import { watchMember } from '../../../cli/metrics/member-metrics.ts';
import { type ProcessKind, PrometheusMetrics } from '../../../cli/metrics/registry.ts';
import { metricsRoute } from '../../../cli/metrics/route.ts';
import { streamConfig } from '../../../core/config/stream.ts';
import { METRIC_LABELS, METRICS, type MetricInfo } from '../../../core/metrics.ts';
import { Access } from '../../../monitor/access/tokens.ts';
import { audit, parseExposition, seriesValue } from './exposition.ts';

const make = (kind: ProcessKind = 'worker') => new PrometheusMetrics({ kind, version: '1.2.3', process: false });
const CATALOGUE: [string, MetricInfo][] = Object.entries(METRICS);

describe('the catalogue', () => {
  test.each(CATALOGUE)('%s is named and described as the rules say', (name, info) => {
    expect(name).toMatch(/^tidewatch_[a-z0-9]+(_[a-z0-9]+)*$/);
    expect(name.endsWith('_total')).toBe(info.type === 'counter');
    expect(info.help).toMatch(/^(\d|[A-Z]).*\.$/);
    expect(info.labels).not.toContain('entity');
    for (const label of info.labels) expect(Object.keys(METRIC_LABELS)).toContain(label);
    expect(info.buckets === undefined).toBe(info.type !== 'histogram');
    expect(info.buckets?.toSorted((a, b) => a - b)).toEqual(info.buckets);
    const unit = name
      .replace(/_total$/, '')
      .split('_')
      .at(-1)!;
    for (const word of ['seconds', 'bytes', 'records', 'entities', 'points', 'events'])
      if (unit === word) expect(info.unit).toBe(word);
    expect(name).not.toMatch(/_(ms|millis|kb|mb|minutes|percent)(_|$)/);
  });

  test('its encodings are those that a stream can have', () => {
    for (const encoding of METRIC_LABELS.encoding.values)
      expect(streamConfig.parse({ name: 's', encoding }).encoding).toBe(encoding);
    expect(METRIC_LABELS.encoding.values.length).toBe(streamConfig.in.shape.encoding.unwrap().options.length);
  });
});

describe('a registry', () => {
  test('exposes what its kind of process sets, and nothing that is not in the catalogue', async () => {
    const worker = parseExposition(await make().text());
    const workers = CATALOGUE.filter(([, { setBy }]) => setBy.split(', ').includes('worker'));
    expect([...worker.keys()].sort()).toEqual(workers.map(([name]) => name).sort());
    const monitor = parseExposition(await make('monitor').text());
    expect([monitor.has('tidewatch_figure'), monitor.has('tidewatch_build_info')]).toEqual([true, true]);
    expect(monitor.has('tidewatch_ingest_points_total')).toBe(false);
    const up = parseExposition(await make('up').text());
    expect(up.has('tidewatch_kafka_rebalances_total')).toBe(false);
    expect(up.has('tidewatch_ingest_points_total')).toBe(true);
  });

  test('what a process of another kind sets is kept to itself', async () => {
    const up = make('up');
    up.count('tidewatch_fenced_total', { stream: 's' });
    expect(await up.text()).not.toContain('fenced');
  });

  test('counts, sets, observes, and shows a series that was counted by nothing', async () => {
    const metrics = make();
    metrics.count('tidewatch_claims_total', { stream: 'a' }, 0);
    metrics.count('tidewatch_kafka_heartbeats_total', {}, 3);
    metrics.count('tidewatch_kafka_heartbeats_total', {});
    metrics.set('tidewatch_queue_bytes', {}, 17);
    metrics.observe('tidewatch_fold_duration_seconds', { stream: 'a' }, 0.002);
    const text = await metrics.text();
    expect(seriesValue(text, 'tidewatch_claims_total', { stream: 'a' })).toBe(0);
    expect(seriesValue(text, 'tidewatch_kafka_heartbeats_total')).toBe(4);
    expect(seriesValue(text, 'tidewatch_queue_bytes')).toBe(17);
    const bucket = (le: string) => seriesValue(text, 'tidewatch_fold_duration_seconds', { le, stream: 'a' });
    expect([bucket('0.001'), bucket('0.0025'), bucket('+Inf')]).toEqual([0, 1, 1]);
    expect(seriesValue(text, 'tidewatch_build_info', { version: '1.2.3', node: process.version })).toBe(1);
  });

  test('a histogram that has begun shows nothing as 0, and beginning again takes nothing away', async () => {
    const metrics = make();
    const count = async () =>
      seriesValue(await metrics.text(), 'tidewatch_severity', { stream: 'a', __suffix: '_count' });
    expect(await count()).toBeUndefined();
    metrics.begin('tidewatch_severity', { stream: 'a' });
    expect(await count()).toBe(0);
    metrics.observe('tidewatch_severity', { stream: 'a' }, 2);
    metrics.begin('tidewatch_severity', { stream: 'a' });
    expect(await count()).toBe(1);
  });

  test('is not broken by what is no number, and a gauge without a value has no series', async () => {
    const metrics = make();
    metrics.count('tidewatch_claims_total', { stream: 'a' }, Number.NaN);
    metrics.count('tidewatch_claims_total', { stream: 'a' }, -1);
    metrics.observe('tidewatch_severity', { stream: 'a' }, Number.NaN);
    metrics.set('tidewatch_watermark_timestamp_seconds', { stream: 'a', partition: 0 }, 1);
    metrics.set('tidewatch_watermark_timestamp_seconds', { stream: 'a', partition: 0 }, Number.NEGATIVE_INFINITY);
    const families = parseExposition(await metrics.text());
    for (const name of ['tidewatch_claims_total', 'tidewatch_severity', 'tidewatch_watermark_timestamp_seconds'])
      expect(families.get(name)!.series).toEqual([]);
  });

  test('replacing the series of a gauge takes the former ones away', async () => {
    const metrics = make();
    metrics.replace('tidewatch_ingest_lag_records', [
      [{ topic: 't', partition: 0 }, 1],
      [{ topic: 't', partition: 1 }, 2],
    ]);
    metrics.replace('tidewatch_ingest_lag_records', [[{ topic: 't', partition: 1 }, 3]]);
    expect(parseExposition(await metrics.text()).get('tidewatch_ingest_lag_records')!.series).toEqual([
      { labels: { topic: 't', partition: '1' }, value: 3 },
    ]);
  });

  test('collects before each reading, until that is ended', async () => {
    const metrics = make();
    let readings = 0;
    const end = metrics.onScrape(() => metrics.set('tidewatch_queue_bytes', {}, ++readings));
    await metrics.text();
    expect(seriesValue(await metrics.text(), 'tidewatch_queue_bytes')).toBe(2);
    end();
    expect(seriesValue(await metrics.text(), 'tidewatch_queue_bytes')).toBe(2);
  });

  test('shows what a member of a consumer group counts by itself, each once', async () => {
    const metrics = make();
    const member = { heartbeats: 3, rebalances: 1, queuedBytes: 500 };
    const end = watchMember(metrics, member);
    await metrics.text();
    Object.assign(member, { heartbeats: 10, rebalances: 2, queuedBytes: 70 });
    const text = await metrics.text();
    expect(seriesValue(text, 'tidewatch_kafka_heartbeats_total')).toBe(10);
    expect(seriesValue(text, 'tidewatch_kafka_rebalances_total')).toBe(2);
    expect(seriesValue(text, 'tidewatch_queue_bytes')).toBe(70);
    member.heartbeats = 12;
    end();
    const last = await metrics.text();
    expect(seriesValue(last, 'tidewatch_kafka_heartbeats_total')).toBe(12);
    expect(seriesValue(last, 'tidewatch_queue_bytes')).toBe(0);
  });

  test('knows the figures of the process', async () => {
    const text = await new PrometheusMetrics({ kind: 'up', version: '1' }).text();
    expect(audit(text, 'up')).toMatchObject({ unknown: [], badLabels: [] });
    for (const name of [
      'process_cpu_seconds_total',
      'process_resident_memory_bytes',
      'nodejs_eventloop_lag_p99_seconds',
    ])
      expect(text).toContain(`# TYPE ${name}`);
  });

  test('names and labels outside the catalogue do not compile', () => {
    const metrics = make();
    // @ts-expect-error: no such metric
    expect(() => metrics.count('tidewatch_made_up_total', {})).toThrow();
    // @ts-expect-error: a gauge is not counted
    expect(() => metrics.count('tidewatch_queue_bytes', {})).toThrow();
    // @ts-expect-error: an entity is no label
    expect(() => metrics.count('tidewatch_claims_total', { stream: 's', entity: 'web-1' })).toThrow();
  });
});

describe('the auditor sees', () => {
  const text = async () => {
    const metrics = make('up');
    metrics.count('tidewatch_ingest_points_total', { stream: 's', disposition: 'applied' });
    return metrics.text();
  };

  test('a metric that is not in the catalogue', async () => {
    expect(audit(`${await text()}# HELP x_total X.\n# TYPE x_total counter\nx_total 1\n`, 'up').unknown).toEqual([
      'x_total',
    ]);
  });
  test('a label, and a value, that a metric does not have', async () => {
    const planted = (await text()).replace('disposition="applied"', 'disposition="lost",entity="web-1"');
    expect(audit(planted, 'up').badLabels).toEqual([
      'tidewatch_ingest_points_total{disposition,entity,stream}',
      'tidewatch_ingest_points_total{disposition="lost"}',
    ]);
  });
  test('a metric without a series', async () => {
    const { missing } = audit(await text(), 'up');
    expect(missing).toContain('tidewatch_windows_total');
    expect(missing).not.toContain('tidewatch_ingest_points_total');
    expect(missing).not.toContain('tidewatch_kafka_rebalances_total');
  });
});

describe('GET /metrics', () => {
  test('answers in the text format of Prometheus', async () => {
    const app = Fastify();
    await app.register(metricsRoute(make()));
    const answer = await app.inject('/metrics');
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(parseExposition(answer.body).has('tidewatch_build_info')).toBe(true);
  });

  test('wants the token where callers need one', async () => {
    const app = Fastify();
    const master = 'a-token-of-some-length';
    requireToken(app, new Access({ tokens: null, master, open: false, now: () => 0 }));
    await app.register(metricsRoute(make()));
    expect((await app.inject('/metrics')).statusCode).toBe(401);
    const headers = { authorization: 'Bearer a-token-of-some-length' };
    expect((await app.inject({ url: '/metrics', headers })).statusCode).toBe(200);
  });
});
