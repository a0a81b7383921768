import { Kafka, logLevel, type Producer } from 'kafkajs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../../e2e/up.ts';
import { freshTopic, kafkaBroker, useKafka } from '../../kafka.ts';
import { textOf } from '../../log.suite.ts';
import { needs } from '../../needs.ts';
import { joinAlone, testCluster } from './clusters.ts';

needs('kafka')('a topic of transactions', () => {
  useKafka();
  let producer: Producer;
  beforeAll(async () => {
    const { brokers } = await kafkaBroker();
    const transactionalId = `test-${process.pid}-${Date.now()}`;
    producer = new Kafka({ brokers, logLevel: logLevel.NOTHING }).producer({
      transactionalId,
      idempotent: true,
      maxInFlightRequests: 1,
    });
    await producer.connect();
  });
  afterAll(() => producer.disconnect());

  const send = async (topic: string, values: readonly string[], end: 'commit' | 'abort') => {
    const transaction = await producer.transaction();
    for (const value of values) await transaction.send({ topic, messages: [{ value, partition: 0 }] });
    await transaction[end]();
  };

  test('its log ends behind the last record, and nobody waits for a marker', async () => {
    const topic = await freshTopic();
    await send(topic, ['a', 'b'], 'commit');
    const { member, log } = await joinAlone(await testCluster(), topic);
    await log.refresh();
    expect((await log.read(0, 1000)).map(textOf)).toEqual(['a', 'b']);
    await log.refresh();
    expect(log.end()).toBe(2);
    await send(topic, ['gone'], 'abort');
    await until('the aborted record is passed', async () => (await log.refresh()) && log.end() === 2);
    let woken = false;
    const stop = new AbortController();
    const waiting = log.waitFor(2, stop.signal).then(() => {
      woken = !stop.signal.aborted;
    });
    await log.refresh();
    expect(woken).toBe(false);
    await send(topic, ['c'], 'commit');
    await waiting;
    expect((await log.read(2, 1000)).map(textOf)).toEqual(['c']);
    await member.close();
  });

  test('an aborted transaction that is larger than a fetch is passed over', async () => {
    const topic = await freshTopic();
    await send(topic, ['before'], 'commit');
    await send(
      topic,
      Array.from({ length: 8 }, () => 'x'.repeat(400_000)),
      'abort',
    );
    await send(topic, ['after'], 'commit');
    const { member, log } = await joinAlone(await testCluster(), topic);
    const got: string[] = [];
    let next = 0;
    await until('both are read', async () => {
      const records = await log.read(next, 1 << 20);
      next = (records.at(-1)?.offset ?? next - 1) + 1;
      got.push(...records.map(textOf));
      return got.length === 2;
    });
    expect(got).toEqual(['before', 'after']);
    await member.close();
  });

  test('it is read to its end, though that is a marker', async () => {
    const topic = await freshTopic();
    await send(topic, ['a'], 'commit');
    await send(topic, ['gone'], 'abort');
    const cluster = await testCluster();
    const got: string[] = [];
    for await (const records of cluster.read(topic)) got.push(...records.map(({ record }) => textOf(record)));
    expect(got).toEqual(['a']);
  });
});
