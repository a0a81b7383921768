import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type pg from 'pg';
import { answersAsBroker, plainCluster } from '../../cli/services/cluster.ts';
import { type KafkaNode, startKafka } from '../../cli/services/kafka.ts';
import { findKafka } from '../../cli/services/kafka-jars.ts';
import { systemClock } from '../../core/clock.ts';
import { orThrow } from '../../core/errors.ts';
import type { Cluster } from '../../ingest/kafka.ts';
import { type EmbeddedPostgres, startPostgres } from '../../store/embedded.ts';
import { silentLogger } from '../../store/logger.ts';
import { migrate } from '../../store/migrate.ts';
import { openPool } from '../../store/pool.ts';

const PLAIN = { name: 'PLAINTEXT', protocol: 'PLAINTEXT' } as const;

/** A real broker and a real database for one run, in a folder of their own that goes with them. */
export class Site {
  readonly dir: string;
  readonly kafka: KafkaNode;
  readonly postgres: EmbeddedPostgres;
  readonly pool: pg.Pool;
  readonly cluster: Cluster;

  private constructor(dir: string, kafka: KafkaNode, postgres: EmbeddedPostgres) {
    this.dir = dir;
    this.kafka = kafka;
    this.postgres = postgres;
    this.pool = openPool(postgres.url, { max: 3 });
    this.cluster = plainCluster(kafka.address, systemClock);
  }

  static async open(): Promise<Site> {
    const dir = mkdtempSync(path.join(tmpdir(), 'tidewatch-chaos-'));
    const program = await findKafka({ clock: systemClock });
    const kafka = await startKafka({
      program,
      dir: path.join(dir, 'kafka'),
      listeners: [PLAIN],
      jvmOptions: ['-Xms128m', '-Xmx512m'],
      ready: (address) => answersAsBroker(address, systemClock),
      clock: systemClock,
    });
    try {
      const postgres = await startPostgres({ dataDir: dir, clock: systemClock, log: silentLogger });
      const site = new Site(dir, kafka, postgres);
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

  async close(): Promise<void> {
    await this.pool.end();
    await this.postgres.stop();
    await this.kafka.kill();
    rmSync(this.dir, { recursive: true, force: true });
  }
}
