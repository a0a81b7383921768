import type pg from 'pg';

/** The part of a pool that the statements need; a test puts a faulty one in. */
export type Queryable = Pick<pg.Pool, 'query'>;

/** Who writes: nothing is written for a partition whose epoch is another by now. Without an epoch nobody is fenced. */
export interface Writer {
  partition: number;
  epoch: number | null;
}

/**
 * For statements whose first parameters are stream, partition and epoch: one row in `open` unless the writer is fenced.
 * A claim waits until the statement that looked has ended.
 */
export const FENCE = `
fence AS MATERIALIZED (
  SELECT 1 FROM partition_state WHERE stream = $1 AND partition = $2::int4 AND epoch = $3::int8 FOR SHARE
), open AS MATERIALIZED (SELECT 1 WHERE $3::int8 IS NULL OR EXISTS (SELECT 1 FROM fence))`;

/** Bounds the memory and the time of one statement. */
export const MAX_ROWS_PER_STATEMENT = 2_000;
