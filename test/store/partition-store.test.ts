import { systemClock } from '../../core/clock.ts';
import type { DeadLetter } from '../../ingest/ports.ts';
import type { Queryable } from '../../store/flush.ts';
import { silentLogger } from '../../store/logger.ts';
import { PostgresPartitionStore } from '../../store/partition-store.ts';
import { PostgresReader } from '../../store/reader.ts';
import { testDatabase } from '../postgres.ts';
import { partitionStoreSuite } from './partition-store.suite.ts';

const { pool } = await testDatabase();
const TABLES =
  'partition_state, partition_generations, control_entries, verdicts, entity_status, incidents, dead_letters';

/** A pool that loses one request or one answer as a broken connection does. */
function faultyPool(): { pool: Queryable; failNext(fault: 'request' | 'answer'): void } {
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

partitionStoreSuite('PostgreSQL', async () => {
  await pool.query(`TRUNCATE ${TABLES}, lost_ranges`);
  const reader = new PostgresReader(pool);
  const rows = async (query: string) => (await pool.query(query)).rows;
  return {
    open: () => {
      const faulty = faultyPool();
      const options = { stream: 'hosts', partition: 0, clock: systemClock, log: silentLogger };
      return { store: new PostgresPartitionStore(faulty.pool, options), failNext: faulty.failNext };
    },
    damageState: async (which) => {
      await pool.query(`UPDATE partition_generations g SET state = set_byte(state, 0, get_byte(state, 0) # 1)
        FROM partition_state p WHERE p.stream = g.stream AND p.partition = g.partition
        AND (${which === 'both'} OR g.slot = p.slot)`);
    },
    verdicts: async () => {
      const ids = (await rows('SELECT id FROM verdicts')) as { id: string }[];
      return Promise.all(ids.map(async ({ id }) => (await reader.verdict(id))!));
    },
    incidents: () => reader.incidents({ limit: 10 }),
    deadLetters: async () => {
      const letters = await rows('SELECT * FROM dead_letters ORDER BY at_offset, point');
      return letters.map(
        (d): DeadLetter => ({
          stream: d.stream,
          partition: d.partition,
          offset: d.at_offset,
          point: d.point,
          fault: { code: d.code, detail: d.detail },
          key: d.key,
          value: d.value,
        }),
      );
    },
    lostRanges: async () =>
      (await rows('SELECT from_offset, to_offset FROM lost_ranges')).map((r) => ({
        fromOffset: r.from_offset,
        toOffset: r.to_offset,
      })),
  };
});
