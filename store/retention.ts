import type pg from 'pg';
import { guarded } from './pool.ts';

/**
 * Drops the days of a stream's verdicts that lie wholly before its newest event time less keepMs. Event time, so that
 * a replay of last year's recording is not dropped as it is written. Returns how many days went.
 */
export function dropOldPartitions(pool: Pick<pg.Pool, 'query'>, stream: string, keepMs: number): Promise<number> {
  return guarded(async () => {
    const result = await pool.query<{ dropped: number | null }>(
      `SELECT drop_verdict_partitions($1, max(last_window_end_ms) - $2::int8) AS dropped
       FROM entity_status WHERE stream = $1 HAVING count(*) > 0`,
      [stream, Math.floor(keepMs)],
    );
    return result.rows[0]?.dropped ?? 0;
  });
}

const DAY_MS = 86_400_000;
/** For the console and for simulations: a year, and the month of the year before. */
export const KEEP_OBSERVATIONS_MS = 400 * DAY_MS;
/** What observations are made of: a week is looked back on, a month can be simulated anew. */
export const KEEP_PROFILES_MS = 35 * DAY_MS;
/** Messages that were delivered or given up, by the wall clock; so long their ids are known. */
export const KEEP_MESSAGES_MS = 92 * DAY_MS;

/**
 * Removes what the monitor keeps of a stream for longer than that, counted back from its newest event time. Decisions and
 * their evidence stay for good. Returns how many rows went.
 */
export function dropOldObservations(pool: Pick<pg.Pool, 'query'>, stream: string): Promise<number> {
  return guarded(async () => {
    const result = await pool.query<{ gone: number }>('SELECT prune_monitor($1, $2, $3) AS gone', [
      stream,
      KEEP_OBSERVATIONS_MS,
      KEEP_PROFILES_MS,
    ]);
    return result.rows[0]!.gone;
  });
}

/** Returns how many messages went. */
export function dropOldMessages(pool: Pick<pg.Pool, 'query'>, nowMs: number): Promise<number> {
  return guarded(async () => {
    const before = Math.floor(nowMs) - KEEP_MESSAGES_MS;
    const result = await pool.query<{ gone: number }>('SELECT prune_outbox($1) AS gone', [before]);
    return result.rows[0]!.gone;
  });
}
