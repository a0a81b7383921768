import { expect, test } from 'vitest';
import { systemClock } from '../../../core/clock.ts';
import { freshTopic, testAdmin, useKafka } from '../../kafka.ts';
import { newRecord, textOf } from '../../log.suite.ts';
import { needs } from '../../needs.ts';
import { testCluster } from './clusters.ts';

needs('kafka')('reading a topic up to its end', () => {
  useKafka();

  const filled = async (partitions: number, records: number, bytes = 1) => {
    const cluster = await testCluster();
    const topic = await freshTopic(partitions);
    const producer = await cluster.producer();
    for (let partition = 0; partition < partitions; partition++)
      for (let from = 0; from < records; from += 50) {
        const texts = Array.from({ length: Math.min(50, records - from) }, (_, i) => `${partition}-${from + i}`);
        const sent = await producer.send(
          topic,
          texts.map((text) => ({ ...newRecord(text.padEnd(bytes)), partition })),
        );
        expect(sent.ok).toBe(true);
      }
    await producer.close();
    return { cluster, topic };
  };

  test('gives each partition whole and in order, to a slow reader too', async () => {
    const { cluster, topic } = await filled(3, 400, 2_000);
    const got = new Map<number, number[]>();
    let batches = 0;
    for await (const records of cluster.read(topic)) {
      for (const { partition, record } of records) {
        expect(textOf(record).trim()).toBe(`${partition}-${record.offset}`);
        got.set(partition, [...(got.get(partition) ?? []), record.offset]);
      }
      if (++batches % 2 === 0) await systemClock.sleep(20);
    }
    const all = Array.from({ length: 400 }, (_, i) => i);
    expect([...got].toSorted(([a], [b]) => a - b)).toEqual([0, 1, 2].map((p) => [p, all]));
  });

  test('begins and ends where it is told to, in the partitions it is told', async () => {
    const { cluster, topic } = await filled(2, 60);
    const got: string[] = [];
    const options = { partitions: [1], from: new Map([[1, 20]]), to: new Map([[1, 23]]) };
    for await (const records of cluster.read(topic, options)) got.push(...records.map(({ record }) => textOf(record)));
    expect(got).toEqual(['1-20', '1-21', '1-22']);
  });

  test('ends at once when it is no longer wanted, and leaves no group behind', async () => {
    const { cluster, topic } = await filled(1, 300, 10_000);
    const stop = new AbortController();
    let batches = 0;
    for await (const records of cluster.read(topic, { signal: stop.signal })) {
      expect(records.length).toBeGreaterThan(0);
      batches++;
      stop.abort();
    }
    expect(batches).toBe(1);
    for await (const _ of cluster.read(topic)) break;
    const { groups } = await (await testAdmin()).listGroups();
    const described = await (await testAdmin()).describeGroups(
      groups.map(({ groupId }) => groupId).filter((id) => id.startsWith('test-reader-')),
    );
    expect(described.groups.flatMap(({ members }) => members)).toEqual([]);
  });

  test('an empty topic is at its end, and one that is missing is a fault that names it', async () => {
    const { cluster, topic } = await filled(1, 0);
    for await (const records of cluster.read(topic)) expect(records).toEqual([]);
    const missing = cluster.read('there-is-no-such-topic');
    await expect(missing.next()).rejects.toMatchObject({
      code: 'topic_missing',
      detail: expect.stringContaining('there-is-no-such-topic'),
    });
  });
});
