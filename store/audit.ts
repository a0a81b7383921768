import { and, desc, eq, gte, lt, type SQL } from 'drizzle-orm';
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import type pg from 'pg';
import { type AuditEntry, type AuditStore, MAX_AUDIT_ROWS } from '../monitor/access/ports.ts';
import { rowsAllowed } from '../monitor/rows-allowed.ts';
import { storable } from './encode.ts';
import { guarded } from './pool.ts';
import { auditLog } from './schema-monitor.ts';

/** Of each text of an entry: what came from outside may be long, and its end says no more than its beginning. */
const MAX_TEXT_CHARS = 4_000;
const text = (given: string): string => storable(given.slice(0, MAX_TEXT_CHARS));

/** AuditStore on PostgreSQL. Throws TidewatchError database_unavailable. */
export class PostgresAudit implements AuditStore {
  readonly #db: NodePgDatabase;

  constructor(pool: pg.Pool) {
    this.#db = drizzle(pool);
  }

  append({ atMs, actor, action, subject, outcome, detail }: AuditEntry): Promise<void> {
    return guarded(async () => {
      const texts = { actor: text(actor), action: text(action), subject: text(subject), detail: text(detail) };
      await this.#db.insert(auditLog).values({ atMs: Math.floor(atMs), outcome, ...texts });
    });
  }

  list(filter: { actor?: string; fromMs?: number; toMs?: number; limit?: number }): Promise<AuditEntry[]> {
    const where: SQL[] = [];
    if (filter.actor !== undefined) where.push(eq(auditLog.actor, filter.actor));
    if (filter.fromMs !== undefined) where.push(gte(auditLog.atMs, Math.ceil(filter.fromMs)));
    if (filter.toMs !== undefined) where.push(lt(auditLog.atMs, Math.ceil(filter.toMs)));
    return guarded(async () => {
      const rows = await this.#db
        .select()
        .from(auditLog)
        .where(and(...where))
        .orderBy(desc(auditLog.number))
        .limit(rowsAllowed(filter.limit, MAX_AUDIT_ROWS));
      return rows.map(({ number: _arrival, ...entry }) => entry);
    });
  }
}
