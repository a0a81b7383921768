import { and, count, desc, eq, gt, isNull, or } from 'drizzle-orm';
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import type pg from 'pg';
import { TidewatchError } from '../core/errors.ts';
import { MAX_TOKENS, type StoredToken, type TokenStore } from '../monitor/access/ports.ts';
import { storable } from './encode.ts';
import { guarded } from './pool.ts';
import { apiTokens as tokens } from './schema-monitor.ts';

/** Revoked and expired ones are listed too. */
const MAX_LISTED = 10 * MAX_TOKENS;

/** TokenStore on PostgreSQL. Throws TidewatchError database_unavailable. */
export class PostgresTokens implements TokenStore {
  readonly #db: NodePgDatabase;

  constructor(pool: pg.Pool) {
    this.#db = drizzle(pool);
  }

  add(token: Omit<StoredToken, 'revokedMs'>): Promise<void> {
    return guarded(async () => {
      const [inUse] = await this.#db
        .select({ count: count() })
        .from(tokens)
        .where(and(isNull(tokens.revokedMs), or(isNull(tokens.expiresMs), gt(tokens.expiresMs, token.createdMs))));
      if (inUse!.count >= MAX_TOKENS)
        throw new TidewatchError('request_invalid', `there are ${MAX_TOKENS} tokens; revoke some`);
      const { id, name, scopes, hash, createdMs, expiresMs } = token;
      const added = await this.#db
        .insert(tokens)
        .values({ id, name: storable(name), scopes: [...scopes], hash, createdMs, expiresMs })
        .onConflictDoNothing();
      if (added.rowCount !== 1) throw new TidewatchError('request_invalid', `token ${id} exists`);
    });
  }

  get(id: string): Promise<StoredToken | null> {
    return guarded(async () => {
      const [row] = await this.#db
        .select()
        .from(tokens)
        .where(eq(tokens.id, storable(id)));
      return row ?? null;
    });
  }

  list(): Promise<StoredToken[]> {
    return guarded(() => this.#db.select().from(tokens).orderBy(desc(tokens.createdMs), tokens.id).limit(MAX_LISTED));
  }

  revoke(id: string, atMs: number): Promise<boolean> {
    return guarded(async () => {
      const revoked = await this.#db
        .update(tokens)
        .set({ revokedMs: Math.floor(atMs) })
        .where(and(eq(tokens.id, storable(id)), isNull(tokens.revokedMs)));
      return revoked.rowCount === 1;
    });
  }
}
