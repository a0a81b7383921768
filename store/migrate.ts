import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate as drizzleMigrate } from 'drizzle-orm/node-postgres/migrator';
import type pg from 'pg';
import { TidewatchError } from '../core/errors.ts';
import { databaseError } from './pool.ts';

/** 'tide' in ASCII: whoever migrates this database holds this advisory lock. */
const MIGRATION_LOCK = 0x74696465;

/** Beside store/ in a checkout, one folder further up from a built package's dist/store/. */
function migrationsFolder(): string {
  const folders = ['../migrations', '../../migrations'].map((dir) => fileURLToPath(new URL(dir, import.meta.url)));
  const found = folders.find((dir) => existsSync(`${dir}/meta/_journal.json`));
  if (found === undefined) throw new TidewatchError('file_missing', 'migrations/meta/_journal.json');
  return found;
}

/**
 * Brings the database to this code's schema; nothing happens when it is there. Callers in several processes wait for
 * each other. Throws TidewatchError database_newer or database_unavailable.
 */
export async function migrate(pool: pg.Pool, folder: string = migrationsFolder()): Promise<void> {
  const journal = JSON.parse(readFileSync(`${folder}/meta/_journal.json`, 'utf8')) as { entries: { when: number }[] };
  const newestKnown = Math.max(...journal.entries.map((entry) => entry.when));
  const client = await pool.connect().catch((error) => {
    throw databaseError(error);
  });
  let failure: unknown;
  try {
    // waiting for another migrator, and a long migration, are no faults; the settings end with the session
    await client.query('SET lock_timeout = 0; SET statement_timeout = 0; SET client_min_messages = warning');
    await client.query({ text: 'SELECT pg_advisory_lock($1)', values: [MIGRATION_LOCK] });
    const newestApplied = await newestMigration(client);
    if (newestApplied !== null && newestApplied > newestKnown)
      throw new TidewatchError(
        'database_newer',
        `its newest migration is ${newestApplied}, this version's ${newestKnown}`,
      );
    if (newestApplied !== newestKnown) await drizzleMigrate(drizzle(client), { migrationsFolder: folder });
  } catch (error) {
    failure = error;
    throw databaseError(error);
  } finally {
    // closing the session gives the lock back and forgets the settings
    client.release(failure instanceof Error ? failure : true);
  }
}

async function newestMigration(client: pg.PoolClient): Promise<number | null> {
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
