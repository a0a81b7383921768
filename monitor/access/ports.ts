/** Who may use the API, and who did. Wall-clock times. */
export const TOKEN_SCOPES = ['read', 'operate', 'admin'] as const;
export type TokenScope = (typeof TOKEN_SCOPES)[number];

/** Tokens that were neither revoked nor have expired, at most. */
export const MAX_TOKENS = 1_000;
/** Audit entries that one question answers at most. */
export const MAX_AUDIT_ROWS = 1_000;

export interface StoredToken {
  /** Public part, by which it is looked up and named. */
  id: string;
  name: string;
  scopes: readonly TokenScope[];
  /** Of the secret part, which is stored nowhere; whoever compares does it in constant time. */
  hash: string;
  createdMs: number;
  expiresMs: number | null;
  revokedMs: number | null;
}

export interface TokenStore {
  /** Throws request_invalid when the id exists, or beyond MAX_TOKENS. */
  add(token: Omit<StoredToken, 'revokedMs'>): Promise<void>;
  get(id: string): Promise<StoredToken | null>;
  /** Newest first. */
  list(): Promise<StoredToken[]>;
  /** False when it was revoked before, or there is none. */
  revoke(id: string, atMs: number): Promise<boolean>;
}

export interface AuditEntry {
  atMs: number;
  /** `operator:NAME`, `webhook`, or where it came from when nobody was known. */
  actor: string;
  /** What was asked for, such as `POST /api/models/m1/promote`. */
  action: string;
  /** What it was about. */
  subject: string;
  outcome: 'done' | 'refused' | 'failed';
  /** HTTP status, error code, or what changed; no secrets. */
  detail: string;
}

/** Append-only, by a rule of the database too. */
export interface AuditStore {
  append(entry: AuditEntry): Promise<void>;
  /** Newest first. */
  list(filter: { actor?: string; fromMs?: number; toMs?: number; limit?: number }): Promise<AuditEntry[]>;
}
