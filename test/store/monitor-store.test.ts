import type pg from 'pg';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { ManualClock, systemClock } from '../../core/clock.ts';
import { silentLogger } from '../../store/logger.ts';
import { PostgresMonitorStore } from '../../store/monitor-store.ts';
import { PostgresPartitionStore } from '../../store/partition-store.ts';
import { PostgresRegistry } from '../../store/registry.ts';
import { ensureRoles } from '../../store/roles.ts';
import { testDatabase } from '../postgres.ts';
import { loginOf } from './logins.ts';
import { noCounters, outputs } from './make.ts';
import { lineage, makeCommit, makeObservation, makeServing, message, T0 } from './monitor-make.ts';
import { monitorStoreSuite } from './monitor-store.suite.ts';
import { emptyMonitorTables } from './monitor-tables.ts';
import { chainHolds, type MonitorUnderTest } from './monitor-under-test.ts';

const database = await testDatabase();
const { pool } = database;
await ensureRoles(pool);
const monitor = await loginOf(database, 'tidewatch_monitor');
const clock = new ManualClock(1_000);

const END_HOLDER = `SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE locktype = 'advisory'
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;

/** A test that failed may have left its hold behind. */
beforeEach(async () => {
  await pool.query(END_HOLDER);
  await emptyMonitorTables(pool);
});

const underTest = (login: pg.Pool) => async (): Promise<MonitorUnderTest> => {
  return {
    open: () => ({ store: new PostgresMonitorStore(login, clock), registry: new PostgresRegistry(login, clock) }),
    endHolder: async () => {
      await pool.query(END_HOLDER);
    },
    addProfiles: async (profiles) => {
      for (const stream of new Set(profiles.map((p) => p.stream))) {
        const store = new PostgresPartitionStore(pool, { stream, partition: 0, clock: systemClock, log: silentLogger });
        await store.flush(outputs({ profiles: profiles.filter((p) => p.stream === stream) }));
      }
    },
    setWatermark: async (partition, watermarkMs) => {
      const options = { stream: 'hosts', partition, clock: systemClock, log: silentLogger };
      const store = new PostgresPartitionStore(pool, options);
      const { epoch } = await store.claim('w');
      const at = { offsetPrevious: 0, offsetNext: 1, state: Uint8Array.of(1), controlSequence: 0 };
      await store.checkpoint({ ...at, epoch, watermarkMs, counters: noCounters });
    },
    outboxIds: async () => (await pool.query('SELECT id FROM outbox ORDER BY id')).rows.map(({ id }) => id),
  };
};

monitorStoreSuite('PostgreSQL', underTest(pool));
monitorStoreSuite('PostgreSQL for a login that is only a monitor', underTest(monitor.pool));

/** A pool in whose transactions the statement numbered `at` is where the process is killed. */
function killedAt(at: number, when: 'before' | 'after'): { pool: pg.Pool; killed: () => boolean } {
  let count = 0;
  let killed = false;
  const connect = async () => {
    const client = await pool.connect();
    const inner = client.query.bind(client) as (...args: unknown[]) => Promise<unknown>;
    return new Proxy(client, {
      get: (target, key) => {
        if (key !== 'query') {
          const value = Reflect.get(target, key, target);
          return typeof value === 'function' ? value.bind(target) : value;
        }
        return async (...args: unknown[]) => {
          if (killed) throw Object.assign(new Error('Connection terminated'), {});
          const mine = count++ === at;
          if (mine && when === 'after') await inner(...args);
          if (!mine) return inner(...args);
          killed = true;
          throw Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
        };
      },
    });
  };
  const proxied = new Proxy(pool, {
    get: (target, key) => {
      if (key === 'connect') return connect;
      const value = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return { pool: proxied, killed: () => killed };
}

it.each(['before', 'after'] as const)(
  'is killed %s any statement of a commit, and has written all of it or nothing',
  async (when) => {
    await emptyMonitorTables(pool);
    const store = new PostgresMonitorStore(pool, clock);
    const registry = new PostgresRegistry(pool, clock);
    const { modelId, sha256 } = await registry.put('hosts', 'm', Uint8Array.of(1), lineage);
    let version = 0;
    for (let statement = 0; ; statement++) {
      const commit = makeCommit(version + 1, {
        observation: makeObservation(T0 + version),
        serving: makeServing({ revision: version + 1, champion: { modelId, sha256 } }),
        outbox: [message(`m-${version}`)],
      });
      // the lock's session has statements of its own, which come first
      const { pool: faulty, killed } = killedAt(statement + 2, when);
      const hold = (await new PostgresMonitorStore(faulty, clock).hold('a'))!;
      const result = await hold.commit(commit).catch((error) => error);
      const inTime = killed();
      await hold.release();
      await pool.query(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE state = 'idle in transaction' AND datname = current_database()",
      );
      const all = [
        (await store.state('hosts'))?.version ?? 0,
        (await store.ledger({})).length,
        (await store.observations('hosts', 0, 2 * T0)).length,
        (await store.serving('hosts'))?.revision ?? 0,
        (await pool.query('SELECT 1 FROM outbox')).rowCount,
      ];
      expect(new Set(all).size, `${when} statement ${statement}: ${all}`).toBe(1);
      expect(chainHolds(await store.ledger({}))).toBe(true);
      if (!inTime) {
        expect(result).toBe('committed');
        expect(statement).toBeGreaterThan(10);
        return;
      }
      expect(result).toMatchObject({ code: 'database_unavailable' });
      // whoever comes next repeats it, and whichever it was, it is there once
      const next = (await store.hold('b'))!;
      expect(await next.commit(commit)).toBe(all[0] === version ? 'committed' : 'known');
      await next.release();
      version++;
    }
  },
);

it('fences by number a holder that does not know that it lost the lock', async () => {
  const store = new PostgresMonitorStore(pool, clock);
  const hold = (await store.hold('a'))!;
  onTestFinished(() => hold.release());
  await pool.query('UPDATE monitor_hold SET fence = fence + 1');
  expect(await hold.commit(makeCommit(1))).toBe('fenced');
  expect(await store.state('hosts')).toBeNull();
});

it('says that PostgreSQL is away', async () => {
  const gone = {
    connect: () => Promise.reject(Object.assign(new Error('x'), { code: 'ECONNREFUSED' })),
    query: () => Promise.reject(Object.assign(new Error('x'), { code: 'ECONNREFUSED' })),
  };
  const store = new PostgresMonitorStore(gone as unknown as pg.Pool, clock);
  for (const call of [
    () => store.hold('a'),
    () => store.state('s'),
    () => store.ledger(),
    () => store.profiles('s', 0, 1),
  ])
    await expect(call()).rejects.toMatchObject({ code: 'database_unavailable' });
});
