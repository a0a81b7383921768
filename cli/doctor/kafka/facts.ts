import type { Clock } from '../../../core/clock.ts';
import type { Config } from '../../../core/config/root.ts';
import type { StreamConfig } from '../../../core/config/stream.ts';
import { type Fault, fail, ok, type Result, TidewatchError } from '../../../core/errors.ts';
import type { GroupDescription, KafkaAdmin, OffsetRange, TopicDescription } from '../../../ingest/kafka/ports.ts';
import type { PartitionStatus } from '../../../monitor/ports.ts';
import { type MigrationState, migrationState } from '../../../store/migrate.ts';
import { openPool } from '../../../store/pool.ts';
import { PostgresReader } from '../../../store/reader.ts';
import { readServerFacts, type ServerFacts } from '../../../store/server-facts.ts';
import { connect } from '../../transfer/connect.ts';
import { streamsByTopic } from '../../worker/streams.ts';
import { type CheckResult, skip } from '../check.ts';

type Pool = ReturnType<typeof openPool>;

/** A topic as far as our user may see it. */
export interface SeenTopic {
  partitions: number;
  /** null where the rights of our user do not reach so far. */
  details: TopicDescription | null;
}

export interface Cluster {
  id: string;
  brokers: readonly { id: number; host: string; port: number }[];
}

const CONNECTIONS = 2;
const NO_URL = 'database.url is not set';

/**
 * What the checks of the Kafka setting look at, each asked once, by whoever needs it first. Nothing here throws for an
 * infrastructure that is away: the answer is a fault then.
 */
export class KafkaFacts {
  readonly config: Config;
  readonly clock: Clock;
  readonly #asked = new Map<string, Promise<unknown>>();
  #admin: Promise<KafkaAdmin> | null = null;
  #pool: Pool | null = null;

  constructor(config: Config, clock: Clock) {
    this.config = config;
    this.clock = clock;
  }

  get streams(): Result<readonly StreamConfig[]> {
    return asResult(() => [...streamsByTopic(this.config).values()]);
  }

  /** Whom to ask; a file of certificates that cannot be read is a fault. */
  cluster(): Promise<Result<Cluster>> {
    return this.#once('cluster', async () => (await this.#cluster()).cluster());
  }

  /** null for a topic that is not there. */
  topic(name: string): Promise<Result<SeenTopic | null>> {
    return this.#once<SeenTopic | null>(`topic ${name}`, async () => {
      const admin = await this.#cluster();
      const found = await admin.topic(name);
      if (found.ok) return ok(found.value && { partitions: found.value.partitions.length, details: found.value });
      if (found.fault.code !== 'broker_refused') return found;
      const ranges = await this.ranges(name);
      return ranges.ok ? ok({ partitions: ranges.value.length, details: null }) : found;
    });
  }

  ranges(topic: string): Promise<Result<readonly OffsetRange[]>> {
    return this.#once(`ranges ${topic}`, async () => (await this.#cluster()).offsets(topic));
  }

  offsetsAt(topic: string, timeMs: number): Promise<Result<ReadonlyMap<number, number>>> {
    return this.#once(`at ${topic} ${timeMs}`, async () => (await this.#cluster()).offsetsAt(topic, timeMs));
  }

  /** Where it ends at this very moment. */
  async endsNow(topic: string): Promise<Result<readonly OffsetRange[]>> {
    return (await this.#cluster()).offsets(topic);
  }

  group(): Promise<Result<GroupDescription>> {
    return this.#once('group', async () => (await this.#cluster()).group(this.config.kafka.groupId));
  }

  /** The server behind database.url. Faults: database_unavailable, database_refused, config_invalid, file_missing. */
  server(): Promise<Result<ServerFacts>> {
    return this.#once('server', () => this.query(readServerFacts));
  }

  migrations(): Promise<Result<MigrationState>> {
    return this.#once('migrations', () => this.query((pool) => migrationState(pool)));
  }

  /** The checkpoints of all partitions. */
  checkpoints(): Promise<Result<readonly PartitionStatus[]>> {
    return this.#once('checkpoints', () => this.query((pool) => new PostgresReader(pool).partitions()));
  }

  /** The answer of PostgreSQL, or why there is none. */
  async query<T>(ask: (pool: Pool) => Promise<T>): Promise<Result<T>> {
    const { url } = this.config.database;
    if (url === undefined) return fail('config_invalid', NO_URL);
    try {
      this.#pool ??= openPool(url, { max: CONNECTIONS, applicationName: 'tidewatch doctor' });
      return ok(await ask(this.#pool));
    } catch (cause) {
      if (cause instanceof TidewatchError) return fail(cause.code, cause.detail);
      throw cause;
    }
  }

  async close(): Promise<void> {
    await (await this.#admin)?.close();
    await this.#pool?.end();
  }

  async #cluster(): Promise<KafkaAdmin> {
    this.#admin ??= connect(this.config.kafka).admin();
    return this.#admin;
  }

  #once<T>(name: string, ask: () => Promise<Result<T>>): Promise<Result<T>> {
    const before = this.#asked.get(name);
    if (before !== undefined) return before as Promise<Result<T>>;
    const asked = ask().catch((cause: unknown) => {
      if (cause instanceof TidewatchError) return fail(cause.code, cause.detail);
      throw cause;
    });
    this.#asked.set(name, asked);
    return asked;
  }
}

function asResult<T>(work: () => T): Result<T> {
  try {
    return ok(work());
  } catch (cause) {
    if (cause instanceof TidewatchError) return fail(cause.code, cause.detail);
    throw cause;
  }
}

/** For a check that needs the brokers: what to say where they do not answer, which another check has told in full. */
export async function withoutKafka(facts: KafkaFacts): Promise<CheckResult | null> {
  const cluster = await facts.cluster();
  return cluster.ok ? null : skip('not looked at: Kafka does not let us in');
}

/** The same for the tables. */
export async function withoutTables(facts: KafkaFacts): Promise<CheckResult | null> {
  if (!(await facts.server()).ok) return skip('not looked at: PostgreSQL does not let us in');
  const migrations = await facts.migrations();
  if (!migrations.ok) return skip('not looked at: the tables cannot be read');
  if (migrations.value.pending.length > 0) return skip('not looked at: the database is not migrated');
  return null;
}

/** One line of a fault for a person; long ones are of chains of causes. */
export const told = ({ code, detail }: Fault): string => `${code}: ${detail}`;
