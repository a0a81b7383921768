import type pg from 'pg';
import { databaseError } from './pool.ts';

/**
 * Runs the work in one transaction: all of it or, when it throws, nothing. When the answer to COMMIT is lost it throws
 * TidewatchError database_unavailable though the work may have been kept.
 */
export async function inTransaction<T>(
  pool: Pick<pg.Pool, 'connect'>,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const client = await pool.connect().catch((error) => {
    throw databaseError(error);
  });
  // a connection that dies between two statements is told by the next one
  const ignore = () => undefined;
  client.on('error', ignore);
  let broken: Error | undefined;
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch((failure: Error) => {
      broken = failure;
    });
    throw databaseError(error);
  } finally {
    client.off('error', ignore);
    client.release(broken);
  }
}
