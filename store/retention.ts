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
