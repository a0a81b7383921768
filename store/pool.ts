import { DrizzleQueryError } from 'drizzle-orm';
import pg from 'pg';
import { TidewatchError } from '../core/errors.ts';
import { connectionString } from './connection.ts';
import { type StoreLogger, silentLogger } from './logger.ts';

export interface PoolOptions {
  /** Connections at most; a worker needs one a partition it checkpoints and one for control entries. */
  max?: number;
  applicationName?: string;
  statementTimeoutMs?: number;
  lockTimeoutMs?: number;
  /** Without it a stopped worker's row lock would block its successor for ever. */
  idleInTransactionTimeoutMs?: number;
  connectTimeoutMs?: number;
  log?: StoreLogger;
}

/** Added to the statement timeout: how much later than the server we give up ourselves, for a network that swallows. */
const ANSWER_GRACE_MS = 2_000;

const int8 = (text: string): number => Number(text);
/** Offsets, times and counts are integers below 2^53, so bigint columns come as numbers. */
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    oid === pg.types.builtins.INT8 && format !== 'binary'
      ? int8
      : pg.types.getTypeParser(oid, format as 'text')) as typeof pg.types.getTypeParser,
};

/**
 * A pool whose every session has its limits. It connects at its first query. connection.ts says what the URL may ask for.
 * Throws TidewatchError config_invalid or file_missing.
 */
export function openPool(url: string, options: PoolOptions = {}): pg.Pool {
  const statementTimeoutMs = options.statementTimeoutMs ?? 15_000;
  const log = options.log ?? silentLogger;
  const pool = new pg.Pool({
    connectionString: connectionString(url),
    max: options.max ?? 8,
    application_name: options.applicationName ?? 'tidewatch',
    statement_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs + ANSWER_GRACE_MS,
    lock_timeout: options.lockTimeoutMs ?? 5_000,
    idle_in_transaction_session_timeout: options.idleInTransactionTimeoutMs ?? 10_000,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 5_000,
    keepAlive: true,
    types,
  });
  // an idle connection that dies is no error of anybody's query; without a listener it would end the process
  pool.on('error', (error) => log.warn({ error: error.message }, 'an idle connection to PostgreSQL was lost'));
  return pool;
}

const UNAVAILABLE = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  '57014', // query_canceled: the statement timeout
  '57P01', // admin_shutdown
  '57P02', // crash_shutdown
  '57P03', // cannot_connect_now
  '57P05', // idle_session_timeout
  '25P03', // idle_in_transaction_session_timeout
  '25P02', // in_failed_sql_transaction
  '25006', // read_only_sql_transaction: a standby during a failover
  '53300', // too_many_connections
  '53200', // out_of_memory
  '55P03', // lock_not_available: the lock timeout
  '40001', // serialization_failure
  '40P01', // deadlock_detected
]);

const REFUSED = new Set([
  '28000', // invalid_authorization_specification
  '28P01', // invalid_password
  '3D000', // invalid_catalog_name: there is no such database
  '42501', // insufficient_privilege
]);
/** Codes of Node's TLS, and what pg says of a server that has none. */
const REFUSED_TLS = /^(ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_)/;
const NO_TLS_TEXT = /does not support SSL connections|establishing an SSL connection/;
const UNDEFINED_TABLE = '42P01';

const UNAVAILABLE_TEXT =
  /Connection terminated|timeout exceeded when trying to connect|Query read timeout|timeout expired|Client has encountered a connection error|not queryable|Client was closed/i;

/** What PostgreSQL or its driver threw, as an error with a code; a bug in our SQL stays what it is. */
export function databaseError(thrown: unknown): unknown {
  // drizzle's wrapper carries the query and its parameters in the message: telemetry that would end up in logs
  const cause = thrown instanceof DrizzleQueryError && thrown.cause ? thrown.cause : thrown;
  if (!(cause instanceof Error) || cause instanceof TidewatchError) return cause;
  const code = (cause as NodeJS.ErrnoException).code ?? '';
  if (code === '53100') return new TidewatchError('disk_full', 'PostgreSQL cannot write', { cause });
  if (REFUSED.has(code) || REFUSED_TLS.test(code) || NO_TLS_TEXT.test(cause.message))
    return new TidewatchError('database_refused', [code, cause.message].filter(Boolean).join(': '), { cause });
  if (code === UNDEFINED_TABLE) return new TidewatchError('database_not_migrated', cause.message, { cause });
  // a host with several addresses fails with all of them at once
  const inner = cause instanceof AggregateError ? cause.errors : [];
  const away =
    UNAVAILABLE.has(code) ||
    code.startsWith('08') ||
    UNAVAILABLE_TEXT.test(cause.message) ||
    inner.some((error) => UNAVAILABLE.has((error as NodeJS.ErrnoException).code ?? ''));
  return away ? new TidewatchError('database_unavailable', code || cause.message, { cause }) : cause;
}

export async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw databaseError(error);
  }
}
