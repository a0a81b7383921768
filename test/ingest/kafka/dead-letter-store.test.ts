import { expect, it } from 'vitest';
import { fail, ok } from '../../../core/errors.ts';
import { readDeadLetterHeaders } from '../../../ingest/kafka/dead-letter-headers.ts';
import { withDeadLetterTopic } from '../../../ingest/kafka/dead-letter-store.ts';
import type { DeadLetter } from '../../../ingest/ports.ts';
import { MemoryPartitionStore, MemoryTables } from '../../../store/memory.ts';
import { makeDeadLetter, outputs } from '../../store/make.ts';
import { partitionStoreSuite } from '../../store/partition-store.suite.ts';
import { MemoryProducer } from './memory-producer.ts';

function letterStore() {
  const producer = new MemoryProducer();
  const tables = new MemoryTables();
  const inner = new MemoryPartitionStore(tables, 0);
  const store = withDeadLetterTopic(inner, { producer, topic: 'dead', from: 'readings' });
  return { producer, tables, inner, store };
}

partitionStoreSuite('a store with a dead letter topic', async () => {
  const tables = new MemoryTables();
  return {
    open: (partition = 0) => {
      const inner = new MemoryPartitionStore(tables, partition);
      const topic = { producer: new MemoryProducer(), topic: 'dead', from: 'readings' };
      return { store: withDeadLetterTopic(inner, topic), failNext: (fault) => inner.failNext(fault) };
    },
    damageState: async (which) => {
      const generations = tables.partitions.get(0)?.generations ?? [];
      for (const { checkpoint } of which === 'newest' ? generations.slice(0, 1) : generations)
        checkpoint.state[0]! ^= 1;
    },
    verdicts: async () => [...tables.verdicts.values()],
    incidents: async () => [...tables.incidents.values()],
    deadLetters: async () => [...tables.deadLetters.values()],
    profiles: async () => [...tables.profiles.values()],
    lostRanges: async () =>
      [...tables.lostRanges.values()].map(({ fromOffset, toOffset }) => ({ fromOffset, toOffset })),
  };
});

const some = (count: number, change: Partial<DeadLetter> = {}) =>
  outputs({ deadLetters: Array.from({ length: count }, (_, point) => makeDeadLetter({ point, ...change })) });
const pointsOf = ({ records }: MemoryProducer) =>
  records.map(({ record }) => Number(Buffer.from(record.headers!.find(([name]) => name === 'tidewatch.point')![1]!)));

it('sends every letter byte for byte before the tables hold it', async () => {
  const { producer, tables, store } = letterStore();
  const key = Uint8Array.of(0, 255);
  const value = Uint8Array.of(0xc3, 0x28, 0);
  await store.flush(some(2, { key, value, headers: [['h', Uint8Array.of(9)]] }));
  expect(tables.deadLetters.size).toBe(2);
  const [first] = producer.records;
  expect(first).toMatchObject({ topic: 'dead', record: { key, value } });
  expect(first!.record.tombstone).toBeUndefined();
  expect(first!.record.headers![0]).toEqual(['h', Uint8Array.of(9)]);
  expect(readDeadLetterHeaders(first!.record.headers!)).toMatchObject({ topic: 'readings', partition: 0, offset: 9 });
});

it('makes a topic that is missing, or says that it is', async () => {
  const { producer, inner, store } = letterStore();
  producer.missing = true;
  await expect(store.flush(some(1))).rejects.toMatchObject({ code: 'topic_missing' });
  const topic = { producer, topic: 'dead', from: 'readings' };
  const refused = withDeadLetterTopic(inner, { ...topic, make: async () => fail('broker_refused', 'no right') });
  await expect(refused.flush(some(1))).rejects.toMatchObject({ code: 'broker_refused' });
  const make = async () => {
    producer.missing = false;
    return ok('made');
  };
  await withDeadLetterTopic(inner, { ...topic, make }).flush(some(1));
  expect(pointsOf(producer)).toEqual([0]);
});

it('keeps a tombstone a tombstone', async () => {
  const { producer, store } = letterStore();
  await store.flush(some(1, { value: null }));
  expect(producer.records[0]!.record).toMatchObject({ tombstone: true });
});

it('writes nothing while the topic is away, and says which fault it was', async () => {
  const { producer, tables, store } = letterStore();
  producer.down = ['request'];
  const batch = some(1);
  await expect(store.flush(batch)).rejects.toMatchObject({ code: 'broker_unavailable' });
  expect(tables.deadLetters.size).toBe(0);
  await store.flush(batch);
  expect(tables.deadLetters.size).toBe(1);
});

it('does not send again what was sent when it is the database that failed', async () => {
  const { producer, inner, tables, store } = letterStore();
  inner.failNext('request');
  const batch = some(3);
  await expect(store.flush(batch)).rejects.toMatchObject({ code: 'database_unavailable' });
  await store.flush(batch);
  expect(pointsOf(producer)).toEqual([0, 1, 2]);
  expect(tables.deadLetters.size).toBe(3);
});

it('a lost acknowledgement makes a repeat, which its headers give away', async () => {
  const { producer, store } = letterStore();
  producer.down = ['answer'];
  const batch = some(2);
  await expect(store.flush(batch)).rejects.toMatchObject({ code: 'broker_unavailable' });
  await store.flush(batch);
  expect(pointsOf(producer)).toEqual([0, 1, 0, 1]);
});

it('sends a letter that is too large without its value, and its neighbours whole', async () => {
  const { producer, tables, store } = letterStore();
  producer.maxBytes = 1_000;
  const batch = some(3);
  batch.deadLetters[1]!.value = new Uint8Array(5_000);
  await store.flush(batch);
  expect(pointsOf(producer)).toEqual([0, 1, 2]);
  const [whole, stub] = producer.records.map(({ record }) => record);
  expect(whole!.value).toHaveLength(1);
  expect(stub).toMatchObject({ tombstone: true });
  expect(stub!.headers!.at(-1)).toEqual(['tidewatch.left-out', Buffer.from('value')]);
  expect([...tables.deadLetters.values()][1]!.value).toHaveLength(5_000);
});

it('sends many letters of a large record in batches that a broker takes', async () => {
  const { producer, store } = letterStore();
  producer.maxBytes = 1_048_588;
  await store.flush(some(64, { value: new Uint8Array(100_000), key: Uint8Array.of(1) }));
  expect(pointsOf(producer)).toEqual(Array.from({ length: 64 }, (_, i) => i));
  expect(Math.max(...producer.batches)).toBeLessThanOrEqual(2);
});

it('hands everything else to the store', async () => {
  const { store } = letterStore();
  const claim = await store.claim('a');
  expect(claim.epoch).toBe(1);
  await expect(store.appendControl(1, 0, { kind: 'watermark', toMs: 5 })).resolves.toMatchObject({ sequence: 1 });
  await expect(store.controlEntries(0)).resolves.toHaveLength(1);
  expect(await store.flush(some(1), 0)).toBe('fenced');
});
