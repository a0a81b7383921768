import type { Clock } from '../../core/clock.ts';
import type { StreamConfig } from '../../core/config/stream.ts';
import type { Fault } from '../../core/errors.ts';
import { sha256Hex } from '../../core/hash.ts';
import type { Fold } from '../../detector/fold.ts';
import { foldsFor } from '../../detector/folds.ts';
import { modelIdOf } from '../../detector/offline.ts';
import type { TrainingRow } from '../../detector/ports.ts';
import { decoderFor } from '../../ingest/decode/index.ts';
import { Partition } from '../../ingest/partition.ts';
import type { Log, ModelStore, Outputs, PartitionObserver, PartitionStore } from '../../ingest/ports.ts';
import type { StreamStatus } from '../../monitor/ports.ts';
import type { PartitionMetrics } from '../metrics/partition-metrics.ts';
import { PartitionHealth } from '../serving/partition-health.ts';
import { ServingMeter } from '../serving/serving-meter.ts';
import type { Tended } from '../serving/tended.ts';
import type { TrainingAnswer, TrainingOrder } from './training.ts';

/** Silence after which a stream's watermark is moved: at least one hop, so that its last window closes. */
const IDLE_MS = 5_000;
/** Records behind which a stream does not count as ready. */
const READY_LAG = 10_000;
/** How often the wait for the end of the log looks. */
const CAUGHT_UP_POLL_MS = 20;
/** Parts of the history until the first training that are told as they pass. */
const PROGRESS_PARTS = 4;
/** A training that failed for lack of data is tried again after so many more windows, as a share of those needed. */
const RETRAIN_SHARE = 0.5;

export interface StreamRuntimeOptions {
  config: StreamConfig;
  log: Log;
  store: PartitionStore;
  models: ModelStore;
  clock: Clock;
  metrics: PartitionMetrics;
  owner: string;
  checkpointMs: number;
  train: (order: TrainingOrder) => Promise<TrainingAnswer>;
  /** Readings of the stream's stored verdicts. */
  rows: () => AsyncIterable<TrainingRow>;
  /** Gives the model the role of champion unless the stream has one; the id of the one that it has then. */
  crown: (modelId: string) => Promise<string>;
  onFlushed: (outputs: Outputs) => void;
  onStatus: () => void;
  say: (stream: string, message: string, fault?: Fault) => void;
}

/** One stream of the embedded process: its partition loop, and its first training. */
export class StreamRuntime implements Tended {
  readonly partition = 0;
  readonly health: PartitionHealth;
  readonly meter: ServingMeter;
  readonly config: StreamConfig;
  readonly #o: StreamRuntimeOptions;
  readonly #partition: Partition<Fold>;
  readonly #stop = new AbortController();
  #running: Promise<void> | null = null;
  #claimed = false;
  #training = false;
  #trainAtWindows: number;
  #toldParts = -1;

  constructor(options: StreamRuntimeOptions) {
    const { config, say } = options;
    this.config = config;
    this.#o = options;
    this.#trainAtWindows = config.training.windows;
    this.meter = new ServingMeter({ stream: config.name, partition: 0, grainMs: config.profile.grainMs });
    this.health = new PartitionHealth(options.clock, this.meter);
    const decoder = decoderFor(config);
    this.#partition = new Partition<Fold>({
      ...options,
      folds: foldsFor(config, decoder),
      idleMs: IDLE_MS,
      observe: observers(options.metrics, this.health),
      onFlushed: (outputs) => {
        options.onFlushed(outputs);
        this.#tellProgress();
        this.#trainWhenDue();
      },
      onNotice: (message, fault) => say(config.name, message, fault),
    });
  }

  /** Claims the partition and starts folding. failed: called once if the loop dies. */
  async start(failed: (cause: unknown) => void): Promise<void> {
    await this.#partition.claim();
    this.#claimed = true;
    this.#o.metrics.claimed(this.#partition, this.health.breaker);
    this.health.claimed(this.#partition);
    // a version before there were monitors gave it no role
    if (this.modelId !== '') await this.#o.crown(this.modelId);
    this.#running = this.#partition.run(this.#stop.signal).catch(failed);
  }

  /** Folds what was read, saves it and lets the partition go. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    this.#o.metrics.close();
  }

  /** Resolves once all that its log held by now is folded, or when the signal aborts. */
  async caughtUp(signal: AbortSignal): Promise<void> {
    const end = this.#o.log.end();
    while (this.#claimed && this.#partition.offsetNext < end && !signal.aborted && !this.#stop.signal.aborted)
      await this.#o.clock.sleep(CAUGHT_UP_POLL_MS, signal);
  }

  get loop(): Partition<Fold> | null {
    return this.#claimed ? this.#partition : null;
  }

  get modelId(): string {
    return this.#claimed ? this.#partition.fold.state.modelId : '';
  }

  /** Newest event time that was folded; −∞ before the first. */
  get newestMs(): number {
    return this.#claimed
      ? this.#partition.fold.watermarkMs + this.config.window.allowedLatenessMs
      : Number.NEGATIVE_INFINITY;
  }

  get offsetSaved(): number {
    return this.#partition.offsetSaved;
  }

  get lag(): number {
    return this.#claimed ? this.#partition.lag : 0;
  }

  status(): StreamStatus {
    const state = this.#claimed ? this.#partition.fold.state : null;
    const modelId = state?.modelId ?? '';
    const mode = state?.mode ?? 'forest';
    const windows = this.#claimed ? this.#partition.fold.longestHistory : 0;
    return {
      stream: this.config.name,
      mode,
      source: modelId !== '' && mode === 'forest' ? 'forest' : 'fallback',
      modelId: modelId === '' ? null : modelId,
      training:
        modelId === '' ? { windows: Math.min(windows, this.#trainAtWindows), needed: this.#trainAtWindows } : null,
      lagRecords: this.lag,
      ready: this.#claimed && this.lag < READY_LAG,
    };
  }

  /** Stores a first artifact and switches the stream to it by a control entry; resolves when that is durable. */
  async serve(artifact: Uint8Array, about: Record<string, unknown>): Promise<void> {
    const modelId = modelIdOf(artifact);
    await this.#o.models.put(modelId, this.config.name, artifact, about);
    // with another champion, this process's steward switches to that
    if ((await this.#o.crown(modelId)) !== modelId) return;
    await this.#partition.change({ kind: 'model', modelId, sha256: sha256Hex(artifact) });
    this.#o.onStatus();
  }

  #tellProgress(): void {
    if (this.modelId !== '') return;
    const { windows, needed } = this.status().training!;
    const parts = Math.floor((PROGRESS_PARTS * windows) / needed);
    // What was there at the start is no progress of this run.
    if (this.#toldParts >= 0 && parts > this.#toldParts && parts < PROGRESS_PARTS)
      this.#o.say(this.config.name, `has ${windows} of the ${needed} windows that its first forest is trained on`);
    this.#toldParts = parts;
  }

  #trainWhenDue(): void {
    if (this.#training || this.modelId !== '' || this.#stop.signal.aborted) return;
    if (this.#partition.fold.longestHistory < this.#trainAtWindows) return;
    this.#training = true;
    this.#trainFirst()
      .catch((cause) => this.#o.say(this.config.name, `the first training failed: ${String(cause)}`))
      .finally(() => {
        this.#training = false;
      });
  }

  async #trainFirst(): Promise<void> {
    const { say } = this.#o;
    const { name } = this.config;
    say(name, `trains its first forest on ${this.#partition.fold.longestHistory} windows`);
    const rows: TrainingRow[] = [];
    for await (const row of this.#o.rows()) rows.push(row);
    const answer = await this.#o.train({ kind: 'rows', config: this.config, rows });
    if (!answer.ok) {
      this.#trainAtWindows += Math.ceil(this.config.training.windows * RETRAIN_SHARE);
      say(name, `the first training is put off until window ${this.#trainAtWindows}`, answer.fault);
      return;
    }
    await this.serve(answer.value.artifact, { ...answer.value.summary, origin: 'first training' });
    say(name, 'the forest serves');
  }
}

/** What both want to know; the health only of folding and of what is durable. */
function observers(metrics: PartitionMetrics, health: PartitionHealth): PartitionObserver {
  return {
    folded: (records, bytes, durationMs) => {
      metrics.folded(records, bytes, durationMs);
      health.folded(records, bytes, durationMs);
    },
    flushed: (outputs, latencyMs, divergent) => {
      metrics.flushed(outputs, latencyMs, divergent);
      health.flushed(outputs, latencyMs);
    },
    checkpointed: (offset, durationMs, stateBytes) => metrics.checkpointed(offset, durationMs, stateBytes),
    retried: () => metrics.retried(),
    lost: (from, to) => metrics.lost(from, to),
    split: (entities) => metrics.split(entities),
  };
}
