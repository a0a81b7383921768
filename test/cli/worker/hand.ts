import { pino } from 'pino';
import { PartitionsMetrics } from '../../../cli/metrics/partitions.ts';
import { PrometheusMetrics } from '../../../cli/metrics/registry.ts';
import { ServedPartition } from '../../../cli/worker/served-partition.ts';
import { ManualClock } from '../../../core/clock.ts';
import { type StreamConfig, streamConfig } from '../../../core/config/stream.ts';
import { KafkaPartitionLog } from '../../../ingest/kafka/partition-log.ts';
import type { LogRecord } from '../../../ingest/ports.ts';
import { MemoryModelStore, MemoryPartitionStore, MemoryTables } from '../../../store/memory.ts';

export const STREAM = streamConfig.parse({
  name: 's',
  window: { size: '10s', allowedLateness: '0s' },
  training: { windows: 64, minWindows: 64 },
});

/** Lets everything happen that waits for nothing but its turn. */
export const settle = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await new Promise<void>((done) => setImmediate(done));
};

/** A logger that keeps its lines. */
export function listener() {
  const lines: { level: number; msg: string; err?: { message: string } }[] = [];
  const logger = pino({ level: 'debug', base: null }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  return { lines, logger, said: (msg: string) => lines.filter((line) => line.msg.includes(msg)).length };
}

/** What outlives a worker, and partition 0 as one serves it: the test is broker, group and database. */
export class Hand {
  readonly clock = new ManualClock(1_000_000);
  readonly tables = new MemoryTables();
  readonly models = new MemoryModelStore();
  readonly told = listener();
  readonly records: LogRecord[] = [];
  /** What the group says of us. */
  heartbeats = 0;
  fenced = 0;
  readonly hints: [number, string][] = [];
  /** Where the broker says that the log ends; its records without it. */
  endsAt: number | null = null;

  /** Advances in steps, so that whatever waits gets its turn. */
  async pass(ms: number, stepMs = 250): Promise<void> {
    for (let done = 0; done < ms; done += stepMs) {
      this.clock.advance(stepMs);
      await settle();
    }
  }

  send(entity: string, fromS: number, toS: number): void {
    for (let t = fromS; t < toS; t += 5) {
      const value = Buffer.from(JSON.stringify({ entity, time: t * 1000, values: { m0: t % 7, m1: (t * 5) % 11 } }));
      this.records.push({ offset: this.records.length, appendMs: t * 1000, key: null, value });
    }
  }

  serve(stream: StreamConfig = STREAM) {
    const metrics = new PrometheusMetrics({ kind: 'worker', version: '1', process: false });
    const partitions = new PartitionsMetrics({
      metrics,
      clock: this.clock,
      streams: [stream.name],
      sha256Of: () => '',
    });
    const log: KafkaPartitionLog = new KafkaPartitionLog({
      partition: 0,
      clock: this.clock,
      learn: () => Promise.resolve({ partition: 0, start: 0, end: this.endsAt ?? this.records.length }),
      seek: (from) => void setImmediate(() => this.#fetch(log, from)),
      onTaken: () => undefined,
    });
    const partition = new ServedPartition({
      stream,
      partition: 0,
      log,
      store: new MemoryPartitionStore(this.tables),
      models: this.models,
      clock: this.clock,
      logger: this.told.logger,
      owner: 'me',
      checkpointMs: 1_000,
      watch: () => partitions.open({ stream: stream.name, topic: 't', partition: 0, encoding: stream.encoding }),
      heartbeats: () => this.heartbeats,
      onSaved: (offset, checkpoint) => void this.hints.push([offset, checkpoint]),
      onFenced: () => {
        this.fenced++;
      },
    });
    let failure: unknown = null;
    const ended = partition.run().catch((cause) => {
      failure = cause;
    });
    const fetch = () => this.#fetch(log, 0);
    return { partition, log, ended, failure: () => failure, fetch };
  }

  #fetch(log: KafkaPartitionLog, from: number): void {
    const to = this.records.length;
    if (to > from) log.push({ records: this.records.slice(from), from, to, end: to });
  }

  get offsetSaved(): number {
    return this.tables.partitions.get(0)!.offsetNext;
  }
}
