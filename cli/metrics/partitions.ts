import type { Clock } from '../../core/clock.ts';
import type { GaugeName, LabelsOf } from '../../core/metrics.ts';
import { DISPOSITIONS } from '../../core/types.ts';
import { LETTER_CODES } from './letter-codes.ts';
import { type PartitionAbout, PartitionMetrics } from './partition-metrics.ts';
import type { Metrics } from './ports.ts';

export interface PartitionsOptions {
  metrics: Metrics;
  clock: Clock;
  /** Streams of this process; their figures are there from the start, as 0. */
  streams: readonly string[];
  /** Hash of the artifact of a model in force, '' while unknown; see ModelHashes. */
  sha256Of: (modelId: string) => string;
}

const BREAKER = { closed: 0, open: 1, trial: 2 } as const;

type Series<N extends GaugeName> = [labels: LabelsOf<N>, value: number][];

/** All partitions that the process holds. Gauges are made anew at each reading, so nothing of a former one can stay. */
export class PartitionsMetrics {
  readonly #o: PartitionsOptions;
  readonly #open = new Set<PartitionMetrics>();
  /** Split entities of partitions that are gone, by stream. */
  readonly #split = new Map<string, number>();
  readonly #end: () => void;

  constructor(options: PartitionsOptions) {
    this.#o = options;
    for (const [stage, code] of LETTER_CODES) options.metrics.count('tidewatch_dead_letters_total', { stage, code }, 0);
    for (const stream of options.streams) this.#begin(stream);
    this.#end = options.metrics.onScrape(() => this.#collect());
  }

  /** Watches a partition about to be claimed: the loop's observer, `claimed` after the claim, `close` when it is let go. */
  open(about: PartitionAbout): PartitionMetrics {
    const { metrics, clock } = this.#o;
    const watch = new PartitionMetrics(about, metrics, clock, (closed) => {
      if (!this.#open.delete(closed)) return;
      this.#split.set(about.stream, (this.#split.get(about.stream) ?? 0) + closed.splitEntities);
    });
    this.#open.add(watch);
    return watch;
  }

  /** Ends with the process. */
  close(): void {
    for (const watch of this.#open) watch.close();
    this.#collect();
    this.#end();
  }

  /**
   * Counters that stay 0 in a good run are shown as 0: an alert on what is not there would never fire, and the first
   * event of a series that begins with it is seen in no rate.
   */
  #begin(stream: string): void {
    const { metrics } = this.#o;
    for (const disposition of DISPOSITIONS) metrics.count('tidewatch_ingest_points_total', { stream, disposition }, 0);
    for (const source of ['forest', 'fallback'])
      for (const outcome of ['normal', 'anomalous'])
        metrics.count('tidewatch_windows_total', { stream, source, outcome }, 0);
    for (const name of [
      'tidewatch_ingest_conflicts_total',
      'tidewatch_lost_records_total',
      'tidewatch_database_retries_total',
      'tidewatch_replay_divergence_total',
      'tidewatch_claims_total',
      'tidewatch_fenced_total',
      'tidewatch_forest_errors_total',
      'tidewatch_gap_windows_total',
    ] as const)
      metrics.count(name, { stream }, 0);
    for (const name of [
      'tidewatch_severity',
      'tidewatch_event_delay_seconds',
      'tidewatch_verdict_latency_seconds',
      'tidewatch_fold_duration_seconds',
      'tidewatch_checkpoint_duration_seconds',
    ] as const)
      metrics.begin(name, { stream });
  }

  #collect(): void {
    const { metrics, streams, sha256Of } = this.#o;
    const lag: Series<'tidewatch_ingest_lag_records'> = [];
    const watermark: Series<'tidewatch_watermark_timestamp_seconds'> = [];
    const bytes: Series<'tidewatch_checkpoint_bytes'> = [];
    const models = new Map<string, Series<'tidewatch_model_info'>[number]>();
    const breaker: Series<'tidewatch_breaker_state'> = [];
    const sums = new Map(streams.map((stream) => [stream, this.#nothing(stream)]));
    for (const watch of this.#open) {
      watch.collect();
      const { watched, about, stateBytes } = watch;
      const { stream, topic, partition } = about;
      const sum = sums.get(stream) ?? this.#nothing(stream);
      sums.set(stream, sum);
      sum.split += watch.splitEntities;
      if (watched === null) continue;
      const { fold } = watched;
      const { modelId, mode, entities, serving } = fold.state;
      const shows = (id: string, role: string) =>
        models.set(`${stream} ${role} ${id}`, [{ stream, model: id, role, sha256: sha256Of(id) }, 1]);
      lag.push([{ topic, partition }, watched.lag]);
      watermark.push([{ stream, partition }, fold.watermarkMs * 0.001]);
      bytes.push([{ stream, partition }, stateBytes]);
      if (modelId !== '') shows(modelId, 'champion');
      if (serving.challenger !== null) shows(serving.challenger.modelId, 'challenger');
      if (watch.breaker !== null) breaker.push([{ stream, partition }, BREAKER[watch.breaker]]);
      sum.challenged = Math.max(sum.challenged, serving.share);
      sum.owned++;
      sum.entities += entities.size;
      sum.incidents += fold.openIncidents;
      if (modelId === '' || mode !== 'forest') sum.fallback = 1;
    }
    metrics.replace('tidewatch_ingest_lag_records', lag);
    metrics.replace('tidewatch_watermark_timestamp_seconds', watermark);
    metrics.replace('tidewatch_checkpoint_bytes', bytes);
    metrics.replace('tidewatch_model_info', [...models.values()]);
    metrics.replace('tidewatch_breaker_state', breaker);
    const byStream = (value: (sum: Sum) => number) =>
      [...sums].map(([stream, sum]): [{ stream: string }, number] => [{ stream }, value(sum)]);
    metrics.replace(
      'tidewatch_partitions_owned',
      byStream((sum) => sum.owned),
    );
    metrics.replace(
      'tidewatch_entities',
      byStream((sum) => sum.entities),
    );
    metrics.replace(
      'tidewatch_incidents_open',
      byStream((sum) => sum.incidents),
    );
    metrics.replace(
      'tidewatch_split_entities',
      byStream((sum) => sum.split),
    );
    metrics.replace(
      'tidewatch_challenger_share',
      byStream((sum) => (sum.owned === 0 ? Number.NaN : sum.challenged)),
    );
    // without a partition there is nothing that the fallback could serve
    metrics.replace(
      'tidewatch_fallback_active',
      byStream((sum) => (sum.owned === 0 ? Number.NaN : sum.fallback)),
    );
  }

  #nothing(stream: string): Sum {
    return { owned: 0, entities: 0, incidents: 0, fallback: 0, challenged: 0, split: this.#split.get(stream) ?? 0 };
  }
}

interface Sum {
  owned: number;
  entities: number;
  incidents: number;
  fallback: number;
  /** Largest share of a challenger. */
  challenged: number;
  split: number;
}
