import { pino } from 'pino';
import type { PartitionMetrics } from '../../../cli/metrics/partition-metrics.ts';
import { PrometheusMetrics } from '../../../cli/metrics/registry.ts';
import { Monitor } from '../../../cli/monitor/monitor.ts';
import { monitorStores } from '../../../cli/monitor/stores.ts';
import { trainingHere } from '../../../cli/monitor/training.ts';
import { type Clock, systemClock } from '../../../core/clock.ts';
import { rootConfig } from '../../../core/config/root.ts';
import { type StreamConfig, streamConfig } from '../../../core/config/stream.ts';
import { orThrow } from '../../../core/errors.ts';
import { sha256Hex } from '../../../core/hash.ts';
import { Random } from '../../../core/random.ts';
import type { ControlChange } from '../../../core/types.ts';
import { Breaker } from '../../../detector/breaker.ts';
import { Fold } from '../../../detector/fold.ts';
import { modelIdOf, trainArtifact } from '../../../detector/offline.ts';
import type { TrainingRow } from '../../../detector/ports.ts';
import { changesTowards, inForceOf } from '../../../detector/serving.ts';
import { type Decoder, type DecodeSink, noOutputs, type Outputs } from '../../../ingest/ports.ts';
import type { TrainingWork } from '../../../monitor/training/order.ts';
import { workHere } from '../../../monitor/training/work.ts';
import { silentLogger } from '../../../store/logger.ts';
import { PostgresPartitionStore } from '../../../store/partition-store.ts';
import type { TestDatabase } from '../../postgres.ts';

const START_MS = Date.UTC(2026, 0, 5);
const ENTITIES = Array.from({ length: 8 }, (_, i) => `web-${i + 1}`);
const METRICS = ['cpu', 'memory', 'requests', 'latency'];

/** Windows of a second, grains of ten, intervals of a minute. */
export const STREAM = streamConfig.parse({
  name: 'shop',
  window: { size: '1s', allowedLateness: '1s' },
  profile: { grain: '10s', interval: '1m' },
  training: { windows: 256, minWindows: 128 },
  detector: { alertRate: 0.01 },
});

export interface StoredOptions {
  clock?: Clock;
  /** Shows what is done, as a worker's loop would. */
  shown?: PartitionMetrics;
}

/** What is shown of the work on a partition, which takes no time here. */
export interface Work {
  /** Records that wait. */
  lag: number;
  /** Each batch, flush and checkpoint. */
  tookMs: number;
  /** Windows that a database had otherwise. */
  divergent: number;
}

/** One partition of a stream, folded for real into a real database, record by record of event time. */
export class StoredPartition {
  readonly config: StreamConfig;
  readonly fold: Fold;
  readonly work: Work = { lag: 0, tookMs: 0, divergent: 0 };
  readonly #store: PostgresPartitionStore;
  readonly #stores: ReturnType<typeof monitorStores>;
  readonly #appendMs: (offset: number) => number;
  readonly #shown: PartitionMetrics | undefined;
  readonly #rows: TrainingRow[] = [];
  #epoch = 0;
  #saved = 0;
  /** Offset of the next record. */
  next = 0;
  modelId = '';

  constructor(
    { pool }: TestDatabase,
    config: StreamConfig,
    decoder: Decoder,
    appendMs: (offset: number) => number,
    { clock = systemClock, shown }: StoredOptions = {},
  ) {
    this.config = config;
    this.#store = new PostgresPartitionStore(pool, { stream: config.name, partition: 0, clock, log: silentLogger });
    this.#stores = monitorStores(pool, clock);
    this.#appendMs = appendMs;
    this.#shown = shown;
    this.fold = new Fold(config, decoder);
  }

  async claim(): Promise<void> {
    this.#epoch = (await this.#store.claim('test')).epoch;
    const { fold, work } = this;
    const watched = {
      fold,
      get lag() {
        return work.lag;
      },
    };
    this.#shown?.claimed(watched, new Breaker());
  }

  /** Records that the log had no longer when they were to be read. */
  async lose(count: number): Promise<void> {
    await this.#store.recordLoss(this.next, this.next + count, 'retention');
    this.#shown?.lost(this.next, this.next + count);
  }

  /** Folds so many records more, and saves what came of them. */
  async records(count: number): Promise<void> {
    const out = noOutputs();
    for (let i = 0; i < count; i++) {
      const appendMs = this.#appendMs(this.next);
      this.fold.record({ offset: this.next, appendMs, key: null, value: new Uint8Array(0) }, out);
      this.next++;
    }
    this.#shown?.folded(count, count, this.work.tookMs);
    await this.#save(out);
  }

  async #save(out: Outputs): Promise<void> {
    for (const { entity, windowStartMs, readings } of out.verdicts)
      this.#rows.push({ entity, windowStartMs, features: readings.features, values: readings.values });
    await this.#store.flush(out, this.#epoch);
    this.#shown?.flushed(out, this.work.tookMs, this.work.divergent);
    const { watermarkMs, controlSequence, counters } = this.fold;
    const position = { epoch: this.#epoch, offsetPrevious: this.#saved, offsetNext: this.next };
    const state = this.fold.save();
    await this.#store.checkpoint({ ...position, state, watermarkMs, controlSequence, counters });
    this.#shown?.checkpointed(this.next, this.work.tookMs, state.length);
    this.#saved = this.next;
  }

  /** Trains on all that was seen, gives the model the role and serves it. */
  async train(): Promise<void> {
    const { name } = this.config;
    const { artifact } = orThrow(trainArtifact(this.#rows, this.config, 'profile'));
    this.modelId = modelIdOf(artifact);
    await this.#stores.models.put(this.modelId, name, artifact, {});
    await this.#stores.models.firstChampion(name, this.modelId);
    await this.#control({ kind: 'model', modelId: this.modelId, sha256: sha256Hex(artifact) });
  }

  /** What the owner of the partition does about what ought to serve. */
  async follow(): Promise<ControlChange[]> {
    const serving = await this.#stores.models.serving(this.config.name);
    const changes = serving === null ? [] : changesTowards(inForceOf(this.fold.state), serving);
    for (const change of changes) await this.#control(change);
    return changes;
  }

  async #control(change: ControlChange): Promise<void> {
    const entry = await this.#store.appendControl(this.#epoch, this.next, change);
    if (entry === 'fenced') throw new Error('fenced');
    const artifact = 'modelId' in change ? await this.#stores.registry.get(change.modelId) : null;
    const out = noOutputs();
    this.fold.control(entry, out, artifact ?? undefined);
    await this.#save(out);
  }
}

/** A stream of eight entities, a record for each second. */
export class FoldedStream extends StoredPartition {
  readonly #random = new Random(7);
  readonly #levels = ENTITIES.map(() => METRICS.map(() => 0));
  #factor = 1;

  constructor(database: TestDatabase) {
    const decoder: Decoder = (_value, _appendMs, sink) => this.#second(sink);
    super(database, STREAM, decoder, (offset) => START_MS + offset * 1_000 + 500);
  }

  get timeMs(): number {
    return START_MS + this.next * 1_000;
  }

  /** factor: what the producer sends `latency` times from now on. */
  async pass(seconds: number, factor = this.#factor): Promise<void> {
    this.#factor = factor;
    await this.records(seconds);
  }

  #second(sink: DecodeSink): void {
    for (const [e, entity] of ENTITIES.entries()) {
      const values = METRICS.map((_, m) => {
        const level = 0.8 * this.#levels[e]![m]! + this.#random.normal();
        this.#levels[e]![m] = level;
        return (20 * (m + 1) + e + level) * (m === 3 ? this.#factor : 1);
      });
      sink.sample({ entity, timeMs: this.timeMs, names: [...METRICS], values });
    }
  }
}

export interface WatchOptions {
  stream?: StreamConfig;
  work?: TrainingWork;
  clock?: Clock;
  /** How often it looks for grains that are whole. */
  lookMs?: number;
}

/** A monitor of a stream as `tidewatch monitor` makes it, looking twenty times a second. */
export function startMonitor(
  { pool }: TestDatabase,
  owner: string,
  { stream = STREAM, clock = systemClock, work = workHere(clock), lookMs = 50 }: WatchOptions = {},
) {
  const stores = monitorStores(pool, clock);
  const metrics = new PrometheusMetrics({ kind: 'monitor', version: '1', process: false });
  const monitor = new Monitor({
    config: rootConfig.parse({}),
    streams: [stream],
    file: null,
    env: {},
    stores,
    training: trainingHere(stores, work, '1'),
    clock,
    logger: pino({ level: 'silent' }),
    metrics,
    version: '1',
    owner,
    lookMs,
  });
  const stop = new AbortController();
  const ended = monitor.run(stop.signal);
  const end = async () => {
    stop.abort();
    await ended;
  };
  return { monitor, stores, metrics, end };
}

/** Ends the session of the one that decides on this database, as the loss of its machine would. */
export const killHolder = ({ pool }: TestDatabase, owner: string) =>
  pool.query(
    `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND classid = $1::int8::oid
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
       AND EXISTS (SELECT 1 FROM monitor_hold WHERE owner = $2)`,
    [0x6d6f6e69, owner],
  );
