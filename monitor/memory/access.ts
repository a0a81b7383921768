import { TidewatchError } from '../../core/errors.ts';
import {
  type AuditEntry,
  type AuditStore,
  MAX_AUDIT_ROWS,
  MAX_TOKENS,
  type StoredToken,
  type TokenStore,
} from '../access/ports.ts';
import { rowsAllowed } from '../rows-allowed.ts';

/** TokenStore without a database; the same behaviour, proved by the same suite. */
export class MemoryTokens implements TokenStore {
  readonly #tokens = new Map<string, StoredToken>();

  async add(token: Omit<StoredToken, 'revokedMs'>): Promise<void> {
    if (this.#tokens.has(token.id)) throw new TidewatchError('request_invalid', `token ${token.id} exists`);
    const inUse = (t: StoredToken) => t.revokedMs === null && (t.expiresMs === null || t.expiresMs > token.createdMs);
    if ([...this.#tokens.values()].filter(inUse).length >= MAX_TOKENS)
      throw new TidewatchError('request_invalid', `there are ${MAX_TOKENS} tokens; revoke some`);
    this.#tokens.set(token.id, { ...token, scopes: [...token.scopes], revokedMs: null });
  }

  async get(id: string): Promise<StoredToken | null> {
    const token = this.#tokens.get(id);
    return token ? { ...token } : null;
  }

  async list(): Promise<StoredToken[]> {
    return [...this.#tokens.values()]
      .sort((a, b) => b.createdMs - a.createdMs || (a.id < b.id ? -1 : 1))
      .map((token) => ({ ...token }));
  }

  async revoke(id: string, atMs: number): Promise<boolean> {
    const token = this.#tokens.get(id);
    if (!token || token.revokedMs !== null) return false;
    token.revokedMs = atMs;
    return true;
  }
}

/** AuditStore without a database; the same behaviour, proved by the same suite. */
export class MemoryAudit implements AuditStore {
  readonly #entries: AuditEntry[] = [];

  async append(entry: AuditEntry): Promise<void> {
    this.#entries.push({ ...entry });
  }

  async list(filter: { actor?: string; fromMs?: number; toMs?: number; limit?: number }): Promise<AuditEntry[]> {
    const { actor, fromMs, toMs } = filter;
    return [...this.#entries]
      .reverse()
      .filter(
        (e) =>
          (actor === undefined || e.actor === actor) &&
          (fromMs === undefined || e.atMs >= fromMs) &&
          (toMs === undefined || e.atMs < toMs),
      )
      .slice(0, rowsAllowed(filter.limit, MAX_AUDIT_ROWS))
      .map((entry) => ({ ...entry }));
  }
}
