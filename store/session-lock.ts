import type pg from 'pg';
import { guarded } from './pool.ts';

/** A holder whose machine vanished keeps its lock until the server has noticed: 25 s. */
const NOTICE_DEATH = 'SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3';

export interface SessionLock {
  /** Aborts when the connection, and with it the lock, is lost: somebody else may hold it by now. */
  lost: AbortSignal;
  release(): Promise<void>;
}

/**
 * An advisory lock (kind, hash of the name) that one process has at a time; null when another has it. It lives in a
 * session of its own and ends with it, also when this process is killed. It needs one connection of the pool.
 * Throws TidewatchError database_unavailable.
 */
export async function holdSessionLock(
  pool: Pick<pg.Pool, 'connect'>,
  kind: number,
  name: string,
): Promise<SessionLock | null> {
  const client = await guarded(() => pool.connect());
  const lost = new AbortController();
  let released = false;
  const end = (error?: Error) => {
    if (released) return;
    released = true;
    lost.abort();
    // closing the session gives the lock back, whatever became of it
    client.release(error ?? true);
  };
  client.on('error', end);
  try {
    await client.query(NOTICE_DEATH);
    const answer = await client.query<{ got: boolean }>({
      text: 'SELECT pg_try_advisory_lock($1, hashtext($2)) AS got',
      values: [kind, name],
    });
    if (!answer.rows[0]!.got) {
      end();
      return null;
    }
  } catch (error) {
    end(error as Error);
    return guarded(() => Promise.reject(error));
  }
  return {
    lost: lost.signal,
    release: async () => {
      if (released) return;
      // the end of a session takes a moment, the next in line should not have to wait for it
      await client.query('SELECT pg_advisory_unlock_all()').catch(end);
      end();
    },
  };
}
