import { ManualClock } from '../../core/clock.ts';
import type { StreamConfig } from '../../core/config/stream.ts';
import { ok } from '../../core/errors.ts';
import type { Fold } from '../../detector/fold.ts';
import { foldsFor } from '../../detector/folds.ts';
import { Partition } from '../../ingest/partition.ts';
import type { PartitionOptions } from '../../ingest/partition-options.ts';
import type { Log, LogRecord } from '../../ingest/ports.ts';
import { MemoryModelStore, MemoryPartitionStore, MemoryTables } from '../../store/memory.ts';
import { decoder, recordOf, testConfig } from '../detector/make.ts';

/** Lets the loop run until it waits for time, for a record or for a change. */
export const settle = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await new Promise<void>((done) => setImmediate(done));
};

/** A log in memory from which retention may take records. */
export class TestLog implements Log {
  readonly records: LogRecord[] = [];
  removed = 0;
  #waiting: (() => void)[] = [];

  /** Seconds from..to of one entity, a record each. */
  beat(entity: string, from: number, to: number): void {
    for (let t = from; t < to; t++) {
      const samples = [{ entity, timeMs: t * 1000, names: ['m0', 'm1'], values: [t % 7, (t * 5) % 11] }];
      this.records.push(recordOf(this.records.length, t * 1000, samples));
    }
    for (const wake of this.#waiting.splice(0)) wake();
  }

  async append() {
    return ok(this.records.length);
  }
  async read(from: number) {
    return this.records.slice(Math.max(from, this.removed), from + 50);
  }
  waitFor(offset: number, signal: AbortSignal): Promise<void> {
    if (this.records.length > offset || signal.aborted) return Promise.resolve();
    return new Promise((done) => {
      this.#waiting.push(done);
      signal.addEventListener('abort', () => done(), { once: true });
    });
  }
  refresh() {
    return Promise.resolve(true);
  }
  start() {
    return this.removed;
  }
  end() {
    return this.records.length;
  }
  close() {
    return Promise.resolve();
  }
}

/** What outlives a worker. */
export class Bench {
  readonly clock = new ManualClock(1_000_000);
  readonly log = new TestLog();
  readonly tables = new MemoryTables();
  readonly models = new MemoryModelStore();
  readonly notices: string[] = [];

  get row() {
    return this.tables.partitions.get(0)!;
  }

  get saved() {
    return this.row.generations[0]?.checkpoint;
  }

  /** A worker that has claimed the partition and runs. */
  async start(
    more: Partial<PartitionOptions<Fold>> = {},
    config: StreamConfig = testConfig(),
    claimed: (partition: Partition<Fold>) => void = () => undefined,
  ) {
    const store = new MemoryPartitionStore(this.tables);
    const partition = new Partition<Fold>({
      log: this.log,
      store,
      models: this.models,
      clock: this.clock,
      folds: foldsFor(config, decoder),
      owner: 'test',
      checkpointMs: 1_000,
      idleMs: 5_000,
      onNotice: (message, fault) => this.notices.push(fault ? `${message} (${fault.code})` : message),
      ...more,
    });
    const stop = new AbortController();
    await partition.claim();
    claimed(partition);
    let failure: unknown = null;
    const ended = partition.run(stop.signal).catch((cause) => {
      failure = cause;
    });
    await settle();
    return {
      partition,
      store,
      failure: () => failure,
      async stop() {
        stop.abort();
        await ended;
      },
    };
  }

  /** Lets time pass in small steps, as timers see it. */
  async pass(ms: number, stepMs = 250): Promise<void> {
    for (let left = ms; left > 0; left -= stepMs) {
      this.clock.advance(Math.min(stepMs, left));
      await settle();
    }
  }
}
