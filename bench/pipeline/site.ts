import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type pg from 'pg';
import { answersAsBroker, plainCluster } from '../../cli/services/cluster.ts';
import { type KafkaNode, startKafka } from '../../cli/services/kafka.ts';
import { findKafka, type KafkaProgram } from '../../cli/services/kafka-jars.ts';
import { systemClock } from '../../core/clock.ts';
import { TidewatchError } from '../../core/errors.ts';
import { sha256Hex } from '../../core/hash.ts';
import { modelIdOf } from '../../detector/offline.ts';
import { type EmbeddedPostgres, startPostgres } from '../../store/embedded.ts';
import { silentLogger } from '../../store/logger.ts';
import { migrate } from '../../store/migrate.ts';
import { PostgresModelStore } from '../../store/models.ts';
import { PostgresPartitionStore } from '../../store/partition-store.ts';
import { openPool } from '../../store/pool.ts';
import { baseBefore, type Load, PARTITIONS } from './load.ts';
import { Sender } from './sender.ts';

const clock = systemClock;
/** What decides whether a committed transaction survives a power cut. */
const DURABILITY = ['fsync', 'synchronous_commit', 'full_page_writes', 'wal_sync_method', 'server_version'];

/** A broker and a database of the benchmark's own, in a folder that its caller removes. */
export class Site {
  readonly dir: string;
  readonly kafka: KafkaNode;
  readonly program: KafkaProgram;
  readonly postgres: EmbeddedPostgres;
  readonly pool: pg.Pool;
  readonly models: PostgresModelStore;

  private constructor(dir: string, kafka: KafkaNode, program: KafkaProgram, postgres: EmbeddedPostgres, pool: pg.Pool) {
    this.dir = dir;
    this.kafka = kafka;
    this.program = program;
    this.postgres = postgres;
    this.pool = pool;
    this.models = new PostgresModelStore(pool, clock);
  }

  /** Throws TidewatchError where there is no Java or no Maven to fetch the broker with. */
  static async open(dir: string): Promise<Site> {
    const program = await findKafka({ clock });
    const ready = (address: string) => answersAsBroker(address, clock);
    const kafka = await startKafka({ program, dir: join(dir, 'kafka'), ready, clock });
    try {
      const postgres = await startPostgres({ dataDir: dir, clock, log: silentLogger });
      const pool = openPool(postgres.url);
      await migrate(pool);
      writeFileSync(join(dir, 'database.url'), postgres.url, { mode: 0o600 });
      return new Site(dir, kafka, program, postgres, pool);
    } catch (error) {
      await kafka.stop();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.pool.end();
    await Promise.all([this.postgres.stop(), this.kafka.stop()]);
  }

  async settings(): Promise<Record<string, string>> {
    const out: Record<string, string> = {};
    for (const name of DURABILITY)
      out[name] = String(Object.values((await this.pool.query(`SHOW ${name}`)).rows[0] as object)[0]);
    return out;
  }

  /** A topic of four partitions, empty as yet. */
  async topic(name: string, shape: Pick<Load, 'entities' | 'metrics' | 'records'>): Promise<Load> {
    const admin = await plainCluster(this.kafka.address, clock).admin();
    try {
      const made = await admin.createTopic(name, PARTITIONS, {
        'message.timestamp.type': 'LogAppendTime',
        'retention.ms': '604800000',
      });
      if (!made.ok) throw new TidewatchError(made.fault.code, made.fault.detail);
    } finally {
      await admin.close();
    }
    const baseMs = baseBefore(clock.now(), shape.records, shape.entities);
    return { broker: this.kafka.address, topic: name, ...shape, baseMs };
  }

  /** Sends a load to its topic, as fast as it can without a rate. */
  sender(load: Load, ratePerS = 0): Promise<Sender> {
    return Sender.start(this.program, this.dir, load, ratePerS);
  }

  async filled(name: string, shape: Pick<Load, 'entities' | 'metrics' | 'records'>): Promise<Load> {
    const load = await this.topic(name, shape);
    await (await this.sender(load)).sent;
    return load;
  }

  /**
   * A stream of its own over a load's topic, served by this champion from the first record on: its control entries are
   * in the log before any worker claims. Returns the stream's name.
   */
  async stream(name: string, artifact: Uint8Array): Promise<string> {
    const modelId = modelIdOf(artifact);
    await this.models.put(modelId, name, artifact, {});
    await this.models.setRole(name, 'champion', modelId);
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const store = new PostgresPartitionStore(this.pool, { stream: name, partition, clock, log: silentLogger });
      const { epoch } = await store.claim('bench');
      const change = { kind: 'model', modelId, sha256: sha256Hex(artifact) } as const;
      if ((await store.appendControl(epoch, 0, change)) === 'fenced') throw new Error(`somebody else claimed ${name}`);
    }
    return name;
  }

  /** Forgets what a contestant wrote, so that the next one begins with a database of the same size. */
  async forget(stream: string): Promise<void> {
    const { rows } = await this.pool.query<{ name: string }>('SELECT name FROM verdict_partitions WHERE stream = $1', [
      stream,
    ]);
    for (const { name } of rows) await this.pool.query(`DROP TABLE IF EXISTS ${name}`);
    await this.pool.query('DROP TABLE IF EXISTS peer_verdicts');
    await this.pool.query('CHECKPOINT');
  }
}

/** Runs a program to its end and gives back its last line of output; a program that fails says why. */
export function lastLine(
  command: string,
  args: readonly string[],
  timeoutMs: number,
  onStart?: (pid: number) => void,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    });
    const said = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const)
      child[name].on('data', (text: Buffer) => {
        said[name] = (said[name] + text).slice(-65_536);
      });
    child.on('error', reject);
    if (child.pid !== undefined) onStart?.(child.pid);
    child.on('close', (code, signal) => {
      const [line, why] = [said.stdout, said.stderr].map((text) => text.trim().split('\n').at(-1) ?? '');
      if (code === 0 && line !== '') resolve(line!);
      else reject(new Error(`${command} ended with ${code ?? signal}: ${why}`));
    });
  });
}
