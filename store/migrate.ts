import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate as drizzleMigrate } from 'drizzle-orm/node-postgres/migrator';
import type pg from 'pg';
import { TidewatchError } from '../core/errors.ts';
import type { Queryable } from './fence.ts';
import { databaseError, guarded } from './pool.ts';

/** 'tide' in ASCII: whoever migrates this database holds this advisory lock. */
const MIGRATION_LOCK = 0x74696465;
/** Another migrator may take long; pg reads 0 as its own default. */
const NO_TIMEOUT_MS = 2 ** 31 - 1;

/** Beside store/ in a checkout, one folder further up from a built package's dist/store/. */
function migrationsFolder(): string {
  const folders = ['../migrations', '../../migrations'].map((dir) => fileURLToPath(new URL(dir, import.meta.url)));
  const found = folders.find((dir) => existsSync(`${dir}/meta/_journal.json`));
  if (found === undefined) throw new TidewatchError('file_missing', 'migrations/meta/_journal.json');
  return found;
}

interface Migration {
  tag: string;
  when: number;
}

export interface MigrationState {
  /** Newest migration that was applied; null for an empty database. */
  from: string | null;
  /** Newest one that this version has. */
  to: string;
  /** What lies between, in order. */
  pending: string[];
}

function known(folder: string): Migration[] {
  const journal = JSON.parse(readFileSync(`${folder}/meta/_journal.json`, 'utf8')) as { entries: Migration[] };
  return journal.entries;
}

/** Throws TidewatchError database_newer. */
function stateOf(migrations: readonly Migration[], newestApplied: number | null): MigrationState {
  const newest = migrations.at(-1)!;
  if (newestApplied !== null && newestApplied > newest.when)
    throw new TidewatchError(
      'database_newer',
      `its newest migration is ${newestApplied}, this version's ${newest.when}`,
    );
  const isApplied = ({ when }: Migration) => newestApplied !== null && when <= newestApplied;
  return {
    from: migrations.findLast(isApplied)?.tag ?? null,
    to: newest.tag,
    pending: migrations.filter((migration) => !isApplied(migration)).map(({ tag }) => tag),
  };
}

/** What migrate would do, without doing it. Throws TidewatchError database_newer or database_unavailable. */
export function migrationState(pool: Queryable, folder: string = migrationsFolder()): Promise<MigrationState> {
  return guarded(async () => stateOf(known(folder), await newestMigration(pool)));
}

/** For processes that may not migrate. Throws TidewatchError database_not_migrated, database_newer or database_unavailable. */
export async function requireMigrated(pool: Queryable): Promise<void> {
  const { from, to, pending } = await migrationState(pool);
  if (pending.length > 0)
    throw new TidewatchError('database_not_migrated', `it is at ${from ?? 'nothing'}, wanted ${to}`);
}

/**
 * Brings the database to this code's schema; nothing happens when it is there. Callers in several processes wait for
 * each other. Returns how it stood before. Throws TidewatchError database_newer or database_unavailable.
 */
export async function migrate(pool: pg.Pool, folder: string = migrationsFolder()): Promise<MigrationState> {
  const client = await pool.connect().catch((error) => {
    throw databaseError(error);
  });
  let failure: unknown;
  try {
    // waiting for another migrator, and a long migration, are no faults; the settings end with the session
    await client.query('SET lock_timeout = 0; SET statement_timeout = 0; SET client_min_messages = warning');
    const unhurried = { text: 'SELECT pg_advisory_lock($1)', values: [MIGRATION_LOCK], query_timeout: NO_TIMEOUT_MS };
    await client.query(unhurried);
    const state = stateOf(known(folder), await newestMigration(client));
    if (state.pending.length > 0) await drizzleMigrate(drizzle(client), { migrationsFolder: folder });
    return state;
  } catch (error) {
    failure = error;
    throw databaseError(error);
  } finally {
    // closing the session gives the lock back and forgets the settings
    client.release(failure instanceof Error ? failure : true);
  }
}

async function newestMigration(client: Queryable | pg.PoolClient): Promise<number | null> {
  const table = await client.query<{ there: boolean }>(
    "SELECT to_regclass('drizzle.__drizzle_migrations') IS NOT NULL AS there",
  );
  if (!table.rows[0]?.there) return null;
  const newest = await client.query<{ when: string | number | null }>(
    'SELECT max(created_at) AS when FROM drizzle.__drizzle_migrations',
  );
  const when = newest.rows[0]?.when ?? null;
  return when === null ? null : Number(when);
}
