import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterAll } from 'vitest';
import { systemClock } from '../core/clock.ts';
import { type EmbeddedPostgres, findPostgres, startPostgres } from '../store/embedded.ts';
import { silentLogger } from '../store/logger.ts';
import { migrate } from '../store/migrate.ts';
import { openPool } from '../store/pool.ts';

/**
 * One real server for a whole vitest run: `setup` is a globalSetup that only names a folder; the first test file that
 * wants a database starts the server in there, the others find it, and teardown ends it. Without the globalSetup each
 * test file has a server of its own.
 */
const FOLDER_VARIABLE = 'TIDEWATCH_TEST_POSTGRES_DIR';
const START_TIMEOUT_MS = 60_000;

export default function setup(): () => Promise<void> {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'tidewatch-test-'));
  process.env[FOLDER_VARIABLE] = dir;
  return async () => {
    if ((await findPostgres(dir)) !== null) {
      // taking it over is how one stops a server of another process
      const server = await startPostgres({ dataDir: dir, clock: systemClock, log: silentLogger });
      await server.stop();
    }
    rmSync(dir, { recursive: true, force: true });
  };
}

let own: Promise<EmbeddedPostgres> | null = null;

async function serverUrl(): Promise<string> {
  const shared = process.env[FOLDER_VARIABLE];
  if (shared === undefined) {
    const dataDir = mkdtempSync(path.join(os.tmpdir(), 'tidewatch-test-'));
    own ??= startPostgres({ dataDir, clock: systemClock, log: silentLogger });
    const server = await own;
    afterAll(async () => {
      await server.stop();
      rmSync(dataDir, { recursive: true, force: true });
    });
    return server.url;
  }
  const until = systemClock.elapsed() + START_TIMEOUT_MS;
  const lock = path.join(shared, 'starting');
  try {
    mkdirSync(lock);
    return (await startPostgres({ dataDir: shared, clock: systemClock, log: silentLogger })).url;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  for (;;) {
    const url = await findPostgres(shared);
    if (url !== null && (await hasDatabase(url))) return url;
    if (systemClock.elapsed() > until) throw new Error(`no test server within ${START_TIMEOUT_MS} ms`);
    await systemClock.sleep(50);
  }
}

async function hasDatabase(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url });
  try {
    await client.connect();
    return true;
  } catch {
    return false; // the server is up and its database is still being made
  } finally {
    await client.end();
  }
}

export interface TestDatabase {
  url: string;
  pool: pg.Pool;
}

/**
 * An empty, migrated database of its own, dropped after the file's tests. Call it at the top of a test file:
 * `const database = await testDatabase();`
 */
export async function testDatabase(options: { migrated?: boolean } = {}): Promise<TestDatabase> {
  const server = await serverUrl();
  const name = `test_${randomBytes(6).toString('hex')}`;
  const admin = async (statement: string) => {
    const client = new pg.Client({ connectionString: server });
    await client.connect();
    try {
      await client.query(statement);
    } finally {
      await client.end();
    }
  };
  await admin(`CREATE DATABASE ${name}`);
  const url = server.replace(/[^/]+$/, name);
  const pool = openPool(url);
  if (options.migrated !== false) await migrate(pool);
  afterAll(async () => {
    await pool.end();
    await admin(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  });
  return { url, pool };
}
