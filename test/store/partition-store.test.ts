import type pg from 'pg';
import { systemClock } from '../../core/clock.ts';
import type { ErrorCode } from '../../core/errors.ts';
import type { Verdict } from '../../core/types.ts';
import type { DeadLetter } from '../../ingest/ports.ts';
import { PostgresDeadLetters } from '../../store/dead-letters.ts';
import type { Queryable } from '../../store/fence.ts';
import { silentLogger } from '../../store/logger.ts';
import { PostgresMonitorStore } from '../../store/monitor-store.ts';
import { PostgresPartitionStore } from '../../store/partition-store.ts';
import { PostgresReader } from '../../store/reader.ts';
import { ensureRoles } from '../../store/roles.ts';
import { testDatabase } from '../postgres.ts';
import { loginOf } from './logins.ts';
import { partitionStoreSuite } from './partition-store.suite.ts';
import type { StoreUnderTest } from './under-test.ts';

const database = await testDatabase();
const { pool } = database;
await ensureRoles(pool);
const worker = await loginOf(database, 'tidewatch_worker');
const TABLES =
  'partition_state, partition_generations, control_entries, verdicts, entity_status, incidents, dead_letters, lost_ranges, interval_profiles';

/** A pool that loses one request or one answer as a broken connection does. */
function faultyPool(pool: pg.Pool): { pool: Queryable; failNext(fault: 'request' | 'answer'): void } {
  let next: 'request' | 'answer' | null = null;
  const broken = () => Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
  const query = async (...args: unknown[]) => {
    const fault = next;
    next = null;
    if (fault === 'request') throw broken();
    const result = await (pool.query as (...args: unknown[]) => Promise<unknown>).apply(pool, args);
    if (fault === 'answer') throw broken();
    return result;
  };
  return {
    pool: { query } as unknown as Queryable,
    failNext: (fault) => {
      next = fault;
    },
  };
}

/** The suite on whatever login the pool has; truth is read and damaged by the owner. */
const underTest = (worker: pg.Pool) => async (): Promise<StoreUnderTest> => {
  await pool.query(`TRUNCATE ${TABLES}`);
  const reader = new PostgresReader(pool);
  const letters = new PostgresDeadLetters(pool);
  const rows = async (query: string) => (await pool.query(query)).rows;
  return {
    open: (partition = 0) => {
      const faulty = faultyPool(worker);
      const options = { stream: 'hosts', partition, clock: systemClock, log: silentLogger };
      return { store: new PostgresPartitionStore(faulty.pool, options), failNext: faulty.failNext };
    },
    damageState: async (which) => {
      await pool.query(`UPDATE partition_generations g SET state = set_byte(state, 0, get_byte(state, 0) # 1)
        FROM partition_state p WHERE p.stream = g.stream AND p.partition = g.partition
        AND (${which === 'both'} OR g.slot = p.slot)`);
    },
    verdicts: async () => {
      const entities = (await rows('SELECT DISTINCT entity FROM verdicts')) as { entity: string }[];
      const all = { fromMs: -1e15, toMs: 1e15 };
      const found: Verdict[] = [];
      for (const { entity } of entities) found.push(...(await reader.verdicts('hosts', entity, all, 100)));
      return found;
    },
    incidents: () => reader.incidents({ limit: 10 }),
    deadLetters: async () => {
      const list = await letters.list({}, { limit: 10 });
      const whole = await Promise.all(list.reverse().map(async ({ id }) => (await letters.get(id))!));
      return whole.map(
        ({ stream, partition, offset, point, code, detail, appendMs, key, value, headers }): DeadLetter => ({
          stream,
          partition,
          offset,
          point,
          fault: { code: code as ErrorCode, detail },
          appendMs: appendMs!,
          // a Buffer is a Uint8Array that compares as another type
          key: key && Uint8Array.from(key),
          value: value && Uint8Array.from(value),
          ...(headers.length > 0 && { headers }),
        }),
      );
    },
    profiles: () => new PostgresMonitorStore(pool, systemClock).profiles('hosts', 0, 2e12),
    lostRanges: async () =>
      (await rows('SELECT from_offset, to_offset FROM lost_ranges')).map((r) => ({
        fromOffset: r.from_offset,
        toOffset: r.to_offset,
      })),
  };
};

partitionStoreSuite('PostgreSQL', underTest(pool));
partitionStoreSuite('PostgreSQL for a login that is only a worker', underTest(worker.pool));
