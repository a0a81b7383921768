import { PartitionsMetrics } from '../../cli/metrics/partitions.ts';
import { PrometheusMetrics } from '../../cli/metrics/registry.ts';
import { PartitionHealth } from '../../cli/serving/partition-health.ts';
import { ServingMeter } from '../../cli/serving/serving-meter.ts';
import { systemClock } from '../../core/clock.ts';
import { type StreamConfig, streamConfig } from '../../core/config/stream.ts';
import { ok } from '../../core/errors.ts';
import { sha256Hex } from '../../core/hash.ts';
import type { Fold } from '../../detector/fold.ts';
import { foldsFor } from '../../detector/folds.ts';
import { modelIdOf } from '../../detector/offline.ts';
import { decoderFor } from '../../ingest/decode/index.ts';
import { Partition } from '../../ingest/partition.ts';
import type { Log, LogRecord, Outputs } from '../../ingest/ports.ts';
import { MemoryModelStore, MemoryPartitionStore, MemoryTables } from '../../store/memory.ts';
import { Fleet, START_MS, trainFleet, WINDOW_MS } from '../lib/fleet.ts';

const METRICS = 5;
const POINTS = 2;
const WINDOWS = 4;
const TRAINED = 20;
const TRAINING_WINDOWS = 256;
const RECORDS_AT_ONCE = 200;
const DAY_MS = 86_400_000;

/** A log that has all its records already; tells when they have been read. */
class FilledLog implements Log {
  readonly #records: readonly LogRecord[];
  readonly #onRead: () => void;

  constructor(records: readonly LogRecord[], onRead: () => void) {
    this.#records = records;
    this.#onRead = onRead;
  }

  append() {
    return Promise.resolve(ok(this.#records.length));
  }
  read(from: number) {
    return Promise.resolve(this.#records.slice(from, from + RECORDS_AT_ONCE));
  }
  waitFor(): Promise<void> {
    this.#onRead();
    return Promise.resolve();
  }
  refresh() {
    return Promise.resolve(true);
  }
  start() {
    return 0;
  }
  end() {
    return this.#records.length;
  }
  close() {
    return Promise.resolve();
  }
}

/** What a worker shows at /metrics, of partitions that have folded what was sent, and hold what they hold. */
export class FleetWorker {
  readonly metrics = new PrometheusMetrics({ kind: 'worker', version: '0.0.0' });
  readonly #models = new MemoryModelStore();
  readonly #sha256 = new Map<string, string>();
  readonly #streams: { config: StreamConfig; tables: MemoryTables }[];
  readonly #partitions: PartitionsMetrics;
  readonly #held: Partition<Fold>[] = [];
  #records = 0;

  constructor(streams: number) {
    this.#streams = Array.from({ length: streams }, (_, s) => ({
      config: streamConfig.parse({ name: `a-stream-of-a-fleet-${s}` }),
      tables: new MemoryTables(),
    }));
    this.#partitions = new PartitionsMetrics({
      metrics: this.metrics,
      clock: systemClock,
      streams: this.#streams.map(({ config }) => config.name),
      sha256Of: (id) => this.#sha256.get(id) ?? '',
    });
    this.metrics.count('tidewatch_kafka_heartbeats_total', {}, 1_234);
    this.metrics.count('tidewatch_kafka_rebalances_total', {});
    this.metrics.set('tidewatch_queue_bytes', {}, 12_345_678);
  }

  get records(): number {
    return this.#records;
  }

  get entities(): number {
    return this.#held.reduce((sum, { fold }) => sum + fold.state.entities.size, 0);
  }

  /** Claims so many partitions of all streams in turn, with a champion and a challenger, and folds records of the entities. */
  async hold(partitions: number, entities: number): Promise<void> {
    const fleet = new Fleet(entities, METRICS);
    const trained = [1, 2].map((seed) =>
      trainFleet(new Fleet(TRAINED, METRICS, seed), this.#streams[0]!.config, TRAINING_WINDOWS, TRAINED),
    );
    const ids: string[] = [];
    for (const { artifact } of trained) {
      const id = modelIdOf(artifact);
      ids.push(id);
      this.#sha256.set(id, sha256Hex(artifact));
      await this.#models.put(id, this.#streams[0]!.config.name, artifact, {});
    }
    for (let p = 0; p < partitions; p++) {
      const own = Array.from(fleet.entities.keys()).filter((e) => e % partitions === p);
      await this.#claim(p, ids as [string, string], recordsOf(fleet, own));
    }
  }

  async #claim(index: number, [champion, challenger]: [string, string], records: readonly LogRecord[]): Promise<void> {
    const { config, tables } = this.#streams[index % this.#streams.length]!;
    const { name: stream, topic, encoding } = config;
    const partition = Math.floor(index / this.#streams.length);
    const store = new MemoryPartitionStore(tables, partition);
    const { epoch } = await store.claim('bench');
    const named = (modelId: string) => ({ modelId, sha256: this.#sha256.get(modelId)! });
    await store.appendControl(epoch, 0, { kind: 'model', ...named(champion) });
    await store.appendControl(epoch, 0, { kind: 'challenger', ...named(challenger), share: 0.1 });

    const stop = new AbortController();
    const watch = this.#partitions.open({ stream, topic, partition, encoding });
    const meter = new ServingMeter({ stream, partition, grainMs: config.profile.grainMs });
    const health = new PartitionHealth(systemClock, meter);
    const held = new Partition<Fold>({
      log: new FilledLog(records, () => stop.abort()),
      store,
      models: this.#models,
      folds: foldsFor(config, decoderFor(config), partition),
      clock: systemClock,
      owner: 'bench',
      checkpointMs: 1_000,
      idleMs: 5_000,
      observe: {
        folded: (...of) => {
          watch.folded(...of);
          health.folded(...of);
        },
        flushed: (outputs: Outputs, latencyMs, divergent) => {
          watch.flushed(outputs, latencyMs, divergent);
          health.flushed(outputs, latencyMs);
        },
        checkpointed: (...of) => watch.checkpointed(...of),
      },
    });
    await held.claim();
    watch.claimed(held, health.breaker);
    await held.run(stop.signal);
    this.#held.push(held);
    this.#records += records.length;
  }
}

/** Points of some windows, the later ones far from the model, and one of everything that can be wrong with a record. */
function recordsOf(fleet: Fleet, entities: readonly number[]): LogRecord[] {
  const records: LogRecord[] = [];
  const put = (value: unknown, timeMs: number) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    records.push({ offset: records.length, appendMs: timeMs, key: null, value: Buffer.from(text) });
  };
  const valuesAt = (e: number, second: number, factor: number) =>
    Object.fromEntries(fleet.names.map((name, m) => [name, fleet.value(e, m, second) * factor]));
  const stepMs = WINDOW_MS / POINTS;
  let timeMs = START_MS;
  for (let i = 0; i <= WINDOWS * POINTS; i++, timeMs += stepMs)
    for (const e of entities) {
      const factor = i > 2 * POINTS && e % 7 === 0 ? 1.5 : 1;
      put({ entity: fleet.entities[e]!, time: timeMs, values: valuesAt(e, (i * stepMs) / 1_000, factor) }, timeMs);
    }
  const entity = fleet.entities[entities[0]!]!;
  const values = valuesAt(entities[0]!, 0, 1);
  const wrong = [
    'neither JSON nor anything else',
    `cpu,host=${entity} value=1 1700000000000000000`,
    '',
    { entity, time: 'yesterday', values },
    { entity: '', time: timeMs, values },
    { time: timeMs, values },
    { entity, time: timeMs, values: { m: 'text' } },
    { entity, time: timeMs, values: { m: null } },
    { entity, time: timeMs + DAY_MS, values },
    { entity, time: START_MS - DAY_MS, values },
    `{"entity":${JSON.stringify(entity)},"__proto__":1}`,
    { entity, time: timeMs, values: 5 },
    { entity, time: timeMs, level: 'error', body: 'boom' },
  ];
  for (const value of wrong) put(value, timeMs);
  return records;
}
