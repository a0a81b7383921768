import { and, desc, eq } from 'drizzle-orm';
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import type pg from 'pg';
import {
  MAX_ATTEMPTS,
  MAX_NOTIFY_ROWS,
  type OutboxEntry,
  type OutboxStatus,
  type OutboxStore,
} from '../monitor/notify/ports.ts';
import { rowsAllowed } from '../monitor/rows-allowed.ts';
import type { OutboxMessage } from '../monitor/store.ts';
import { storable } from './encode.ts';
import { guarded } from './pool.ts';
import { outbox } from './schema-monitor.ts';

const COLUMNS = 'id, receiver, body, created_ms, status, attempts, next_ms, last_error';
/** What a receiver says of itself can be long. */
const MAX_ERROR_CHARS = 1_000;

/** What another deliverer is taking at this moment is skipped; what it has taken is not due before its lease ends. */
const TAKE = `
WITH due AS (
  SELECT id FROM outbox WHERE status = 'waiting' AND next_ms <= $1 ORDER BY next_ms, id LIMIT $2 FOR UPDATE SKIP LOCKED
), taken AS (
  UPDATE outbox o SET attempts = o.attempts + 1, next_ms = $1::int8 + $3::int8 FROM due WHERE o.id = due.id
  RETURNING o.*
)
SELECT ${COLUMNS} FROM taken ORDER BY created_ms, id`;

const DELIVERED = `
UPDATE outbox SET status = 'delivered', next_ms = $2, last_error = NULL WHERE id = $1 AND status = 'waiting'`;

const FAILED = `
UPDATE outbox SET last_error = $4,
  status = CASE WHEN $3::int8 IS NULL OR attempts >= ${MAX_ATTEMPTS} THEN 'given_up' ELSE 'waiting' END,
  next_ms = CASE WHEN $3::int8 IS NULL OR attempts >= ${MAX_ATTEMPTS} THEN $2::int8 ELSE $3::int8 END
WHERE id = $1 AND status = 'waiting' RETURNING status`;

const BACKLOG = `
SELECT receiver, count(*) FILTER (WHERE status = 'waiting') AS waiting,
  min(created_ms) FILTER (WHERE status = 'waiting') AS oldest_ms, count(*) FILTER (WHERE status = 'given_up') AS given_up
FROM outbox WHERE status <> 'delivered' GROUP BY receiver ORDER BY receiver`;

const WRITE = `
INSERT INTO outbox (id, receiver, body, created_ms, next_ms) VALUES ($1, $2, $3, $4, $4) ON CONFLICT DO NOTHING`;

/** Writes messages by whatever runs queries; the first of an id stays. */
export async function writeMessages(db: Pick<pg.Pool, 'query'>, messages: readonly OutboxMessage[]): Promise<void> {
  for (const { id, receiver, body, createdMs } of messages)
    await db.query(WRITE, [storable(id), storable(receiver), storable(body), Math.floor(createdMs)]);
}

/** OutboxStore on PostgreSQL. Throws TidewatchError database_unavailable. */
export class PostgresOutbox implements OutboxStore {
  readonly #pool: pg.Pool;
  readonly #db: NodePgDatabase;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
    this.#db = drizzle(pool);
  }

  add(messages: readonly OutboxMessage[]): Promise<void> {
    return guarded(() => writeMessages(this.#pool, messages));
  }

  take(nowMs: number, limit: number, leaseMs: number): Promise<OutboxEntry[]> {
    type Row = Omit<OutboxEntry, 'createdMs' | 'nextMs' | 'lastError'> & {
      created_ms: number;
      next_ms: number;
      last_error: string | null;
    };
    return guarded(async () => {
      const values = [Math.floor(nowMs), rowsAllowed(limit, MAX_NOTIFY_ROWS), Math.floor(leaseMs)];
      const { rows } = await this.#pool.query<Row>(TAKE, values);
      return rows.map(({ created_ms, next_ms, last_error, ...row }) => ({
        ...row,
        createdMs: created_ms,
        nextMs: next_ms,
        lastError: last_error,
      }));
    });
  }

  delivered(id: string, nowMs: number): Promise<void> {
    return guarded(async () => {
      await this.#pool.query(DELIVERED, [storable(id), Math.floor(nowMs)]);
    });
  }

  failed(id: string, nowMs: number, nextMs: number | null, error: string): Promise<OutboxStatus> {
    return guarded(async () => {
      const next = nextMs === null ? null : Math.floor(nextMs);
      const values = [storable(id), Math.floor(nowMs), next, storable(error.slice(0, MAX_ERROR_CHARS))];
      const changed = await this.#pool.query<{ status: OutboxStatus }>(FAILED, values);
      if (changed.rows[0]) return changed.rows[0].status;
      const [row] = await this.#db
        .select({ status: outbox.status })
        .from(outbox)
        .where(eq(outbox.id, storable(id)));
      return row?.status ?? 'given_up';
    });
  }

  list(filter: { receiver?: string; status?: OutboxStatus; limit?: number }): Promise<OutboxEntry[]> {
    return guarded(() =>
      this.#db
        .select()
        .from(outbox)
        .where(
          and(
            filter.receiver === undefined ? undefined : eq(outbox.receiver, filter.receiver),
            filter.status === undefined ? undefined : eq(outbox.status, filter.status),
          ),
        )
        .orderBy(desc(outbox.createdMs), outbox.id)
        .limit(rowsAllowed(filter.limit, MAX_NOTIFY_ROWS)),
    );
  }

  backlog(): Promise<{ receiver: string; waiting: number; oldestMs: number | null; givenUp: number }[]> {
    type Row = { receiver: string; waiting: number; oldest_ms: number | null; given_up: number };
    return guarded(async () => {
      const { rows } = await this.#pool.query<Row>(BACKLOG);
      return rows.map(({ oldest_ms, given_up, ...row }) => ({ ...row, oldestMs: oldest_ms, givenUp: given_up }));
    });
  }
}
