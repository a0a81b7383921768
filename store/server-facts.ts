import type pg from 'pg';
import { guarded } from './pool.ts';
import { ROLES } from './roles.ts';

/** What a server and our login on it are like, for whoever looks after them. */
export interface ServerFacts {
  version: string;
  /** Such as 170009. */
  versionNumber: number;
  fsync: string;
  synchronousCommit: string;
  fullPageWrites: string;
  readOnly: boolean;
  maxConnections: number;
  /** That ordinary logins may not take. */
  reservedConnections: number;
  usedConnections: number;
  /** As they are in our session, milliseconds; 0: never. */
  idleInTransactionMs: number;
  statementTimeoutMs: number;
  /** TLS version of our connection; null without TLS. */
  tls: string | null;
  /** The connection does not leave this machine. */
  local: boolean;
  user: string;
  superuser: boolean;
  /** Of ours, those that the login is a member of; a superuser is a member of all. */
  roles: string[];
  /** Wall clock of the server. */
  nowMs: number;
}

const FACTS = `
SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int AS "versionNumber",
  current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS "synchronousCommit",
  current_setting('full_page_writes') AS "fullPageWrites",
  pg_is_in_recovery() OR current_setting('default_transaction_read_only')::bool AS "readOnly",
  current_setting('max_connections')::int AS "maxConnections",
  current_setting('superuser_reserved_connections')::int + coalesce(current_setting('reserved_connections', true)::int, 0)
    AS "reservedConnections",
  (SELECT sum(numbackends)::int FROM pg_stat_database) AS "usedConnections",
  (SELECT setting::int FROM pg_settings WHERE name = 'idle_in_transaction_session_timeout') AS "idleInTransactionMs",
  (SELECT setting::int FROM pg_settings WHERE name = 'statement_timeout') AS "statementTimeoutMs",
  (SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl) AS tls,
  coalesce(inet_client_addr() = inet_server_addr() OR inet_client_addr() <<= '127.0.0.0/8', true) AS local,
  current_user AS user, (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS superuser,
  ARRAY(SELECT rolname::text FROM pg_roles WHERE rolname = ANY ($1::text[]) AND pg_has_role(current_user, oid, 'MEMBER'))
    AS roles,
  (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS "nowMs"`;

/** Throws TidewatchError database_unavailable or database_refused. */
export function readServerFacts(pool: Pick<pg.Pool, 'query'>): Promise<ServerFacts> {
  return guarded(async () => (await pool.query<ServerFacts>(FACTS, [ROLES])).rows[0]!);
}

const OWNER = `SELECT pg_has_role(current_user, relowner, 'MEMBER') AS owner,
  has_table_privilege('partition_state', 'UPDATE') AND has_table_privilege('verdicts', 'INSERT') AS worker
  FROM pg_class WHERE oid = 'partition_state'::regclass`;

/** Whether the login may do what its owner may, and what a worker must. Throws also database_not_migrated. */
export function readRights(pool: Pick<pg.Pool, 'query'>): Promise<{ owner: boolean; worker: boolean }> {
  return guarded(async () => (await pool.query<{ owner: boolean; worker: boolean }>(OWNER)).rows[0]!);
}

/** Records that nobody folded, of one stream. */
export interface LostRecords {
  stream: string;
  records: number;
  lastNoticedMs: number;
  reasons: string[];
}

const LOST = `SELECT stream, sum(to_offset - from_offset)::bigint AS records, max(noticed_ms) AS "lastNoticedMs",
  array_agg(DISTINCT reason) AS reasons FROM lost_ranges WHERE noticed_ms >= $1 GROUP BY stream ORDER BY stream`;

/** Of ranges that were noticed since then. Throws TidewatchError database_unavailable. */
export function readLost(pool: Pick<pg.Pool, 'query'>, sinceMs: number): Promise<LostRecords[]> {
  return guarded(async () => {
    const { rows } = await pool.query<LostRecords>(LOST, [sinceMs]);
    return rows.map((row) => ({ ...row, records: Number(row.records), lastNoticedMs: Number(row.lastNoticedMs) }));
  });
}
