import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { LETTER_CODES } from '../../../cli/metrics/letter-codes.ts';
import { ModelHashes } from '../../../cli/metrics/model-hashes.ts';
import type { PartitionAbout } from '../../../cli/metrics/partition-metrics.ts';
import { PartitionsMetrics } from '../../../cli/metrics/partitions.ts';
import { PrometheusMetrics } from '../../../cli/metrics/registry.ts';
import { ManualClock } from '../../../core/clock.ts';
import { ERRORS, type ErrorCode, WINDOW_FAULTS } from '../../../core/errors.ts';
import { sha256Hex } from '../../../core/hash.ts';
import { LOG_LEVELS } from '../../../core/log-level.ts';
import { METRIC_LABELS, METRICS, type MetricInfo } from '../../../core/metrics.ts';
import { DISPOSITIONS, type Verdict } from '../../../core/types.ts';
import { modelIdOf } from '../../../detector/offline.ts';
import { Tallies } from '../../../detector/tallies.ts';
import { type Counters, noOutputs } from '../../../ingest/ports.ts';
import { makeModel, recordOf, testConfig } from '../../detector/make.ts';
import { Bench } from '../../ingest/partition-bench.ts';
import { audit, parseExposition, seriesValue } from './exposition.ts';

const ABOUT: PartitionAbout = { stream: 's', topic: 't', partition: 0, encoding: 'tidewatch_json' };

/** A worker of the bench that is watched. */
async function watched(bench: Bench, streams = ['s']) {
  const models = new ModelHashes(bench.models);
  const metrics = new PrometheusMetrics({ kind: 'up', version: '1', process: false });
  const partitions = new PartitionsMetrics({ metrics, clock: bench.clock, streams, sha256Of: models.sha256Of });
  const watch = partitions.open(ABOUT);
  const worker = await bench.start({ observe: watch, models }, testConfig(), (partition) => watch.claimed(partition));
  return {
    ...worker,
    watch,
    metrics,
    text: () => metrics.text(),
    async value(...about: [Parameters<typeof seriesValue>[1], Record<string, string>?]) {
      return seriesValue(await metrics.text(), ...about);
    },
  };
}

describe('a watched partition', () => {
  test('shows points, records, windows and severities as the fold has them', async () => {
    const bench = new Bench();
    const worker = await watched(bench);
    bench.log.beat('a', 0, 60);
    await bench.pass(2000);
    bench.log.records.push(recordOf(60, 60_000, 'broken'), recordOf(61, 60_000, '{"entity":"a","time":1,"values":{}}'));
    bench.log.beat('a', 59, 61);
    await bench.pass(10_000);
    const text = await worker.text();
    const { counters } = worker.partition.fold;
    for (const disposition of DISPOSITIONS)
      expect(seriesValue(text, 'tidewatch_ingest_points_total', { disposition })).toBe(counters[disposition]);
    expect(counters.applied).toBe(122);
    expect(counters.duplicate).toBe(2);
    expect(seriesValue(text, 'tidewatch_ingest_records_total', { outcome: 'decoded', topic: 't' })).toBe(62);
    expect(seriesValue(text, 'tidewatch_ingest_records_total', { outcome: 'refused' })).toBe(2);
    expect(seriesValue(text, 'tidewatch_dead_letters_total', { stage: 'decode', code: 'record_not_json' })).toBe(2);
    const bytes = bench.log.records.reduce((sum, { value }) => sum + value.length, 0);
    expect(seriesValue(text, 'tidewatch_ingest_bytes_total')).toBe(bytes);
    const judged = bench.tables.verdicts.size;
    expect(judged).toBeGreaterThan(4);
    expect(seriesValue(text, 'tidewatch_windows_total', { source: 'fallback', outcome: 'normal' })).toBe(judged);
    expect(seriesValue(text, 'tidewatch_severity', { __suffix: '_count' })).toBe(judged);
    expect(seriesValue(text, 'tidewatch_event_delay_seconds', { __suffix: '_count' })).toBe(judged);
    expect(seriesValue(text, 'tidewatch_watermark_timestamp_seconds')).toBe(worker.partition.fold.watermarkMs / 1000);
    expect(seriesValue(text, 'tidewatch_fallback_active', { stream: 's' })).toBe(1);
    expect(seriesValue(text, 'tidewatch_partitions_owned', { stream: 's' })).toBe(1);
    expect(seriesValue(text, 'tidewatch_entities', { stream: 's' })).toBe(1);
    expect(seriesValue(text, 'tidewatch_ingest_lag_records', { topic: 't', partition: '0' })).toBe(0);
    expect(seriesValue(text, 'tidewatch_checkpoint_bytes')).toBe(bench.saved!.state.length);
    await worker.stop();
  });

  test('its restored state makes no jump: a new process begins to count at 0', async () => {
    const bench = new Bench();
    const first = await watched(bench);
    bench.log.beat('a', 0, 100);
    await bench.pass(3000);
    await first.stop();
    expect(await first.value('tidewatch_ingest_points_total', { disposition: 'applied' })).toBe(200);
    const second = await watched(bench);
    expect(second.partition.fold.counters.applied).toBe(200);
    expect(await second.value('tidewatch_ingest_points_total', { disposition: 'applied' })).toBe(0);
    bench.log.beat('a', 100, 110);
    await bench.pass(3000);
    expect(await second.value('tidewatch_ingest_points_total', { disposition: 'applied' })).toBe(20);
    expect(await second.value('tidewatch_ingest_points_total', { disposition: 'applied' })).toBe(20);
    expect(await second.value('tidewatch_claims_total')).toBe(1);
    await second.stop();
  });

  test('once closed, its gauges are gone and its counts are complete', async () => {
    const bench = new Bench();
    const worker = await watched(bench);
    bench.log.beat('a', 0, 100);
    await bench.pass(3000);
    await worker.stop();
    worker.watch.close();
    worker.watch.close();
    const families = parseExposition(await worker.text());
    const series = (name: string) => families.get(name)!.series;
    for (const name of [
      'tidewatch_ingest_lag_records',
      'tidewatch_watermark_timestamp_seconds',
      'tidewatch_checkpoint_bytes',
      'tidewatch_fallback_active',
      'tidewatch_model_info',
    ])
      expect([name, series(name)]).toEqual([name, []]);
    expect(series('tidewatch_partitions_owned')).toEqual([{ labels: { stream: 's' }, value: 0 }]);
    expect(await worker.value('tidewatch_ingest_points_total', { disposition: 'applied' })).toBe(200);
  });

  test('a model in force is shown with its hash, and the one before it no longer', async () => {
    const bench = new Bench();
    const worker = await watched(bench);
    const [one, two] = [1, 2].map((seed) => makeModel(testConfig(), ['a'], 2, seed)) as [Uint8Array, Uint8Array];
    for (const artifact of [one, two]) {
      await bench.models.put(modelIdOf(artifact), 's', artifact, {});
      await worker.partition.change({ kind: 'model', modelId: modelIdOf(artifact), sha256: sha256Hex(artifact) });
      bench.log.beat('a', bench.log.records.length, bench.log.records.length + 30);
      await bench.pass(3000);
    }
    const { series } = parseExposition(await worker.text()).get('tidewatch_model_info')!;
    const labels = { stream: 's', model: modelIdOf(two), role: 'champion', sha256: sha256Hex(two) };
    expect(series).toEqual([{ labels, value: 1 }]);
    expect(await worker.value('tidewatch_fallback_active')).toBe(0);
    await worker.stop();
  });

  test('absence and its end show as an open incident', async () => {
    const bench = new Bench();
    const worker = await watched(bench);
    bench.log.beat('a', 0, 100);
    bench.log.beat('b', 100, 300);
    await bench.pass(5000);
    expect(await worker.value('tidewatch_incidents_open', { stream: 's' })).toBe(1);
    bench.log.beat('a', 300, 320);
    await bench.pass(5000);
    expect(await worker.value('tidewatch_incidents_open', { stream: 's' })).toBe(0);
    await worker.stop();
  });

  test('records that retention took, split entities, divergence and retries are counted', async () => {
    const bench = new Bench();
    const worker = await watched(bench);
    worker.watch.lost(10, 25);
    worker.watch.split(['a', 'b']);
    worker.watch.split(['c']);
    worker.watch.flushed(noOutputs(), Number.NaN, 2);
    const { retried } = worker.watch;
    retried();
    expect(await worker.value('tidewatch_lost_records_total')).toBe(15);
    expect(await worker.value('tidewatch_split_entities')).toBe(3);
    expect(await worker.value('tidewatch_replay_divergence_total')).toBe(2);
    expect(await worker.value('tidewatch_database_retries_total')).toBe(1);
    await worker.stop();
    worker.watch.close();
    expect(await worker.value('tidewatch_split_entities')).toBe(3);
  });
});

describe('before anything has happened', () => {
  const idle = async () => {
    const metrics = new PrometheusMetrics({ kind: 'worker', version: '1', process: false });
    new PartitionsMetrics({ metrics, clock: new ManualClock(0), streams: ['s'], sha256Of: () => '' });
    return metrics.text();
  };

  test('every counter of trouble and every histogram is there: what comes first is seen as a rise', async () => {
    const families = parseExposition(await idle());
    const absent = Object.entries<MetricInfo>(METRICS).filter(
      ([name, { type, labels, setBy }]) =>
        setBy.includes('worker') &&
        (type === 'histogram' || (type === 'counter' && labels.includes('stream'))) &&
        families.get(name)!.series.length === 0,
    );
    // Both begin with the claim: what a partition is encoded as is known then.
    expect(absent.map(([name]) => name)).toEqual(['tidewatch_sniffed_records_total', 'tidewatch_log_events_total']);
    for (const [stage, code] of LETTER_CODES)
      expect(seriesValue(await idle(), 'tidewatch_dead_letters_total', { stage, code })).toBe(0);
  });

  test('dead letters begin with every code that decoders and windows name', () => {
    const files = readdirSync('ingest/decode', { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('.ts'));
    const words = files.flatMap((file) => readFileSync(`ingest/decode/${file}`, 'utf8').match(/(?<=')\w+(?=')/g) ?? []);
    const named = new Set(words.filter((word) => Object.hasOwn(ERRORS, word)));
    expect(named.size).toBeGreaterThan(10);
    const begun = new Set<string>(LETTER_CODES.map(([, code]) => code));
    expect([...named, ...WINDOW_FAULTS].filter((code) => !begun.has(code))).toEqual([]);
  });
});

test('64 partitions of eight streams with every label there is stay under 200 KB, and no series names an entity', async () => {
  const bench = new Bench();
  const metrics = new PrometheusMetrics({ kind: 'worker', version: '1' });
  const streams = Array.from({ length: 8 }, (_, i) => `a-stream-of-some-length-${i}`);
  const partitions = new PartitionsMetrics({ metrics, clock: bench.clock, streams, sha256Of: () => 'f'.repeat(64) });
  const verdicts = (['forest', 'fallback'] as const).flatMap((source) =>
    Array.from({ length: 200 }, (_, i) => verdict(`an-entity-${i}`, source, i / 20)),
  );
  const codes = Object.keys(ERRORS) as ErrorCode[];
  const letters = codes.map((code, offset) => ({
    ...{ stream: 's', partition: 0, offset, point: 0, fault: { code, detail: `an-entity-${offset}` }, appendMs: 0 },
    key: null,
    value: null,
  }));
  for (let i = 0; i < 64; i++) {
    const [stream, partition] = [streams[i % 8]!, Math.floor(i / 8)];
    const watch = partitions.open({ stream, topic: `${stream}.topic`, partition, encoding: 'otlp_proto' });
    const tallies = new Tallies();
    const counters = Object.fromEntries([...DISPOSITIONS, 'conflicts', 'events'].map((key) => [key, 0])) as Counters;
    const serving = { challenger: null, share: 0 };
    const state = { modelId: '0123456789abcdef', mode: 'forest', entities: { size: 1000 }, serving } as const;
    watch.claimed(
      { lag: 1_234_567, fold: { counters, watermarkMs: 1.7e12 + 0.1, tallies, openIncidents: 3, state } },
      { state: 'trial' },
    );
    for (const key of DISPOSITIONS) counters[key] = 123_456_789;
    for (const level of LOG_LEVELS) tallies.events[level] = 123_456_789;
    for (const encoding of METRIC_LABELS.encoding.values) tallies.looksLike.set(encoding, 12_345);
    watch.folded(1000, 1_000_000, 12.345678);
    watch.flushed({ ...noOutputs(), verdicts, deadLetters: letters }, 12.3456789, 1);
    watch.checkpointed(1, 12.3456789, 123_456_789);
    watch.split(['an-entity-1']);
  }
  metrics.count('tidewatch_kafka_heartbeats_total', {});
  metrics.count('tidewatch_kafka_rebalances_total', {});
  metrics.set('tidewatch_queue_bytes', {}, 1);
  const text = await metrics.text();
  expect(audit(text, 'worker')).toEqual({ unknown: [], missing: [], badLabels: [] });
  expect(text).not.toContain('an-entity');
  expect(text.length).toBeLessThan(200_000);
  // of streams, partitions and codes, not of entities
  expect(text.match(/^tidewatch_/gm)!.length).toBeLessThan(1_500);
  console.info(`/metrics of 64 partitions has ${Math.round(text.length / 1000)} KB`);
  partitions.close();
  expect((await metrics.text()).includes('partition="')).toBe(false);
});

function verdict(entity: string, source: Verdict['source'], severity: number): Verdict {
  const none = new Float64Array(0);
  return {
    ...{ stream: 's', entity, windowStartMs: 0, windowMs: 10_000, schemaVersion: 1, source, score: 1, pValue: 1 },
    ...{ severity, probation: false, modelId: '', calibrationVersion: 0, attributions: [] },
    readings: { features: [], values: none, low: none, high: none },
  };
}
