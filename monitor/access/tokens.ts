import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { type Fault, fail, ok, type Result } from '../../core/errors.ts';
import type { StoredToken, TokenScope, TokenStore } from './ports.ts';

const ID_BYTES = 6;
/** 256 bits of chance: nothing to guess, so one round of SHA-256 is hash enough. */
const SECRET_BYTES = 32;
const TOKEN = /^tw_([0-9a-f]{12})_([0-9A-Za-z_-]{43})$/;

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** A new token: what the caller gets, once, and what is stored of it. bytes: chance, by default that of the system. */
export function mint(
  name: string,
  scopes: readonly TokenScope[],
  createdMs: number,
  expiresMs: number | null,
  bytes: (n: number) => Buffer = randomBytes,
): { token: string; stored: Omit<StoredToken, 'revokedMs'> } {
  const id = bytes(ID_BYTES).toString('hex');
  const secret = bytes(SECRET_BYTES).toString('base64url');
  const hash = digest(secret).toString('hex');
  return { token: `tw_${id}_${secret}`, stored: { id, name, scopes, hash, createdMs, expiresMs } };
}

/** Whoever calls, and what they may do. */
export interface Identity {
  /** As decisions and the audit name them. */
  actor: `operator:${string}`;
  scopes: readonly TokenScope[];
}

const ALL: readonly TokenScope[] = ['read', 'operate', 'admin'];
/** A wider scope holds the narrower ones. */
const IMPLIES: Record<TokenScope, readonly TokenScope[]> = {
  read: ['read'],
  operate: ['read', 'operate'],
  admin: ALL,
};

export const may = (identity: Identity, scope: TokenScope): boolean =>
  identity.scopes.some((held) => IMPLIES[held].includes(scope));

export interface AccessOptions {
  tokens: Pick<TokenStore, 'get'> | null;
  /** The configuration's one token, which may do everything. */
  master: string | undefined;
  /** Callers without a token may do everything: on loopback, unless a token is configured for it. */
  open: boolean;
  now: () => number;
}

/** Tells who calls by the token presented: deny by default, hashes compared in constant time. */
export class Access {
  readonly #o: AccessOptions;

  constructor(options: AccessOptions) {
    this.#o = options;
  }

  /** presented: the token, '' for none. Fault: unauthorized, the same whether it is unknown, expired or revoked. */
  async who(presented: string): Promise<Result<Identity>> {
    const { master, open } = this.#o;
    if (presented === '' && open) return ok({ actor: 'operator:local', scopes: ALL });
    if (master !== undefined && timingSafeEqual(digest(presented), digest(master)))
      return ok({ actor: 'operator:token', scopes: ALL });
    return (await this.#stored(presented)) ?? fail('unauthorized', '');
  }

  async #stored(presented: string): Promise<Result<Identity> | null> {
    const { tokens, now } = this.#o;
    const parts = TOKEN.exec(presented);
    if (parts === null || tokens === null) return null;
    const stored = await tokens.get(parts[1]!);
    // compared even where there is none, so that time does not tell which ids exist
    const expected = Buffer.from(stored?.hash ?? '0'.repeat(64), 'hex');
    const same = timingSafeEqual(digest(parts[2]!), expected);
    if (stored === null || !same || stored.revokedMs !== null) return null;
    if (stored.expiresMs !== null && stored.expiresMs <= now()) return null;
    return ok({ actor: `operator:${stored.name}`, scopes: stored.scopes });
  }
}

/** What a caller without the scope is answered. */
export const lacks = (scope: TokenScope): { ok: false; fault: Fault } =>
  fail('forbidden_scope', `the scope ${scope} is needed`);
