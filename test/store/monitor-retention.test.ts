import { beforeEach, expect, it } from 'vitest';
import { ManualClock, systemClock } from '../../core/clock.ts';
import { silentLogger } from '../../store/logger.ts';
import { PostgresModelStore } from '../../store/models.ts';
import { PostgresMonitorStore } from '../../store/monitor-store.ts';
import { PostgresPartitionStore } from '../../store/partition-store.ts';
import { PostgresRegistry } from '../../store/registry.ts';
import {
  dropOldMessages,
  dropOldObservations,
  KEEP_MESSAGES_MS,
  KEEP_OBSERVATIONS_MS,
  KEEP_PROFILES_MS,
} from '../../store/retention.ts';
import { ensureRoles } from '../../store/roles.ts';
import { testDatabase } from '../postgres.ts';
import { loginOf } from './logins.ts';
import { noCounters, outputs } from './make.ts';
import {
  lineage,
  makeCommit,
  makeObservation,
  makeProfile,
  makeServing,
  makeState,
  message,
  T0,
} from './monitor-make.ts';
import { emptyMonitorTables } from './monitor-tables.ts';

const database = await testDatabase();
await ensureRoles(database.pool);
const { pool } = database;
const worker = (await loginOf(database, 'tidewatch_worker')).pool;
const clock = new ManualClock(1_000);
const store = new PostgresMonitorStore(pool, clock);
const registry = new PostgresRegistry(pool, clock);

const partition = (number = 0, stream = 'hosts') =>
  new PostgresPartitionStore(pool, { stream, partition: number, clock: systemClock, log: silentLogger });

beforeEach(() => emptyMonitorTables(pool));

it('keeps observations for 400 days behind the newest, profiles for 35, decisions for good', async () => {
  const hold = (await store.hold('a'))!;
  const times = [T0 - KEEP_OBSERVATIONS_MS - 1, T0 - KEEP_OBSERVATIONS_MS, T0];
  for (const [i, atMs] of times.entries()) {
    const observation = makeObservation(atMs);
    const record = { kind: 'observation', key: `observation:${i + 1}`, observation } as const;
    await hold.commit(makeCommit(i + 1, { observation, record, state: makeState(i + 1, { atMs }) }));
  }
  await hold.release();
  const profiles = [T0 - KEEP_PROFILES_MS - 1, T0 - KEEP_PROFILES_MS, T0].map((startMs) => makeProfile({ startMs }));
  await partition().flush(outputs({ profiles }));
  // an observation, the key of its input, a profile; and whoever runs retention may
  expect(await dropOldObservations(worker, 'hosts')).toBe(3);
  expect(await dropOldObservations(worker, 'hosts')).toBe(0);
  expect(await dropOldObservations(worker, 'none')).toBe(0);
  expect((await store.observations('hosts', 0, 2 * T0)).map((o) => o.atMs)).toEqual(times.slice(1));
  expect(await store.profiles('hosts', 0, 2 * T0)).toEqual(profiles.slice(1));
  expect(await store.ledger()).toHaveLength(3);
  expect((await store.recorded('hosts', 0, 2 * T0)).before?.version).toBe(1);
  // an input is given whole or not at all
  await pool.query('DELETE FROM observations WHERE at_ms < $1', [T0]);
  expect(await store.recorded('hosts', 0, 2 * T0)).toMatchObject({ before: { version: 2 }, inputs: { length: 1 } });
});

it('drops no message that waits', async () => {
  const hold = (await store.hold('a'))!;
  await hold.commit(makeCommit(1, { outbox: [message('waits'), message('done'), message('late')] }));
  await hold.release();
  await pool.query("UPDATE outbox SET status = 'delivered', next_ms = 5000 WHERE id = 'done'");
  await pool.query("UPDATE outbox SET status = 'given_up', next_ms = 6000 WHERE id = 'late'");
  expect(await dropOldMessages(worker, 5_001 + KEEP_MESSAGES_MS)).toBe(1);
  expect((await pool.query('SELECT id FROM outbox ORDER BY id')).rows).toEqual([{ id: 'late' }, { id: 'waits' }]);
});

it('prunes no model that a partition needs to go on from either generation', async () => {
  for (const id of ['before', 'older', 'challenger', 'newer', 'ahead', 'unused', 'newest']) {
    await registry.put('hosts', id, Uint8Array.of(1), lineage);
    clock.advance(1);
  }
  const one = partition();
  const { epoch } = await one.claim('w');
  const model = (modelId: string) => ({ kind: 'model' as const, modelId, sha256: '' });
  await one.appendControl(epoch, 0, model('before'));
  await one.appendControl(epoch, 0, { kind: 'challenger', modelId: 'challenger', sha256: '', share: 0.5 });
  await one.appendControl(epoch, 0, model('older'));
  const at = { epoch, state: Uint8Array.of(1), watermarkMs: 0, counters: noCounters };
  await one.checkpoint({ ...at, offsetPrevious: 0, offsetNext: 1, controlSequence: 3 });
  await one.appendControl(epoch, 1, model('newer'));
  await one.checkpoint({ ...at, offsetPrevious: 1, offsetNext: 2, controlSequence: 4 });
  await one.appendControl(epoch, 2, model('ahead'));
  expect(await registry.prune('hosts', 1)).toEqual(['before', 'unused']);
  // when both generations have moved on, what the older one was made with may go
  await one.checkpoint({ ...at, offsetPrevious: 2, offsetNext: 3, controlSequence: 5 });
  await one.checkpoint({ ...at, offsetPrevious: 3, offsetNext: 4, controlSequence: 5 });
  expect(await registry.prune('hosts', 1)).toEqual(['newer', 'older']);
  // a partition that never had a checkpoint folds its log from the start
  await partition(1).claim('w');
  await partition(1, 'other').claim('w');
  expect(await registry.prune('hosts', 1)).toEqual([]);
});

it('gives workers the champion of the monitor, and without one that of the role', async () => {
  const models = new PostgresModelStore(worker, clock);
  const a = await registry.put('hosts', 'a', Uint8Array.of(1), lineage);
  const b = await registry.put('hosts', 'b', Uint8Array.of(2), lineage);
  expect([await models.champion('hosts'), await models.serving('hosts')]).toEqual([null, null]);
  expect(await models.firstChampion('hosts', 'a')).toEqual(a);
  expect(await models.serving('hosts')).toBeNull();
  const hold = (await store.hold('a'))!;
  // a monitor that began before there was a model
  await hold.commit(makeCommit(1, { serving: makeServing({ revision: 0 }) }));
  expect(await models.champion('hosts')).toEqual(a);
  const serving = makeServing({ revision: 1, champion: b, mode: 'fallback' });
  await hold.commit(makeCommit(2, { serving }));
  await hold.release();
  expect(await models.champion('hosts')).toEqual(b);
  expect(await models.firstChampion('hosts', 'a')).toEqual(b);
  expect(await models.serving('hosts')).toEqual(serving);
});
