import type { Clock } from '../../core/clock.ts';
import { WINDOW_FAULTS } from '../../core/errors.ts';
import { LOG_LEVELS } from '../../core/log-level.ts';
import { METRIC_LABELS } from '../../core/metrics.ts';
import { DISPOSITIONS, type ServingMode } from '../../core/types.ts';
import type { BreakerState } from '../../detector/breaker.ts';
import type { Tallies } from '../../detector/tallies.ts';
import type { Encoding } from '../../ingest/decode/index.ts';
import type { Counters, Outputs, PartitionObserver } from '../../ingest/ports.ts';
import type { Metrics } from './ports.ts';

const MS = 0.001;

export interface PartitionAbout {
  stream: string;
  topic: string;
  partition: number;
  encoding: Encoding;
}

/** What is read of a claimed partition when somebody asks; a Partition with a Fold is one. */
export interface WatchedPartition {
  readonly lag: number;
  readonly fold: {
    readonly counters: Readonly<Counters>;
    readonly watermarkMs: number;
    readonly tallies: Tallies;
    readonly openIncidents: number;
    readonly state: {
      readonly modelId: string;
      readonly mode: ServingMode;
      readonly entities: { readonly size: number };
      readonly serving: { readonly challenger: { readonly modelId: string } | null; readonly share: number };
    };
  };
}

/**
 * Watches one partition from its claim on. What happens is counted as it happens; what a fold counts by itself is
 * taken over when somebody asks: as the difference to the time before, because those counts are durable and begin
 * where a former process left them.
 */
export class PartitionMetrics implements PartitionObserver {
  readonly about: PartitionAbout;
  readonly #metrics: Metrics;
  readonly #clock: Clock;
  readonly #closed: (metrics: PartitionMetrics) => void;
  #watched: WatchedPartition | null = null;
  #breaker: { readonly state: BreakerState } | null = null;
  #counted: Counters | null = null;
  #refused = 0;
  #forestFailed = 0;
  #gaps = 0;
  readonly #sniffed = new Map<Encoding, number>();
  readonly #events: Record<string, number> = {};
  #records = 0;
  #recordsCounted = 0;
  /** Size of its newest saved state; NaN before the first. */
  stateBytes = Number.NaN;

  constructor(about: PartitionAbout, metrics: Metrics, clock: Clock, closed: (metrics: PartitionMetrics) => void) {
    this.about = about;
    this.#metrics = metrics;
    this.#clock = clock;
    this.#closed = closed;
  }

  /** The partition was claimed and its state restored: what it has counted until now is none of this process's doing. */
  claimed(partition: WatchedPartition, breaker: { readonly state: BreakerState } | null = null): void {
    this.#watched = partition;
    this.#breaker = breaker;
    this.#counted = { ...partition.fold.counters };
    this.#metrics.count('tidewatch_claims_total', { stream: this.about.stream });
  }

  /** Whether the forest may serve; null where nobody says. */
  get breaker(): BreakerState | null {
    return this.#breaker?.state ?? null;
  }

  /** null before its claim. */
  get watched(): WatchedPartition | null {
    return this.#watched;
  }

  folded(records: number, bytes: number, durationMs: number): void {
    const { stream, topic } = this.about;
    this.#records += records;
    this.#metrics.count('tidewatch_ingest_bytes_total', { topic }, bytes);
    this.#metrics.observe('tidewatch_fold_duration_seconds', { stream }, durationMs * MS);
  }

  flushed({ verdicts, deadLetters }: Outputs, latencyMs: number, divergent: number): void {
    const { stream } = this.about;
    const metrics = this.#metrics;
    const nowMs = this.#clock.now();
    const judged = { forest: [0, 0], fallback: [0, 0] };
    for (const { severity, source, windowStartMs, windowMs } of verdicts) {
      judged[source][severity > 1 ? 1 : 0]!++;
      metrics.observe('tidewatch_severity', { stream }, severity);
      metrics.observe('tidewatch_event_delay_seconds', { stream }, (nowMs - windowStartMs - windowMs) * MS);
    }
    for (const source of ['forest', 'fallback'] as const) {
      const [normal, anomalous] = judged[source];
      metrics.count('tidewatch_windows_total', { stream, source, outcome: 'normal' }, normal);
      metrics.count('tidewatch_windows_total', { stream, source, outcome: 'anomalous' }, anomalous);
    }
    if (verdicts.length > 0) metrics.observe('tidewatch_verdict_latency_seconds', { stream }, latencyMs * MS);
    for (const { fault } of deadLetters) {
      const stage = WINDOW_FAULTS.has(fault.code) ? 'window' : 'decode';
      metrics.count('tidewatch_dead_letters_total', { stage, code: fault.code });
    }
    metrics.count('tidewatch_replay_divergence_total', { stream }, divergent);
  }

  checkpointed(_offsetNext: number, durationMs: number, stateBytes: number): void {
    this.stateBytes = stateBytes;
    this.#metrics.observe('tidewatch_checkpoint_duration_seconds', { stream: this.about.stream }, durationMs * MS);
  }

  readonly retried = (): void => {
    this.#metrics.count('tidewatch_database_retries_total', { stream: this.about.stream });
  };

  lost(fromOffset: number, toOffset: number): void {
    this.#metrics.count('tidewatch_lost_records_total', { stream: this.about.stream }, toOffset - fromOffset);
  }

  /** Entities told so far. */
  splitEntities = 0;
  split(entities: readonly string[]): void {
    this.splitEntities += entities.length;
  }

  /** Takes over what the fold has counted since the last time. */
  collect(): void {
    if (this.#watched === null) return;
    const { counters, tallies } = this.#watched.fold;
    const { stream, topic, encoding } = this.about;
    const metrics = this.#metrics;
    const before = this.#counted!;
    for (const disposition of DISPOSITIONS) {
      const points = counters[disposition] - before[disposition];
      metrics.count('tidewatch_ingest_points_total', { stream, disposition }, points);
    }
    metrics.count('tidewatch_ingest_conflicts_total', { stream }, counters.conflicts - before.conflicts);
    this.#counted = { ...counters };

    const records = this.#records - this.#recordsCounted;
    const refused = tallies.refusedRecords - this.#refused;
    metrics.count('tidewatch_ingest_records_total', { topic, encoding, outcome: 'decoded' }, records - refused);
    metrics.count('tidewatch_ingest_records_total', { topic, encoding, outcome: 'refused' }, refused);
    this.#recordsCounted = this.#records;
    this.#refused = tallies.refusedRecords;
    metrics.count('tidewatch_forest_errors_total', { stream }, tallies.forestFailed - this.#forestFailed);
    metrics.count('tidewatch_gap_windows_total', { stream }, tallies.gaps - this.#gaps);
    this.#forestFailed = tallies.forestFailed;
    this.#gaps = tallies.gaps;
    for (const looks_like of METRIC_LABELS.looks_like.values) {
      if (looks_like === encoding) continue;
      const total = tallies.looksLike.get(looks_like) ?? 0;
      metrics.count(
        'tidewatch_sniffed_records_total',
        { stream, looks_like },
        total - (this.#sniffed.get(looks_like) ?? 0),
      );
      this.#sniffed.set(looks_like, total);
    }
    for (const level of LOG_LEVELS) {
      metrics.count(
        'tidewatch_log_events_total',
        { stream, level },
        tallies.events[level] - (this.#events[level] ?? 0),
      );
      this.#events[level] = tallies.events[level];
    }
  }

  /** The partition is another's now, or the process ends: its counts are kept, its gauges go. */
  close(): void {
    this.collect();
    this.#watched = null;
    this.#closed(this);
  }
}
