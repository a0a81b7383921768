import type { Logger } from 'pino';
import type { Clock } from '../../core/clock.ts';
import type { StreamConfig } from '../../core/config/stream.ts';
import { TidewatchError } from '../../core/errors.ts';
import type { Fold } from '../../detector/fold.ts';
import { foldsFor } from '../../detector/folds.ts';
import { decoderFor } from '../../ingest/decode/index.ts';
import type { KafkaPartitionLog } from '../../ingest/kafka/partition-log.ts';
import { Partition } from '../../ingest/partition.ts';
import type { ModelStore, PartitionObserver, PartitionStore } from '../../ingest/ports.ts';
import type { PartitionMetrics } from '../metrics/partition-metrics.ts';
import { PartitionHealth } from '../serving/partition-health.ts';
import { ServingMeter } from '../serving/serving-meter.ts';
import type { Tended } from '../serving/tended.ts';

export interface ServedPartitionOptions {
  stream: StreamConfig;
  partition: number;
  log: KafkaPartitionLog;
  store: PartitionStore;
  models: ModelStore;
  clock: Clock;
  logger: Logger;
  owner: string;
  checkpointMs: number;
  /** A watch over one claim. */
  watch: () => PartitionMetrics;
  /** Heartbeats that the group has answered so far. */
  heartbeats: () => number;
  onSaved: (offset: number, epochAndOffset: string) => void;
  onFenced: () => void;
}

/** Silence after which a stream's watermark is moved. */
const IDLE_MS = 5_000;
const LOOK_MS = 250;
/** Answered heartbeats that show that we are still a member: the first may have been on its way already. */
const SURE_AFTER_HEARTBEATS = 2;
/** A log that was made anew stays so until somebody acts. */
const HELD_RETRY_MS = 30_000;

/** One partition from the moment the group gives it to us until it takes it back: claim, loop, claim again if fenced. */
export class ServedPartition implements Tended {
  readonly stream: StreamConfig;
  readonly partition: number;
  readonly #o: ServedPartitionOptions;
  readonly #logger: Logger;
  readonly #stop = new AbortController();
  readonly #decoder: ReturnType<typeof decoderFor>;
  /** What its verdicts took, whichever claim they are of. */
  readonly meter: ServingMeter;
  #loop: Partition<Fold> | null = null;
  #health: PartitionHealth | null = null;
  #moves = 0;
  #held = false;

  constructor(options: ServedPartitionOptions) {
    this.#o = options;
    this.stream = options.stream;
    this.partition = options.partition;
    this.#logger = options.logger.child({ stream: options.stream.name, partition: options.partition });
    this.#decoder = decoderFor(options.stream);
    const { name, profile } = options.stream;
    this.meter = new ServingMeter({ stream: name, partition: options.partition, grainMs: profile.grainMs });
  }

  /** null until it is claimed, and whenever it is not. */
  get loop(): Partition<Fold> | null {
    return this.#loop;
  }

  get health(): PartitionHealth | null {
    return this.#health;
  }

  /** Rises with whatever the loop does. */
  get moves(): number {
    return this.#moves;
  }

  /** Records wait in memory to be folded. */
  get waiting(): boolean {
    return this.#o.log.waiting;
  }

  /** It cannot be served until somebody acts; the log says why. */
  get held(): boolean {
    return this.#held;
  }

  /** Saves what was folded and lets go; `run` resolves soon after. */
  release(): void {
    this.#stop.abort();
  }

  /** Serves until released. Throws what no other worker could do better with. */
  async run(): Promise<void> {
    const { clock, onFenced } = this.#o;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await this.#serve();
      } catch (cause) {
        const code = cause instanceof TidewatchError ? cause.code : null;
        if (signal.aborted) {
          this.#logger.info({ err: cause }, 'let go unsaved: what was read since the checkpoint is read again');
        } else if (code === 'already_running') {
          onFenced();
          this.#logger.warn('another worker has claimed the partition; claims it again once the group says it is ours');
          await this.#stillOurs();
        } else if (code === 'log_truncated') {
          this.#held = true;
          this.#logger.error({ err: cause }, 'the partition is not served');
          await clock.sleep(HELD_RETRY_MS, signal);
        } else throw cause;
      }
    }
  }

  async #serve(): Promise<void> {
    const { stream, partition } = this;
    const { watch: open, log, store, models, clock, owner, checkpointMs } = this.#o;
    const watch = open();
    const health = new PartitionHealth(clock, this.meter);
    const loop = new Partition<Fold>({
      log,
      store,
      models,
      clock,
      owner,
      checkpointMs,
      idleMs: IDLE_MS,
      folds: foldsFor(stream, this.#decoder, partition),
      observe: this.#observer(watch, health),
      onNotice: (message, fault) => this.#logger.warn({ fault }, message),
    });
    try {
      const startedMs = clock.elapsed();
      await loop.claim(this.#stop.signal);
      watch.claimed(loop, health.breaker);
      health.claimed(loop);
      // a silent partition has no checkpoint soon, and its former owner's last hint may have been refused
      this.#o.onSaved(loop.offsetSaved, `${owner} ${loop.offsetSaved}`);
      this.#held = false;
      this.#loop = loop;
      this.#health = health;
      const tookMs = Math.round(clock.elapsed() - startedMs);
      this.#logger.info({ offset: loop.offsetNext, lag: loop.lag, tookMs }, 'claimed');
      await loop.run(this.#stop.signal);
      this.#logger.info({ offset: loop.offsetSaved }, 'saved and let go');
    } finally {
      this.#loop = null;
      this.#health = null;
      watch.close();
    }
  }

  #observer(watch: PartitionMetrics, health: PartitionHealth): PartitionObserver {
    return {
      folded: (records, bytes, durationMs) => {
        this.#moves++;
        watch.folded(records, bytes, durationMs);
        health.folded(records, bytes, durationMs);
      },
      flushed: (outputs, latencyMs, divergent) => {
        this.#moves++;
        watch.flushed(outputs, latencyMs, divergent);
        health.flushed(outputs, latencyMs);
      },
      checkpointed: (offset, durationMs, stateBytes) => {
        this.#moves++;
        watch.checkpointed(offset, durationMs, stateBytes);
        this.#o.onSaved(offset, `${this.#o.owner} ${offset}`);
      },
      retried: () => {
        this.#moves++;
        watch.retried();
      },
      lost: (from, to) => watch.lost(from, to),
      split: (entities) => {
        const some = entities.slice(0, 5);
        this.#logger.warn(
          { entities: some },
          'entities are on several partitions: key the records; tidewatch doctor says how',
        );
        watch.split(entities);
      },
    };
  }

  /** A worker that was stopped for a while still thinks that all is its own: the group knows better. */
  async #stillOurs(): Promise<void> {
    const { heartbeats, clock } = this.#o;
    const sure = heartbeats() + SURE_AFTER_HEARTBEATS;
    while (heartbeats() < sure && !this.#stop.signal.aborted) {
      // our own records may fill the queue, and behind a full one heartbeats come only where something moves
      this.#moves++;
      await clock.sleep(LOOK_MS, this.#stop.signal);
    }
  }
}
