import { expect, test } from 'vitest';
import { WorkerStatus } from '../../../cli/worker/status.ts';
import { MemoryPartitionStore } from '../../../store/memory.ts';
import { Hand, STREAM } from './hand.ts';

test('it claims, hints where it stands, folds what comes, and saves everything when it is released', async () => {
  const hand = new Hand();
  hand.send('a', 0, 60);
  const { partition, ended, fetch, failure } = hand.serve();
  expect(partition.loop).toBe(null);
  await hand.pass(500);
  expect(partition.loop!.offsetNext).toBe(12);
  expect(hand.hints[0]).toEqual([0, 'me 0']);
  hand.send('a', 60, 100);
  fetch();
  await hand.pass(250);
  const { moves } = partition;
  expect(moves).toBeGreaterThan(2);
  partition.release();
  await ended;
  expect([hand.offsetSaved, partition.loop, failure()]).toEqual([20, null, null]);
  expect(hand.hints.at(-1)).toEqual([20, 'me 20']);
  expect(hand.tables.verdicts.size).toBe(9);
});

test('a partition that comes back goes on where it was saved, and its first hint says so', async () => {
  const hand = new Hand();
  hand.send('a', 0, 100);
  for (let i = 0; i < 2; i++) {
    const { partition, ended } = hand.serve();
    await hand.pass(500);
    partition.release();
    await ended;
  }
  expect(hand.hints.map(([offset]) => offset)).toEqual([0, 20, 20]);
  expect(hand.tables.verdicts.size).toBe(9);
});

test('fenced, it claims again only when the group has answered two more heartbeats', async () => {
  const hand = new Hand();
  hand.send('a', 0, 50);
  const { partition, ended, fetch, failure } = hand.serve();
  await hand.pass(500);
  await new MemoryPartitionStore(hand.tables).claim('another');
  hand.send('a', 50, 100);
  fetch();
  await hand.pass(3_000);
  expect([hand.fenced, partition.loop]).toEqual([1, null]);
  // or the heartbeats that it waits for would never be sent while its own records fill the queue
  const { moves } = partition;
  await hand.pass(1_000);
  expect(partition.moves).toBeGreaterThanOrEqual(moves + 4);
  hand.heartbeats++;
  await hand.pass(3_000);
  expect(partition.loop).toBe(null);
  hand.heartbeats++;
  await hand.pass(1_000);
  expect(partition.loop!.offsetNext).toBe(20);
  partition.release();
  await ended;
  expect([hand.fenced, failure(), hand.offsetSaved]).toEqual([1, null, 20]);
  expect(hand.tables.verdicts.size).toBe(9);
});

test('fenced and released, it ends without another claim', async () => {
  const hand = new Hand();
  hand.send('a', 0, 50);
  const { partition, ended, fetch } = hand.serve();
  await hand.pass(500);
  const { epoch } = await new MemoryPartitionStore(hand.tables).claim('another');
  hand.send('a', 50, 100);
  fetch();
  await hand.pass(2_000);
  partition.release();
  await ended;
  expect(hand.tables.partitions.get(0)!.epoch).toBe(epoch);
});

test('a log that ends before the place where it was read to is held, and served once it is whole again', async () => {
  const hand = new Hand();
  hand.send('a', 0, 50);
  const before = hand.serve();
  await hand.pass(500);
  before.partition.release();
  await before.ended;

  hand.endsAt = 3;
  const { partition, ended, failure } = hand.serve();
  const status = new WorkerStatus([STREAM], () => [partition]);
  status.joined(true);
  const ready = () => status.streams()[0]!.ready;
  await hand.pass(6_000);
  expect([partition.held, partition.loop, ready()]).toEqual([true, null, false]);
  expect(hand.told.said('the partition is not served')).toBe(1);
  hand.endsAt = null;
  await hand.pass(24_000);
  expect(partition.held).toBe(true);
  await hand.pass(6_000);
  expect([partition.held, partition.loop?.offsetNext, ready()]).toEqual([false, 10, true]);
  partition.release();
  await ended;
  expect(failure()).toBe(null);
});

test('what no other worker could do better with is thrown', async () => {
  const hand = new Hand();
  hand.send('a', 0, 50);
  hand.tables.partitions.set(
    0,
    new Proxy({} as never, {
      get: () => {
        throw new RangeError('a bug');
      },
    }),
  );
  const { ended, failure } = hand.serve();
  await hand.pass(500);
  await ended;
  expect(failure()).toMatchObject({ message: 'a bug' });
});
