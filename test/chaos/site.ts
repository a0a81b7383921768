import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type pg from 'pg';
import { answersAsBroker, plainCluster } from '../../cli/services/cluster.ts';
import { type KafkaNode, startKafka } from '../../cli/services/kafka.ts';
import { findKafka } from '../../cli/services/kafka-jars.ts';
import { freePorts } from '../../cli/services/ports.ts';
import { systemClock } from '../../core/clock.ts';
import { orThrow } from '../../core/errors.ts';
import type { Cluster } from '../../ingest/kafka.ts';
import { type EmbeddedPostgres, startPostgres } from '../../store/embedded.ts';
import { silentLogger } from '../../store/logger.ts';
import { migrate } from '../../store/migrate.ts';
import { openPool } from '../../store/pool.ts';
import { TcpProxy } from './proxy.ts';

const PLAIN = { name: 'PLAINTEXT', protocol: 'PLAINTEXT' } as const;
/** The listener that a proxy stands in front of. */
const PROXIED = { name: 'PROXIED', protocol: 'PLAINTEXT' } as const;

/** A real broker and a real database for one run, in a folder of their own that goes with them. */
export class Site {
  readonly dir: string;
  readonly kafka: KafkaNode;
  readonly postgres: EmbeddedPostgres;
  readonly pool: pg.Pool;
  readonly cluster: Cluster;
  readonly kafkaProxy: TcpProxy;
  readonly postgresProxy: TcpProxy;
  readonly #atClose: (() => void)[] = [];

  private constructor(dir: string, kafka: KafkaNode, postgres: EmbeddedPostgres, proxies: [TcpProxy, TcpProxy]) {
    this.dir = dir;
    this.kafka = kafka;
    this.postgres = postgres;
    this.pool = openPool(postgres.url, { max: 3 });
    this.cluster = plainCluster(kafka.address, systemClock);
    [this.kafkaProxy, this.postgresProxy] = proxies;
  }

  /** The address of the database by way of its proxy. */
  get postgresProxyUrl(): string {
    const url = new URL(this.postgres.url);
    url.port = String(this.postgresProxy.port);
    return url.href;
  }

  /** Done last, when both servers have stopped. */
  atClose(what: () => void): void {
    this.#atClose.push(what);
  }

  /** Offsets up to which partitions of a stream are saved. */
  async saved(stream: string): Promise<Map<number, number>> {
    const { rows } = await this.pool.query<{ partition: number; offset_next: string }>(
      'SELECT partition, offset_next FROM partition_state WHERE stream = $1',
      [stream],
    );
    return new Map(rows.map((row) => [row.partition, Number(row.offset_next)]));
  }

  /** Records of a stream that are sent and not saved. Throws while broker or database are away. */
  async lag(stream: { name: string; topic: string }): Promise<number> {
    const admin = await this.cluster.admin();
    try {
      const offsets = orThrow(await admin.offsets(stream.topic));
      const saved = await this.saved(stream.name);
      return offsets.reduce((sum, { partition, end }) => sum + end - (saved.get(partition) ?? 0), 0);
    } finally {
      await admin.close();
    }
  }

  static async open(): Promise<Site> {
    const dir = mkdtempSync(path.join(tmpdir(), 'tidewatch-chaos-'));
    const program = await findKafka({ clock: systemClock });
    const [port] = (await freePorts(1)) as [number];
    const kafkaProxy = await TcpProxy.open(port);
    const kafka = await startKafka({
      program,
      dir: path.join(dir, 'kafka'),
      listeners: [PLAIN, { ...PROXIED, port, advertised: kafkaProxy.address }],
      jvmOptions: ['-Xms128m', '-Xmx512m', '-XX:TieredStopAtLevel=1'],
      ready: (address) => answersAsBroker(address, systemClock),
      clock: systemClock,
    });
    try {
      const postgres = await startPostgres({ dataDir: dir, clock: systemClock, log: silentLogger });
      const postgresProxy = await TcpProxy.open(Number(new URL(postgres.url).port));
      const site = new Site(dir, kafka, postgres, [kafkaProxy, postgresProxy]);
      await migrate(site.pool);
      return site;
    } catch (cause) {
      await kafka.kill();
      throw cause;
    }
  }

  async makeTopic(name: string, partitions: number): Promise<void> {
    const admin = await this.cluster.admin();
    const settings = { 'message.timestamp.type': 'LogAppendTime', 'cleanup.policy': 'delete' };
    orThrow(await admin.createTopic(name, partitions, settings));
    await admin.close();
  }

  /** keep: the folder stays. */
  async close(keep = false): Promise<void> {
    await this.pool.end();
    await this.kafkaProxy.close();
    await this.postgresProxy.close();
    await this.postgres.stop();
    await this.kafka.kill();
    for (const what of this.#atClose) what();
    if (keep) process.stderr.write(`logs are in ${this.dir}\n`);
    else rmSync(this.dir, { recursive: true, force: true });
  }
}
