import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, expect, test } from 'vitest';
import { systemClock } from '../../../core/clock.ts';
import type { GroupMember } from '../../../ingest/kafka/member.ts';
import type { KafkaPartitionLog } from '../../../ingest/kafka/partition-log.ts';
import { type KafkaProducer, SILENT } from '../../../ingest/kafka/ports.ts';
import { type Cluster, openKafka } from '../../../ingest/kafka.ts';
import { freshTopic, kafkaBroker, useKafka } from '../../kafka.ts';
import { logSuite, newRecord, readAll, textOf } from '../../log.suite.ts';
import { needs } from '../../needs.ts';

const SESSION_MS = 10_000;

needs('kafka')('Kafka', () => {
  useKafka();
  let cluster: Cluster | null = null;
  let producer: KafkaProducer | null = null;
  const members: GroupMember[] = [];

  const connected = async () => {
    const { brokers } = await kafkaBroker();
    cluster ??= openKafka(
      {
        brokers,
        clientId: 'log-test',
        tls: null,
        sasl: null,
        sessionTimeoutMs: SESSION_MS,
        rebalanceTimeoutMs: 10_000,
        maxWaitMs: 20,
      },
      SILENT,
      systemClock,
    );
    producer ??= await cluster.producer();
    return { cluster, producer };
  };

  /** The only partition of a fresh topic as a member of a group of its own sees it. */
  const openLog = async (): Promise<KafkaPartitionLog> => {
    const { cluster, producer } = await connected();
    const topic = await freshTopic(1, { 'max.message.bytes': String(4 << 20) });
    return new Promise((resolve, reject) => {
      const member = cluster.member({
        groupId: `log-test-${randomBytes(6).toString('hex')}`,
        topics: [topic],
        queueBytes: 64 << 10,
        sessionTimeoutMs: SESSION_MS,
        partitionsConsumedConcurrently: 1,
        progress: () => 0,
        producer,
        onAssigned: ([assigned]) => void assigned!.log.refresh().then(() => resolve(assigned!.log)),
        onRebalancing: () => undefined,
        onFailed: reject,
      });
      members.push(member);
      member.start().catch(reject);
    });
  };

  afterEach(async () => {
    await Promise.all(members.splice(0).map((member) => member.close()));
  });
  afterAll(async () => {
    await producer?.close();
  });

  logSuite('a partition of a topic', async () => ({ log: await openLog(), setNow: null }));

  test('a read that goes back fetches anew, and records that were skipped stay readable', async () => {
    const log = await openLog();
    await log.append(Array.from({ length: 50 }, (_, i) => newRecord(`${i}`)));
    expect((await readAll(log, 40)).map(textOf)).toEqual(['40', '41', '42', '43', '44', '45', '46', '47', '48', '49']);
    expect((await readAll(log, 0)).map(textOf)).toHaveLength(50);
    expect(await readAll(log, 48)).toHaveLength(2);
  });

  test('an empty value and no value stay apart, and headers come in their order', async () => {
    const log = await openLog();
    const utf8 = (text: string) => new TextEncoder().encode(text);
    const headers = [
      ['a', utf8('1')],
      ['b', utf8('2')],
      ['a', utf8('3')],
    ] as const;
    await log.append([
      { key: null, value: new Uint8Array(0), tombstone: true },
      { key: null, value: new Uint8Array(0), headers },
    ]);
    const [none, empty] = await readAll(log);
    expect(none!.tombstone).toBe(true);
    expect(empty!.tombstone).toBeUndefined();
    expect(empty!.headers!.map(([name, value]) => `${name}=${Buffer.from(value!)}`).sort()).toEqual([
      'a=1',
      'a=3',
      'b=2',
    ]);
  });
});
