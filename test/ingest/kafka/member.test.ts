import type { KafkaMessage } from 'kafkajs';
import { expect, test } from 'vitest';
import { type ErrorCode, fail } from '../../../core/errors.ts';
import { reading, SESSION_MS, settle, started } from './member-under-test.ts';

test('it subscribes from the beginning, and nothing is committed or resolved by itself', async () => {
  const { fake } = await started();
  expect(fake.of('subscribe')).toEqual([{ topics: ['t'], fromBeginning: true }]);
  expect(fake.of('run')).toMatchObject([{ autoCommit: false, eachBatchAutoResolve: false }]);
});

test('a cluster that refuses us ends the member at once, one that is away does not', async () => {
  const told = async (code: ErrorCode) => {
    const { seen } = await started({ cluster: () => Promise.resolve(fail(code, 'so it is')) });
    await settle();
    return seen.failures.map((cause) => cause.code);
  };
  expect(await told('broker_refused')).toEqual(['broker_refused']);
  expect(await told('broker_unavailable')).toEqual([]);
});

test('partitions are paused within the join, and resume at the offset of their first read', async () => {
  const { fake, seen } = await started();
  fake.join({ t: [0, 1] });
  expect(fake.of('pause')).toEqual([[{ topic: 't', partitions: [0, 1] }]]);
  expect(fake.of('resume')).toEqual([]);
  await seen.assigned[1]!.log.read(7, 1);
  expect(fake.calls.slice(-2)).toEqual([
    ['seek', { topic: 't', partition: 1, offset: '7' }],
    ['resume', [{ topic: 't', partitions: [1] }]],
  ]);
  expect(fake.of('resume')).toHaveLength(1);
});

test('a batch goes to its log and is resolved at once while there is room', async () => {
  const { fake, log, member } = await reading();
  await fake.batch({ offsets: [0, 1, 2] });
  expect(fake.resolved).toEqual(['2']);
  expect(member.queuedBytes).toBe(30);
  expect((await log.read(0, 1000)).map((r) => r.offset)).toEqual([0, 1, 2]);
  expect(member.queuedBytes).toBe(0);
});

test('a full queue holds the batch until somebody reads', async () => {
  const { fake, log } = await reading();
  let done = false;
  const batch = fake.batch({ offsets: [0, 1, 2], bytes: 50 }).then(() => {
    done = true;
  });
  await settle();
  expect(done).toBe(false);
  await log.read(0, 60);
  await batch;
  expect(fake.beats).toBe(0);
});

test('while the queue is full it beats as often as there is progress, and not without', async () => {
  const { fake, clock, seen, log, member } = await reading();
  const batch = fake.batch({ offsets: [0, 1], bytes: 80 });
  for (let i = 0; i < 8; i++) {
    await settle();
    clock.advance(250);
  }
  await settle();
  expect(fake.beats).toBe(0);
  for (let i = 0; i < 5; i++) {
    seen.progress++;
    clock.advance(250);
    await settle();
  }
  expect(fake.beats).toBe(5);
  await log.read(0, 1000);
  await batch;
  expect(member.queuedBytes).toBe(0);
  expect(seen.failures).toEqual([]);
});

test('it fails as stalled, once, when nothing moved for a session', async () => {
  const { fake, clock, seen } = await reading();
  const batches = [fake.batch({ offsets: [0, 1], bytes: 80 }), fake.batch({ offsets: [2], bytes: 80 })];
  for (let ms = 0; ms < SESSION_MS + 1_000; ms += 250) {
    await settle();
    if (ms <= SESSION_MS) expect(seen.failures).toEqual([]);
    clock.advance(250);
  }
  await Promise.all(batches);
  expect(seen.failures.map(({ code }) => code)).toEqual(['stalled']);
  expect(fake.beats).toBe(0);
});

test('progress within the session puts off the failure', async () => {
  const { fake, clock, seen } = await reading();
  void fake.batch({ offsets: [0, 1], bytes: 80 });
  for (let ms = 0; ms < 3 * SESSION_MS; ms += 250) {
    if (ms % 5_000 === 0) seen.progress++;
    await settle();
    clock.advance(250);
  }
  expect(seen.failures).toEqual([]);
  expect(fake.beats).toBeGreaterThan(2);
});

test('what heartbeat() throws is thrown on unchanged: kafkajs ends a batch by it', async () => {
  const { fake, clock, seen } = await reading();
  const rebalance = Object.assign(new Error('rebalancing'), { type: 'REBALANCE_IN_PROGRESS' });
  const batch = fake.batch({ offsets: [0, 1], bytes: 80, heartbeat: () => Promise.reject(rebalance) });
  const thrown = batch.catch((cause) => cause);
  seen.progress++;
  await settle();
  clock.advance(250);
  expect(await thrown).toBe(rebalance);
  expect(seen.failures).toEqual([]);
});

test('a stale batch, and one of a partition that was lost, are left alone', async () => {
  const { fake, member } = await reading();
  await fake.batch({ offsets: [0], stale: true });
  fake.join({ t: [1] });
  await fake.batch({ offsets: [0] });
  await fake.batch({ topic: 'other', offsets: [0] });
  expect([fake.resolved, member.queuedBytes]).toEqual([[], 0]);
});

test('a fetch of nothing but markers of transactions counts as read, though kafkajs hands nothing over', async () => {
  const { fake, log } = await reading();
  await fake.batch({ offsets: [0, 1] });
  await log.read(0, 100);
  const skipped = { topic: 't', partition: 0, batchSize: 0, firstOffset: '2', lastOffset: '4', highWatermark: '5' };
  fake.emit('END_BATCH_PROCESS', skipped);
  expect(log.end()).toBe(2);
  // nothing at all, and what was handed over already
  fake.emit('END_BATCH_PROCESS', { ...skipped, firstOffset: null, lastOffset: '9' });
  fake.emit('END_BATCH_PROCESS', { ...skipped, batchSize: 3, lastOffset: '9' });
  const seeks = fake.of('seek').length;
  await fake.batch({ offsets: [5] });
  expect((await log.read(2, 100)).map(({ offset }) => offset)).toEqual([5]);
  expect(fake.of('seek')).toHaveLength(seeks);
});

test('a join closes the logs of the assignment before it at once, and their bytes no longer count', async () => {
  const { fake, log, member, seen } = await reading();
  await fake.batch({ offsets: [0, 1] });
  expect(member.queuedBytes).toBe(20);
  fake.join({ t: [0] });
  expect([log.waiting, member.queuedBytes]).toEqual([false, 0]);
  expect(seen.assigned[0]!.log).not.toBe(log);
  const seeks = fake.of('seek').length;
  expect(await log.read(0, 100)).toEqual([]);
  expect(fake.of('seek')).toHaveLength(seeks);
  expect(member.rebalances).toBe(2);
});

test('a crash that kafkajs does not restart fails the member once; one that it does restart does not', async () => {
  const { fake, seen } = await started();
  fake.emit('CRASH', { error: new Error('socket closed'), restart: true });
  expect(seen.failures).toEqual([]);
  const error = Object.assign(new Error('Not authorized to access group'), { type: 'GROUP_AUTHORIZATION_FAILED' });
  for (let i = 0; i < 2; i++) fake.emit('CRASH', { error, restart: false });
  expect(seen.failures.map(({ code }) => code)).toEqual(['broker_refused']);
});

test('a consumer that has stopped holds nothing: from then on kafkajs would throw at a seek', async () => {
  const { fake, log, seen } = await reading();
  await fake.batch({ offsets: [0, 1] });
  fake.seek = () => {
    throw new Error('Consumer group was not initialized, consumer#run must be called first');
  };
  fake.emit('STOP');
  expect(seen.rebalancing).toBe(1);
  expect(await log.read(50, 10)).toEqual([]);
  expect(seen.failures).toEqual([]);
});

test('an error of our own in a handler fails the member as internal, and kafkajs sees nothing of it', async () => {
  const bug = () => {
    throw new TypeError('a bug');
  };
  const joining = await started({ onAssigned: bug });
  joining.fake.join({ t: [0] });
  const rebalancing = await started({ onRebalancing: bug });
  rebalancing.fake.emit('REBALANCING');
  const batch = await reading();
  const message = {
    offset: '0',
    timestamp: '1',
    key: null,
    headers: {},
    get value() {
      return bug();
    },
  };
  await batch.fake.batch({ offsets: [0], messages: [message as unknown as KafkaMessage] });
  for (const { seen } of [joining, rebalancing, batch]) {
    expect(seen.failures).toMatchObject([{ code: 'internal', detail: expect.stringContaining('a bug') }]);
  }
  expect(batch.fake.resolved).toEqual([]);
});

test('heartbeats are counted as the group answers them', async () => {
  const { fake, member } = await started();
  for (let i = 0; i < 3; i++) fake.emit('HEARTBEAT');
  expect(member.heartbeats).toBe(3);
});

test('the newest hints are committed every three seconds, with what they stand for', async () => {
  const { fake, clock, member } = await reading();
  member.saved('t', 0, 5, 'a 5');
  member.saved('t', 0, 9, 'a 9');
  member.saved('t', 1, 3, 'not ours');
  clock.advance(2_999);
  await settle();
  expect(fake.of('commit')).toEqual([]);
  clock.advance(1);
  await settle();
  expect(fake.of('commit')).toEqual([[{ topic: 't', partition: 0, offset: '9', metadata: 'a 9' }]]);
  clock.advance(9_000);
  await settle();
  expect(fake.of('commit')).toHaveLength(1);
});

test('a refused commit does no harm, and the next one is tried', async () => {
  const { fake, clock, member, seen } = await reading();
  fake.committing = () => Promise.reject(new Error('The group is rebalancing'));
  for (let i = 0; i < 2; i++) {
    member.saved('t', 0, i, `${i}`);
    clock.advance(3_000);
    await settle();
  }
  expect(fake.of('commit')).toHaveLength(2);
  expect(seen.failures).toEqual([]);
});

test('closing commits the last hints, then leaves', async () => {
  const { fake, member } = await reading();
  member.saved('t', 0, 4, 'last');
  await member.close();
  expect(fake.calls.slice(-2)).toEqual([
    ['commit', [{ topic: 't', partition: 0, offset: '4', metadata: 'last' }]],
    ['disconnect', null],
  ]);
});

test('a commit without an answer does not keep a member from closing', async () => {
  const { fake, clock, member } = await reading();
  fake.committing = () => new Promise(() => undefined);
  member.saved('t', 0, 4, 'x');
  clock.advance(3_000);
  await settle();
  const closed = member.close();
  await settle();
  expect(fake.of('disconnect')).toEqual([]);
  clock.advance(1_000);
  await closed;
  expect(fake.of('disconnect')).toHaveLength(1);
});
