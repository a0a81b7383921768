import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { AssignerProtocol, type Consumer, Kafka, logLevel, type PartitionAssigner } from 'kafkajs';
import { expect, type TestContext, test } from 'vitest';
import { systemClock } from '../../../core/clock.ts';
import type { MetricName } from '../../../core/metrics.ts';
import { modelIdOf } from '../../../detector/offline.ts';
import { startPostgres } from '../../../store/embedded.ts';
import { silentLogger } from '../../../store/logger.ts';
import { migrate } from '../../../store/migrate.ts';
import { PostgresModelStore } from '../../../store/models.ts';
import { openPool } from '../../../store/pool.ts';
import { makeModel } from '../../detector/make.ts';
import { until } from '../../e2e/up.ts';
import { kafkaBroker, testAdmin, useKafka } from '../../kafka.ts';
import { needs } from '../../needs.ts';
import { testDatabase } from '../../postgres.ts';
import { audit, seriesValue } from '../metrics/exposition.ts';
import { Door } from './door.ts';
import { Site, type SiteOptions, type WorkerProcess } from './site.ts';

const STOP_WITHIN_MS = 10_000;

needs('kafka')('a worker', async () => {
  useKafka();
  const database = await testDatabase();
  const open = async (atEnd: TestContext['onTestFinished'], options: Partial<SiteOptions> = {}) => {
    const site = await Site.open({ database, ...options });
    atEnd(() => site.close());
    return site;
  };

  const owned = async (worker: WorkerProcess, { name }: Site) =>
    seriesValue(await worker.metrics(), 'tidewatch_partitions_owned', { stream: name });

  test('goes from records to verdicts and figures, follows the champion, saves at SIGTERM, goes on after it', async ({
    onTestFinished,
  }) => {
    const site = await open(onTestFinished, { partitions: 2, entities: 4 });
    await site.send(20);
    await site.sendRaw('neither JSON nor anything else');
    await site.sendRaw('cpu,host=a value=1 1700000000000000000');
    await site.sendRaw(JSON.stringify({ entity: 'e0', time: site.startMs, level: 'error', body: 'boom' }));
    const first = await site.start();
    await first.ready();
    await site.judged();

    const models = new PostgresModelStore(site.pool, systemClock);
    const artifact = makeModel(site.stream, site.entities, 2);
    const modelId = modelIdOf(artifact);
    await models.put(modelId, site.name, artifact, {});
    await models.setRole(site.name, 'champion', modelId);
    await first.wait('the champion serves', () => first.logged('serves so from this offset on').length === 2);
    await site.send(10);
    await site.judged();
    const after = (await site.verdicts()).filter(({ window }) => window >= 20);
    expect(new Set(after.map(({ model }) => model))).toEqual(new Set([modelId]));
    const entries = await site.pool.query(
      "SELECT partition, at_offset FROM control_entries WHERE stream = $1 AND change->>'kind' = 'model' ORDER BY 1",
      [site.name],
    );
    expect(entries.rows).toEqual([
      { partition: 0, at_offset: 43 },
      { partition: 1, at_offset: 40 },
    ]);

    const figures = await first.wait('a model is shown', async () => {
      const text = await first.metrics();
      return text.includes('tidewatch_model_info{') && text;
    });
    expect(audit(figures, 'worker')).toEqual({ unknown: [], missing: [], badLabels: [] });
    expect(seriesValue(figures, 'tidewatch_ingest_points_total', { disposition: 'applied' })).toBe(30 * 4 * 2);
    expect(seriesValue(figures, 'tidewatch_sniffed_records_total', { looks_like: 'influx' })).toBe(1);
    expect(seriesValue(figures, 'tidewatch_replay_divergence_total')).toBe(0);

    const { code, tookMs } = await first.end('SIGTERM');
    expect([code, first.err]).toEqual([0, '']);
    expect(tookMs).toBeLessThan(STOP_WITHIN_MS);
    expect(await site.saved()).toEqual([63, 60]);
    const hints = await (await testAdmin()).fetchOffsets({ groupId: site.name, topics: [site.topic] });
    expect(hints[0]!.partitions.toSorted((a, b) => a.partition - b.partition)).toMatchObject([
      { offset: '63', metadata: expect.stringMatching(/:\d+ 63$/) },
      { offset: '60', metadata: expect.stringMatching(/:\d+ 60$/) },
    ]);

    await site.send(10);
    const second = await site.start();
    await site.judged();
    const text = await second.metrics();
    expect(seriesValue(text, 'tidewatch_ingest_points_total', { disposition: 'applied' })).toBe(10 * 4 * 2);
    expect(seriesValue(text, 'tidewatch_ingest_points_total', { disposition: 'duplicate' })).toBe(0);
    expect(seriesValue(text, 'tidewatch_replay_divergence_total')).toBe(0);
    expect(second.logged('serves so from this offset on')).toEqual([]);
  }, 60_000);

  // Side by side, since they wait for most of their time: each has a group and a topic of its own.
  test.concurrent('shares the partitions with another, and takes over all of them when that one ends or is killed', async ({
    onTestFinished,
  }) => {
    const site = await open(onTestFinished, { partitions: 4, entities: 8 });
    const [stays, goes] = await Promise.all([site.start(), site.start()]);
    const both = async (other: WorkerProcess) => (await owned(stays, site)) === 2 && (await owned(other, site)) === 2;
    await stays.wait('two each', () => both(goes));
    await site.send(10);
    await site.judged();
    expect((await goes.end('SIGTERM')).code).toBe(0);
    await site.send(10);
    await stays.wait('all are its own', async () => (await owned(stays, site)) === 4);
    await site.judged();

    const killed = await site.start();
    await stays.wait('two each again', () => both(killed));
    await site.send(10);
    await killed.end('SIGKILL');
    await site.send(10);
    await stays.wait('all are its own again', async () => (await owned(stays, site)) === 4);
    await site.judged();
    expect(seriesValue(await stays.metrics(), 'tidewatch_replay_divergence_total')).toBe(0);
    const ends = (await (await testAdmin()).fetchTopicOffsets(site.topic)).map(({ high }) => Number(high));
    await stays.wait('all is saved', async () => (await site.saved()).join() === ends.join());
  }, 60_000);

  test.concurrent('waits for a broker that comes later than it, and ends at a signal while it waits', async ({
    onTestFinished,
  }) => {
    const site = await open(onTestFinished);
    const { brokers } = await kafkaBroker();
    const [host, port] = brokers[0]!.split(':');
    const door = await Door.to(host!, Number(port));
    const [worker, unlucky] = await Promise.all([
      site.start({ brokers: `127.0.0.1:${door.port}` }),
      site.start({ brokers: '127.0.0.1:1', groupId: 'nobody' }),
    ]);
    await site.send(5);
    await worker.wait('it has looked for the broker', () => worker.out.includes('ECONNREFUSED'));
    expect((await worker.get('/health/ready')).status).toBe(503);
    expect((await worker.get('/health/live')).status).toBe(200);
    await door.open();
    await site.judged();

    await unlucky.wait('it has looked for the broker', () => unlucky.out.includes('ECONNREFUSED'));
    const { code, tookMs } = await unlucky.end('SIGTERM');
    expect(code).toBe(0);
    expect(tookMs).toBeLessThan(5_000);
    await worker.end('SIGKILL');
    await door.shut();
  }, 60_000);

  test.concurrent('a group that will not have it ends the process, so that a supervisor sees it', async ({
    onTestFinished,
  }) => {
    const site = await open(onTestFinished);
    // a member with another protocol of assignment: the group refuses whoever does not speak it
    const stranger = await strangerIn(site);
    try {
      const worker = await site.start();
      expect(await worker.ended).toBe(3);
      expect(worker.err).toMatch(/^error broker_/);
      expect(worker.logged('the consumer ended')).toMatchObject([{ restart: false }]);
    } finally {
      await stranger.disconnect();
    }
  }, 60_000);

  test.concurrent('lives on while PostgreSQL is away, stays a member, and loses nothing', async () => {
    const dataDir = mkdtempSync(path.join(tmpdir(), 'tidewatch-worker-db-'));
    const server = await startPostgres({ dataDir, clock: systemClock, log: silentLogger });
    const pool = openPool(server.url);
    const url = new URL(server.url);
    const door = await Door.to(url.hostname, Number(url.port));
    url.port = String(door.port);
    let site: Site | null = null;
    try {
      await migrate(pool);
      await door.open();
      site = await Site.open({ database: { url: url.href, pool } });
      const worker = await site.start();
      await site.send(10);
      await site.judged();
      const figure = async (name: MetricName) => seriesValue(await worker.metrics(), name)!;
      await Promise.all([door.shut(), process.kill(server.pid()!, 'SIGKILL')]);
      await site.send(10);
      await worker.wait('it noticed', async () => (await figure('tidewatch_database_retries_total')) > 0);
      expect((await worker.get('/health/ready')).status).toBe(503);
      const beats = await figure('tidewatch_kafka_heartbeats_total');
      await worker.wait('beats go on', async () => (await figure('tidewatch_kafka_heartbeats_total')) > beats + 1);
      await site.send(10);
      await until('the database is back', () => pool.query('SELECT 1').then(Boolean, () => false));
      await door.open();
      await site.judged();
      await worker.ready();
      expect(await figure('tidewatch_kafka_rebalances_total')).toBe(1);
      const text = await worker.metrics();
      expect(seriesValue(text, 'tidewatch_ingest_points_total', { disposition: 'applied' })).toBe(30 * 2 * 2);
      expect(seriesValue(text, 'tidewatch_replay_divergence_total')).toBe(0);
    } finally {
      await site?.close();
      await door.shut();
      await pool.end();
      await server.stop();
      rmSync(dataDir, { recursive: true, force: true });
    }
  }, 60_000);
});

async function strangerIn({ name, topic }: Site): Promise<Consumer> {
  const assigner: PartitionAssigner = () => ({
    name: 'another way',
    version: 1,
    assign: async ({ members }) =>
      members.map(({ memberId }) => ({
        memberId,
        memberAssignment: AssignerProtocol.MemberAssignment.encode({
          version: 1,
          assignment: {},
          userData: Buffer.alloc(0),
        }),
      })),
    protocol: ({ topics }) => ({
      name: 'another way',
      metadata: AssignerProtocol.MemberMetadata.encode({ version: 1, topics, userData: Buffer.alloc(0) }),
    }),
  });
  const { brokers } = await kafkaBroker();
  const consumer = new Kafka({ brokers, logLevel: logLevel.NOTHING }).consumer({
    groupId: name,
    partitionAssigners: [assigner],
  });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic] });
  const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve));
  await consumer.run({ eachMessage: async () => undefined });
  await joined;
  return consumer;
}
