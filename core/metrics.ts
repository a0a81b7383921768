import type { MetricInfo } from './metric-info.ts';
import { MONITOR_METRICS } from './monitor-metrics.ts';

export * from './metric-info.ts';

const BATCH_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5] as const;
const LATENCY_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60] as const;
const DELAY_SECONDS = [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600] as const;
const SEVERITIES = [0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10] as const;

const everywhere = { setBy: 'worker, up', since: '0.2.0' } as const;
const all = { setBy: 'worker, monitor, up', since: '0.2.0' } as const;
const worker = { setBy: 'worker', since: '0.2.0' } as const;
const counter = { type: 'counter', ...everywhere } as const;
const gauge = { type: 'gauge', ...everywhere } as const;
const histogram = { type: 'histogram', ...everywhere } as const;

/**
 * Every metric of Tidewatch's own, as /metrics shows it: base units, `_total` for counters, no summaries. Counters
 * count what this process did since it started, what it read again after a crash included; the durable counts of a
 * partition are in the database and at /api/status. docs/reference/metrics.md is generated from this table.
 */
export const METRICS = {
  tidewatch_build_info: {
    ...gauge,
    ...all,
    help: 'Always 1; its labels say what runs.',
    unit: 'flag',
    labels: ['version', 'node'],
  },
  // what comes in
  tidewatch_ingest_points_total: {
    ...counter,
    help: 'Points read, by what became of them.',
    unit: 'points',
    labels: ['stream', 'disposition'],
  },
  tidewatch_ingest_conflicts_total: {
    ...counter,
    help: 'Duplicates whose value was another than the first.',
    unit: 'points',
    labels: ['stream'],
  },
  tidewatch_ingest_records_total: {
    ...counter,
    help: 'Records read; refused: nothing in the record could be used.',
    unit: 'records',
    labels: ['topic', 'encoding', 'outcome'],
  },
  tidewatch_ingest_bytes_total: {
    ...counter,
    help: 'Bytes of the values of records read.',
    unit: 'bytes',
    labels: ['topic'],
  },
  tidewatch_sniffed_records_total: {
    ...counter,
    help: 'Refused records that seem to be of another encoding than the stream has.',
    unit: 'records',
    labels: ['stream', 'looks_like'],
  },
  tidewatch_log_events_total: {
    ...counter,
    help: 'Log events read, by level.',
    unit: 'events',
    labels: ['stream', 'level'],
  },
  tidewatch_dead_letters_total: {
    ...counter,
    help: 'Dead letters written; at most 64 a record, its other bad points are only counted.',
    unit: 'count',
    labels: ['stage', 'code'],
  },
  tidewatch_ingest_lag_records: {
    ...gauge,
    help: 'Records of a partition that wait to be folded.',
    unit: 'records',
    labels: ['topic', 'partition'],
  },
  tidewatch_queue_bytes: {
    ...gauge,
    ...worker,
    help: 'Bytes of records that were fetched and wait to be folded.',
    unit: 'bytes',
    labels: [],
  },
  tidewatch_lost_records_total: {
    ...counter,
    help: 'Records that retention removed before they were read.',
    unit: 'records',
    labels: ['stream'],
  },
  tidewatch_split_entities: {
    ...gauge,
    help: 'Entities found on more than one partition since the start: their records lack a key.',
    unit: 'entities',
    labels: ['stream'],
  },
  // what is made of it
  tidewatch_watermark_timestamp_seconds: {
    ...gauge,
    help: 'Event time up to which the windows of a partition have closed, since the Unix epoch.',
    unit: 'seconds',
    labels: ['stream', 'partition'],
  },
  tidewatch_entities: {
    ...gauge,
    help: 'Entities that the partitions of this process hold.',
    unit: 'entities',
    labels: ['stream'],
  },
  tidewatch_windows_total: {
    ...counter,
    help: 'Windows judged; anomalous: with a severity above 1.',
    unit: 'count',
    labels: ['stream', 'source', 'outcome'],
  },
  tidewatch_severity: {
    ...histogram,
    help: 'Severity of the windows judged; 1 is the boundary.',
    unit: 'ratio',
    labels: ['stream'],
    buckets: SEVERITIES,
  },
  tidewatch_incidents_open: {
    ...gauge,
    help: 'Open incidents of the entities that this process holds.',
    unit: 'count',
    labels: ['stream'],
  },
  tidewatch_model_info: {
    ...gauge,
    help: 'Always 1; the model in force, and the one that judges beside it. No series while there is none.',
    unit: 'flag',
    labels: ['stream', 'model', 'role', 'sha256'],
  },
  tidewatch_fallback_active: {
    ...gauge,
    help: '1 while a partition of the stream is served without its forest.',
    unit: 'flag',
    labels: ['stream'],
  },
  tidewatch_forest_errors_total: {
    ...counter,
    since: '0.3.0',
    help: 'Windows for which the forest failed; the fallback judged them.',
    unit: 'count',
    labels: ['stream'],
  },
  tidewatch_gap_windows_total: {
    ...counter,
    since: '0.3.0',
    help: 'Windows that the fallback judged because more features were missing than in training.',
    unit: 'count',
    labels: ['stream'],
  },
  tidewatch_challenger_share: {
    ...gauge,
    since: '0.3.0',
    help: 'Share of the entities that a challenger serves; 0 while it only judges beside, or there is none.',
    unit: 'ratio',
    labels: ['stream'],
  },
  tidewatch_breaker_state: {
    ...gauge,
    since: '0.3.0',
    help: 'Breaker of the forest: 0 closed, it serves; 1 open, the fallback does; 2 on trial.',
    unit: 'count',
    labels: ['stream', 'partition'],
  },
  // how fast
  tidewatch_event_delay_seconds: {
    ...histogram,
    help: 'From the end of a window in event time to its verdict being durable.',
    unit: 'seconds',
    labels: ['stream'],
    buckets: DELAY_SECONDS,
  },
  tidewatch_verdict_latency_seconds: {
    ...histogram,
    help: 'From the append of the record that closed windows to their verdicts being durable.',
    unit: 'seconds',
    labels: ['stream'],
    buckets: LATENCY_SECONDS,
  },
  tidewatch_fold_duration_seconds: {
    ...histogram,
    help: 'To decode, window and score one batch of records.',
    unit: 'seconds',
    labels: ['stream'],
    buckets: BATCH_SECONDS,
  },
  // how safely
  tidewatch_checkpoint_duration_seconds: {
    ...histogram,
    help: 'To save the state of a partition and write it, without waiting for a database that is away.',
    unit: 'seconds',
    labels: ['stream'],
    buckets: BATCH_SECONDS,
  },
  tidewatch_checkpoint_bytes: {
    ...gauge,
    help: 'Size of the newest saved state of a partition.',
    unit: 'bytes',
    labels: ['stream', 'partition'],
  },
  tidewatch_database_retries_total: {
    ...counter,
    help: 'Calls repeated because the database or the broker did not take them.',
    unit: 'count',
    labels: ['stream'],
  },
  tidewatch_replay_divergence_total: {
    ...counter,
    help: 'Verdicts that differ from those already stored under their identity. Anything but 0 is a bug.',
    unit: 'count',
    labels: ['stream'],
  },
  tidewatch_claims_total: {
    ...counter,
    help: 'Partitions claimed.',
    unit: 'count',
    labels: ['stream'],
  },
  tidewatch_fenced_total: {
    ...counter,
    ...worker,
    help: 'Partitions lost to another worker that had claimed them.',
    unit: 'count',
    labels: ['stream'],
  },
  tidewatch_partitions_owned: {
    ...gauge,
    help: 'Partitions that this process holds.',
    unit: 'count',
    labels: ['stream'],
  },
  tidewatch_kafka_rebalances_total: {
    ...counter,
    ...worker,
    help: 'Rebalances of the consumer group that this worker saw.',
    unit: 'count',
    labels: [],
  },
  tidewatch_kafka_heartbeats_total: {
    ...counter,
    ...worker,
    help: 'Heartbeats sent to the consumer group.',
    unit: 'count',
    labels: [],
  },
  ...MONITOR_METRICS,
} as const satisfies Record<`tidewatch_${string}`, MetricInfo>;

export type MetricName = keyof typeof METRICS;
type NameOf<T extends MetricInfo['type']> = {
  [N in MetricName]: (typeof METRICS)[N]['type'] extends T ? N : never;
}[MetricName];
export type CounterName = NameOf<'counter'>;
export type GaugeName = NameOf<'gauge'>;
export type HistogramName = NameOf<'histogram'>;
/** The labels of a metric: all of them, and no others. */
export type LabelsOf<N extends MetricName> = {
  readonly [L in (typeof METRICS)[N]['labels'][number]]: string | number;
};

/** Metrics of the Node.js process itself, as prom-client names them. */
export const PROCESS_METRICS = /^(process|nodejs)_[a-z0-9_]+$/;
