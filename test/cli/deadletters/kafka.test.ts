import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type IHeaders, Kafka, type KafkaMessage, logLevel } from 'kafkajs';
import { afterAll, expect, it } from 'vitest';
import { systemClock } from '../../../core/clock.ts';
import { type StreamConfig, streamConfig } from '../../../core/config/stream.ts';
import { orThrow } from '../../../core/errors.ts';
import { Fold } from '../../../detector/fold.ts';
import { decoderFor } from '../../../ingest/decode/index.ts';
import { withDeadLetterTopic } from '../../../ingest/kafka/dead-letter-store.ts';
import { ensureDeadLetterTopic } from '../../../ingest/kafka/dead-letter-topic.ts';
import type { KafkaAdmin, KafkaProducer, OutgoingRecord } from '../../../ingest/kafka/ports.ts';
import { type Cluster, openKafka } from '../../../ingest/kafka.ts';
import { silentLogger } from '../../../store/logger.ts';
import { PostgresPartitionStore } from '../../../store/partition-store.ts';
import { freshTopic, kafkaBroker, useKafka } from '../../kafka.ts';
import { needs } from '../../needs.ts';
import { testDatabase } from '../../postgres.ts';
import { builtProgram } from '../../program.ts';
import { outputs } from './letters.ts';

const BIN = await builtProgram();
const START = Math.floor(systemClock.now() / 10_000) * 10_000;
const RUN_MS = 60_000;

interface Ran {
  status: number;
  stdout: string;
  stderr: string;
}

needs('kafka')('dead letters on a real broker and a real database', async () => {
  useKafka();
  const database = await testDatabase();
  const dir = mkdtempSync(path.join(os.tmpdir(), 'tidewatch-letters-'));
  const file = path.join(dir, 'tidewatch.yaml');
  let cluster: Cluster;
  let producer: KafkaProducer;
  let admin: KafkaAdmin;
  let topic = '';
  let deadTopic = '';
  afterAll(async () => {
    if (deadTopic !== '') await admin.deleteTopic(deadTopic);
    await admin?.close();
    await producer?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  const configOf = (limits: object = {}): StreamConfig => streamConfig.parse({ name: 'readings', topic, limits });

  async function setUp(): Promise<void> {
    const { brokers } = await kafkaBroker();
    const settings = { brokers, clientId: 'letters-test', tls: null, sasl: null };
    const timeouts = { sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 10_000, maxWaitMs: 20 };
    cluster = openKafka({ ...settings, ...timeouts }, { ...silentLogger, debug: () => undefined }, systemClock);
    producer = await cluster.producer();
    admin = await cluster.admin();
    topic = await freshTopic(1);
    deadTopic = `${topic}-dead`;
    expect(orThrow(await ensureDeadLetterTopic(admin, deadTopic))).toBe('made');
    expect(orThrow(await ensureDeadLetterTopic(admin, deadTopic))).toBe('exists');
    const urls = `kafka:\n  brokers: ${brokers.join(',')}\ndatabase:\n  url: ${database.url}\n`;
    writeFileSync(file, `${urls}streams:\n  - name: readings\n    topic: ${topic}\n`);
  }

  /** What a worker does between two restarts: claims, reads to the end, flushes and saves. */
  async function work(config: StreamConfig): Promise<void> {
    const options = { stream: config.name, partition: 0, clock: systemClock, log: silentLogger, topic };
    const inner = new PostgresPartitionStore(database.pool, options);
    const store = withDeadLetterTopic(inner, { producer, topic: deadTopic, from: topic });
    const { epoch, offsetNext, state } = await store.claim('test');
    const decoder = decoderFor(config);
    const fold = state === null ? new Fold(config, decoder) : orThrow(Fold.restore(config, decoder, state));
    const out = outputs();
    let next = offsetNext;
    for await (const batch of cluster.read(topic, { from: new Map([[0, offsetNext]]) }))
      for (const { record } of batch) {
        fold.record(record, out);
        next = record.offset + 1;
      }
    expect(await store.flush(out, epoch)).not.toBe('fenced');
    const { watermarkMs, controlSequence, counters } = fold;
    const place = { epoch, offsetPrevious: offsetNext, offsetNext: next };
    await store.checkpoint({ ...place, state: fold.save(), watermarkMs, controlSequence, counters });
  }

  const send = async (...records: OutgoingRecord[]) => orThrow(await producer.send(topic, records));
  const json = (entity: string, timeMs: number, values: object): OutgoingRecord => ({
    key: Buffer.from(entity),
    value: Buffer.from(JSON.stringify({ entity, time: timeMs, values })),
  });

  function tidewatch(...args: string[]): Promise<Ran> {
    const env = { ...process.env, NODE_ENV: 'production', NO_COLOR: '1' };
    return new Promise((resolve) => {
      execFile(process.execPath, [BIN, 'deadletters', ...args, '-f', file], { env }, (error, stdout, stderr) =>
        resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr }),
      );
    });
  }

  it(
    'a poisoned record is on the topic and in the table byte for byte, and after a fix it gives one verdict',
    async () => {
      await setUp();
      const poison = Uint8Array.of(0xff, 0, 0xfe, 0x7b);
      const key = Uint8Array.of(0, 0xc3, 0x28);
      await send(
        { ...json('web', START, { a: 1, b: 2 }), headers: [['trace', Uint8Array.of(0xff, 1)]] },
        { key, value: poison, headers: [['trace', Buffer.from('x')]] },
        json('other', START, { a: 1, b: 2 }),
      );
      await work(configOf({ metricsPerEntity: 1 }));

      const messages = await readDead(deadTopic, 3);
      const [bad, unread] = messages;
      expect(unread!.key).toEqual(Buffer.from(key));
      expect(unread!.value).toEqual(Buffer.from(poison));
      expect(textOf(unread!.headers, 'trace')).toBe('x');
      expect(textOf(unread!.headers, '__connect.errors.exception.class.name')).toBe('tidewatch.record_not_utf8');
      expect(bad!.headers!.trace).toEqual(Buffer.of(0xff, 1));
      expect(textOf(bad!.headers, '__connect.errors.topic')).toBe(topic);
      expect(textOf(bad!.headers, '__connect.errors.offset')).toBe('0');
      expect(textOf(bad!.headers, 'tidewatch.points')).toBe(JSON.stringify([['web', 'b', START]]));

      const listed = JSON.parse((await tidewatch('list', '--json')).stdout);
      expect(listed.letters.map((letter: { id: string }) => letter.id).sort()).toEqual([
        'readings:0:0:1',
        'readings:0:1:-1',
        'readings:0:2:1',
      ]);
      const shown = await tidewatch('show', 'readings:0:1:-1');
      expect(shown.stdout).toContain('ff 00 fe 7b');
      expect(shown.stdout).toContain('Encode records in UTF-8.');
      const whole = JSON.parse((await tidewatch('show', 'readings:0:1:-1', '--json')).stdout);
      expect([whole.key, whole.value].map((text) => Buffer.from(text, 'base64'))).toEqual([
        Buffer.from(key),
        Buffer.from(poison),
      ]);

      expect((await tidewatch('redrive', '--code', 'metric_limit')).status).toBe(2);
      const dry = await tidewatch('redrive', '--all', '--dry-run');
      expect(dry.status).toBe(1);
      expect(dry.stdout).toMatch(/readings:0:1:-1 +still_bad +record_not_utf8/);
      expect(dry.stdout).toContain('2 would be sent');
      const one = await tidewatch('redrive', 'readings:0:0:1', '--yes');
      expect(one).toMatchObject({ status: 0, stdout: 'Of 1 dead letters 1 sent.\n' });
      expect((await tidewatch('redrive', 'readings:0:0:1', '--yes')).stdout).toContain('sent_before');

      await send(json('web', START + 60_000, { a: 3, b: 4 }));
      await work(configOf());
      const { rows } = await database.pool.query(
        "SELECT vals, l.names FROM verdicts JOIN feature_lists l ON l.id = features_id WHERE entity = 'web'",
      );
      expect(rows).toEqual([{ vals: [1, 2], names: ['a__mean__10s', 'b__mean__10s'] }]);
      const { rows: saved } = await database.pool.query(
        'SELECT counters FROM partition_generations ORDER BY offset_next DESC LIMIT 1',
      );
      expect(saved[0].counters).toMatchObject({ applied: 5, duplicate: 0, dead_lettered: 3, late: 0 });

      const late = await tidewatch('redrive', 'readings:0:2:1', '--yes', '--json');
      expect(late.status).toBe(1);
      expect(JSON.parse(late.stdout).letters[0]).toMatchObject({ outcome: 'window_closed', code: 'metric_limit' });
    },
    RUN_MS,
  );

  async function readDead(from: string, count: number): Promise<KafkaMessage[]> {
    const { brokers } = await kafkaBroker();
    const kafka = new Kafka({ brokers, logLevel: logLevel.NOTHING, retry: { retries: 10 } });
    const consumer = kafka.consumer({ groupId: `letters-${randomBytes(6).toString('hex')}`, maxWaitTimeInMs: 50 });
    await consumer.connect();
    await consumer.subscribe({ topic: from, fromBeginning: true });
    const messages: KafkaMessage[] = [];
    await new Promise<void>((resolve) => {
      void consumer.run({
        eachMessage: async ({ message }) => {
          messages.push(message);
          if (messages.length === count) resolve();
        },
      });
    });
    await consumer.disconnect();
    return messages;
  }
});

const textOf = (headers: IHeaders | undefined, name: string): string => String(headers?.[name]);
