import { randomBytes } from 'node:crypto';
import { beforeAll, expect, test } from 'vitest';
import { examineWorker, type NamedResult } from '../../cli/commands/doctor.ts';
import { connect } from '../../cli/transfer/connect.ts';
import { systemClock } from '../../core/clock.ts';
import { parseConfig } from '../../core/config/parse.ts';
import { orThrow } from '../../core/errors.ts';
import { modelIdOf } from '../../detector/offline.ts';
import type { Cluster } from '../../ingest/kafka.ts';
import { silentLogger } from '../../store/logger.ts';
import { PostgresModelStore } from '../../store/models.ts';
import { PostgresPartitionStore } from '../../store/partition-store.ts';
import { ensureRoles } from '../../store/roles.ts';
import { makeModel } from '../detector/make.ts';
import { until } from '../e2e/up.ts';
import { freshTopic, KAFKA_START_MS, kafkaBroker, testAdmin, useKafka } from '../kafka.ts';
import { needs } from '../needs.ts';
import { testDatabase } from '../postgres.ts';
import { loginOf } from '../store/logins.ts';
import { makeVerdict, noCounters, outputs } from '../store/make.ts';
import { asMembers, behind } from './doctor-kafka-site.ts';

needs('kafka')('doctor, where there are Kafka and PostgreSQL', async () => {
  useKafka();
  const database = await testDatabase();
  const { pool } = database;
  await ensureRoles(pool);
  const worker = await loginOf(database, 'tidewatch_worker');
  let brokers: string;
  let deadLetterTopic: string;
  let healthy: string;
  let cluster: Cluster;

  beforeAll(async () => {
    brokers = (await kafkaBroker()).brokers.join(',');
    [healthy, deadLetterTopic] = [await freshTopic(2), await freshTopic(1)];
    cluster = connect(configOf(healthy).kafka);
  }, KAFKA_START_MS);

  const configOf = (topic: string, more: { stream?: object; kafka?: object; url?: string } = {}) => {
    const object = {
      sources: { host: { enabled: false }, demo: { enabled: false }, http: { enabled: false } },
      http: { port: 0 },
      kafka: { brokers, groupId: `doctor-${topic}`, deadLetterTopic, ...more.kafka },
      database: { url: more.url ?? worker.url },
      streams: [{ name: nameOf(topic), topic, ...more.stream }],
    };
    return orThrow(parseConfig({ object })).config;
  };
  const nameOf = (topic: string) => `s-${topic}`;
  const doctor = (...of: Parameters<typeof configOf>) =>
    examineWorker({ config: configOf(...of), nowMs: systemClock.now() }, behind(0));
  const about = (results: readonly NamedResult[], name: string) => results.filter((r) => r.name === name);
  const failures = (results: readonly NamedResult[]) => results.filter((r) => r.status === 'fail');
  const storeOf = (topic: string, partition = 0) =>
    new PostgresPartitionStore(pool, { stream: nameOf(topic), partition, clock: systemClock, log: silentLogger });
  const send = async (topic: string, count: number) => {
    const producer = await cluster.producer();
    const record = { key: null, value: new Uint8Array([1]), partition: 0 };
    orThrow(
      await producer.send(
        topic,
        Array.from({ length: count }, () => record),
      ),
    );
    await producer.close();
  };
  const checkpoint = async (topic: string, offsetNext: number, state = randomBytes(8)) => {
    const store = storeOf(topic);
    const { epoch, offsetNext: offsetPrevious } = await store.claim('test');
    const saved = { watermarkMs: 0, controlSequence: 0, counters: noCounters, state };
    await store.checkpoint({ epoch, offsetPrevious, offsetNext, ...saved });
  };
  /** Runs the work while members of the topic's group have joined, one for each of the topics. */
  const serving = (topic: string, topics: readonly string[], work: () => Promise<void>) =>
    asMembers(cluster, configOf(topic).kafka.groupId, topics, work);

  test('finds nothing to mend where all is well, and one replica worth a word', async () => {
    const models = new PostgresModelStore(pool, systemClock);
    const artifact = makeModel(configOf(healthy).streams[0]!, ['a', 'b', 'c'], 3, 1);
    await models.put(modelIdOf(artifact), nameOf(healthy), artifact, {});
    await models.setRole(nameOf(healthy), 'champion', modelIdOf(artifact));
    await send(healthy, 3);
    await checkpoint(healthy, 2);
    await serving(healthy, [healthy], async () => {
      const results = await doctor(healthy);
      const others = results.filter((r) => r.status !== 'ok');
      // the broker of the tests is one
      for (const { status, found } of others)
        expect({ status, found }).toMatchObject({
          status: 'warn',
          found: expect.stringContaining('1 replica on 1 broker'),
        });
      expect(others.length).toBeLessThanOrEqual(2);
      expect(about(results, 'Kafka brokers')[0]!.found).toMatch(/answers, Kafka (4\.1 or newer|3\.9)/);
      expect(about(results, 'consumer group')[0]!.found).toMatch(/1 worker in .* has an owner, 2 partitions each/);
      expect(about(results, `progress of ${nameOf(healthy)}`)[0]!.found).toMatch(
        /1 of 2 partitions read, 1 records wait/,
      );
      expect(about(results, `model of ${nameOf(healthy)}`)[0]!.found).toMatch(/is whole and fits/);
      expect(about(results, 'roles')[0]!.found).toMatch(/is a member of tidewatch_worker/);
    });
  });

  test('names settings of a topic that harm, with the command that mends each', async () => {
    const topic = await freshTopic(1, {
      'message.timestamp.type': 'CreateTime',
      'cleanup.policy': 'compact',
      'max.message.bytes': '8388608',
    });
    const found = about(await doctor(topic), `topic ${topic}`);
    for (const [status, text, remedy] of [
      ['warn', /message\.timestamp\.type is CreateTime/, /--add-config message\.timestamp\.type=LogAppendTime/],
      ['fail', /cleanup\.policy is compact/, /--add-config cleanup\.policy=delete/],
      ['warn', /max\.message\.bytes is 8388608/, /--add-config max\.message\.bytes=/],
    ] as const)
      expect(found).toContainEqual({
        name: `topic ${topic}`,
        status,
        found: expect.stringMatching(text),
        remedy: expect.stringMatching(remedy),
      });
  });

  test('tells that a topic is missing, and does not repeat it', async () => {
    const topic = `missing-${randomBytes(6).toString('hex')}`;
    const results = await doctor(topic);
    expect(failures(results)).toEqual([
      expect.objectContaining({ name: `topic ${topic}`, remedy: expect.stringMatching(/--create --topic missing-/) }),
    ]);
    expect(about(results, 'consumer group')[0]).toMatchObject({
      status: 'warn',
      remedy: expect.stringMatching(/tidewatch worker/),
    });
    expect(about(results, `progress of ${nameOf(topic)}`)[0]).toMatchObject({ status: 'skip' });
  });

  test('sends whoever has not migrated to do so, and looks at no table', async () => {
    const empty = await testDatabase({ migrated: false });
    const results = await doctor(healthy, { url: empty.url });
    expect(failures(results)).toEqual([
      expect.objectContaining({ name: 'tables', remedy: expect.stringMatching(/tidewatch migrate/) }),
    ]);
    expect(about(results, 'lost records')).toEqual([
      { name: 'lost records', status: 'skip', found: 'not looked at: the database is not migrated' },
    ]);
  });

  test('knows a login with too many rights, and one with too few', async () => {
    const [owner] = about(await doctor(healthy, { url: database.url }), 'roles');
    expect(owner).toMatchObject({ status: 'warn', found: expect.stringMatching(/is a superuser/) });
    const dashboards = await loginOf(database, 'tidewatch_grafana');
    const [few] = about(await doctor(healthy, { url: dashboards.url }), 'roles');
    expect(few).toMatchObject({ status: 'fail', remedy: expect.stringMatching(/GRANT tidewatch_worker/) });
  });

  test('tells of records that Kafka has removed unread, and of a log that ends too early', async () => {
    const [removed, cut] = [await freshTopic(1), await freshTopic(1)];
    await send(removed, 10);
    await checkpoint(removed, 2);
    await (await testAdmin()).deleteTopicRecords({ topic: removed, partitions: [{ partition: 0, offset: '7' }] });
    const [before] = about(await doctor(removed), `progress of ${nameOf(removed)}`);
    expect(before).toMatchObject({
      status: 'fail',
      found: expect.stringMatching(/5 records are lost/),
      remedy: expect.stringMatching(/retention\.ms/),
    });
    await send(cut, 1);
    await checkpoint(cut, 5);
    const [after] = about(await doctor(cut), `progress of ${nameOf(cut)}`);
    expect(after).toMatchObject({ status: 'fail', found: expect.stringMatching(/log_truncated.*ends at 1/) });
  });

  test('warns while there is still time to read what waits', async () => {
    const topic = await freshTopic(1, { 'retention.ms': '3600000' });
    await send(topic, 3);
    await checkpoint(topic, 1);
    const inMinutes = async (minutes: number) => {
      const nowMs = systemClock.now() + minutes * 60_000;
      return about(
        await examineWorker({ config: configOf(topic), nowMs }, behind(0)),
        `progress of ${nameOf(topic)}`,
      )[0];
    };
    expect(await inMinutes(25)).toMatchObject({ status: 'ok' });
    const warned = await inMinutes(35);
    expect(warned).toMatchObject({ status: 'warn', found: expect.stringMatching(/half of the retention \(1 h\)/) });
  });

  test('sees by the stamps of records and by PostgreSQL that a clock is wrong', async () => {
    const topic = await freshTopic(1);
    await send(topic, 1);
    const told = async (ms: number) =>
      about(await examineWorker({ config: configOf(topic), nowMs: 0 }, behind(ms)), 'time difference').map(
        ({ status, found }) => `${status}: ${found.replace(/\d+/, 'N')}`,
      );
    expect((await told(0)).map((line) => line.slice(0, 2))).toEqual(['ok']);
    expect(await told(5_000)).toEqual([
      'warn: PostgreSQL is more than N s ahead of us',
      'warn: Kafka is more than N s ahead of us',
    ]);
    expect(await told(90_000)).toEqual([
      expect.stringMatching(/^fail: PostgreSQL .*window\.maxSkew/),
      expect.stringMatching(/^fail: Kafka .*window\.maxSkew/),
    ]);
  });

  test('knows a server that forgets what it has acknowledged, or takes nothing', async () => {
    const lax = await testDatabase();
    const name = new URL(lax.url).pathname.slice(1);
    await pool.query(`ALTER DATABASE ${name} SET synchronous_commit = off`);
    await pool.query(`ALTER DATABASE ${name} SET default_transaction_read_only = on`);
    const results = await doctor(healthy, { url: lax.url });
    expect(about(results, 'PostgreSQL settings')[0]).toMatchObject({
      status: 'fail',
      found: expect.stringMatching(/^synchronous_commit is off: a crash/),
    });
    expect(about(results, 'PostgreSQL')[0]).toMatchObject({
      status: 'fail',
      found: expect.stringMatching(/takes no writes/),
    });
  });

  test('tells of lost records', async () => {
    const topic = await freshTopic(1);
    const store = storeOf(topic);
    await store.claim('test');
    await store.recordLoss(3, 9, 'retention');
    expect(about(await doctor(topic), 'lost records')).toContainEqual(
      expect.objectContaining({
        status: 'warn',
        found: expect.stringMatching(`${nameOf(topic)}: 6 records .*retention`),
      }),
    );
  });

  test('names the setting of the Collector that puts an entity on one partition', async () => {
    const topic = await freshTopic(2);
    const stream = nameOf(topic);
    const at = (minute: number) =>
      outputs({
        verdicts: [makeVerdict({ stream, entity: 'web-1', windowStartMs: 1_700_000_000_000 + minute * 60_000 })],
      });
    await storeOf(topic, 0).flush(at(0));
    await storeOf(topic, 1).flush(at(1));
    const [split] = about(await doctor(topic, { stream: { encoding: 'otlp_proto' } }), 'keys of records');
    expect(split).toMatchObject({
      status: 'warn',
      found: expect.stringMatching(/1 entity on several partitions \(web-1 on 0 and 1\)/),
      remedy: expect.stringMatching(/partition_metrics_by_resource_attributes: true/),
    });
  });

  test('tries the champion as a worker would', async () => {
    const topic = await freshTopic(1);
    const [stream, id] = [nameOf(topic), `broken-${topic}`];
    const models = new PostgresModelStore(pool, systemClock);
    await models.put(id, stream, new Uint8Array([1, 2, 3]), {});
    await models.setRole(stream, 'champion', id);
    const model = async () => about(await doctor(topic), `model of ${stream}`)[0];
    expect(await model()).toMatchObject({
      status: 'fail',
      found: expect.stringMatching(/artifact_\w+: the champion broken-/),
    });
    await pool.query(`UPDATE models SET bytes = '\\x010203ff' WHERE id = $1`, [id]);
    expect(await model()).toMatchObject({ status: 'fail', found: expect.stringMatching(/its hash does not hold/) });
  });

  // The last two wait for others, so they do it side by side.
  test.concurrent('counts workers that have nothing to do, and partitions that nobody serves', async () => {
    const [unserved, other, crowded] = [await freshTopic(1), await freshTopic(1), await freshTopic(1)];
    const group = (topic: string) =>
      until('a group at rest', async () => {
        const [found] = about(await doctor(topic), 'consumer group');
        return !/sharing out/.test(found!.found) && found!;
      });
    const nobody = { status: 'fail', found: `${unserved}: nobody serves any of its partitions` };
    const idle = { status: 'warn', found: expect.stringMatching(/^1 of 2 workers are idle/) };
    await Promise.all([
      serving(unserved, [other], async () => expect(await group(unserved)).toMatchObject(nobody)),
      serving(crowded, [crowded, crowded], async () => expect(await group(crowded)).toMatchObject(idle)),
    ]);
  });

  test.concurrent('tells a broker that is away, and one that is spoken to wrongly, and asks nothing that needs it', async () => {
    const [away, oneOfTwo, secure] = await Promise.all([
      doctor(healthy, { kafka: { brokers: '127.0.0.1:1' } }),
      doctor(healthy, { kafka: { brokers: `127.0.0.1:1,${brokers}` } }),
      doctor(healthy, { kafka: { tls: true } }),
    ]);
    expect(about(away, 'Kafka brokers')[0]).toMatchObject({
      status: 'fail',
      found: expect.stringMatching(/127\.0\.0\.1:1: .*ECONNREFUSED/),
    });
    expect(about(away, `topic ${healthy}`)[0]).toMatchObject({ status: 'skip' });
    expect(about(oneOfTwo, 'Kafka brokers').map((r) => r.status)).toContain('warn');
    expect(failures(oneOfTwo)).toEqual([]);
    expect(about(secure, 'Kafka brokers')[0]!.found).toMatch(/this port has no TLS, and kafka\.tls is on/);
  });
});
