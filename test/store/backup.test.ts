import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type pg from 'pg';
import { afterAll, expect, test } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import { verifyChain } from '../../monitor/ledger/verify.ts';
import { startPostgres } from '../../store/embedded.ts';
import { chooseServerUser, spawnAs } from '../../store/embedded-user.ts';
import { silentLogger } from '../../store/logger.ts';
import { migrate } from '../../store/migrate.ts';
import { PostgresMonitorStore } from '../../store/monitor-store.ts';
import { openPool } from '../../store/pool.ts';
import { ensureRoles } from '../../store/roles.ts';
import { needs, unlessLacking } from '../needs.ts';
import { fillAll } from './fill-all.ts';
import { makeCommit } from './monitor-make.ts';

/** Backup and restore, as docs/operating.md tells them. */
const run = promisify(execFile);
/** Of pg_isready, which takes some 20 ms. */
const READY_TRIES = 500;
const folder = mkdtempSync(path.join(os.tmpdir(), 'tidewatch-backup-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Every table of ours with the hash of all its rows. */
async function contents(pool: pg.Pool): Promise<Record<string, string>> {
  const { rows } = await pool.query<{ name: string }>(
    `SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) AS name FROM pg_tables
      WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1`,
  );
  const found: Record<string, string> = {};
  for (const { name } of rows) {
    const text = await pool.query(
      `SELECT count(*) || ' ' || md5(coalesce(string_agg(t::text, ',' ORDER BY t::text), '')) AS all FROM ${name} AS t`,
    );
    found[name] = text.rows[0].all;
  }
  return found;
}

async function filled(url: string): Promise<{ told: Record<string, string>; rights: unknown[] }> {
  const pool = openPool(url);
  try {
    await migrate(pool);
    await ensureRoles(pool);
    await fillAll(pool, pool);
    return { told: await contents(pool), rights: await rightsOf(pool) };
  } finally {
    await pool.end();
  }
}

/** The ledger is whole, still refuses changes, and goes on where it ended. */
async function goesOn(pool: pg.Pool): Promise<void> {
  const store = new PostgresMonitorStore(pool, systemClock);
  const entries = await store.ledger({ fromSeq: 1, limit: 100 });
  expect(entries.length).toBeGreaterThan(0);
  expect(await verifyChain(entries)).toMatchObject({ ok: true });
  await expect(pool.query('DELETE FROM decisions')).rejects.toThrow();
  const hold = (await store.hold('after'))!;
  expect(await hold.commit(makeCommit(2))).toBe('committed');
  await hold.release();
}

needs('postgres')('the data folder of the embedded setting', () => {
  test('is a backup when it is copied while nothing runs, and another folder is as good', async () => {
    const [before, after] = [path.join(folder, 'before'), path.join(folder, 'after')];
    const start = (dataDir: string) => startPostgres({ dataDir, clock: systemClock, log: silentLogger });
    const first = await start(before);
    const { told } = await filled(first.url);
    await first.stop();
    const archive = path.join(folder, 'backup.tar.gz');
    await run('tar', ['-czf', archive, '-C', before, '.']);
    rmSync(before, { recursive: true });
    mkdirSync(after, { mode: 0o700 });
    await run('tar', ['-xzf', archive, '-C', after]);
    const second = await start(after);
    const pool = openPool(second.url);
    try {
      expect(await contents(pool)).toEqual(told);
      await migrate(pool);
      await goesOn(pool);
    } finally {
      await pool.end();
      await second.stop();
    }
  }, 60_000);
});

/** Folder of PostgreSQL's own programs, server and clients of one version; null where there is none. */
function programsOfPostgres(): string | null {
  const root = '/usr/lib/postgresql';
  const versions = existsSync(root)
    ? readdirSync(root)
        .map(Number)
        .filter((major) => major >= 15)
    : [];
  return versions.length === 0 ? null : path.join(root, String(Math.max(...versions)), 'bin');
}

/** A server of those programs, that believes anybody on this machine. */
async function startServer(dir: string): Promise<{ port: number; stop(): Promise<void> }> {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  listener.close();
  mkdirSync(dir, { mode: 0o700 });
  const user = chooseServerUser(path.join(dir, 'none'));
  if (user !== null) chownSync(dir, user.uid, user.gid);
  const as = (name: string, ...args: string[]) => spawnAs(user, path.join(bin!, name), args, [path.join(dir, 'x')]);
  const init = as('initdb', `--pgdata=${dir}`, '--username=postgres', '--auth=trust', '--no-sync');
  await run(init.file, init.args, { ...init.options, cwd: '/' });
  const how = ['-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories=', '-c', 'fsync=off'];
  const { file, args, options } = as('postgres', '-D', dir, '-p', String(port), ...how);
  const child = spawn(file, args, { ...options, cwd: '/', stdio: 'ignore' });
  const ended = once(child, 'exit');
  return {
    port,
    stop: async () => {
      child.kill('SIGINT');
      await ended;
    },
  };
}

/** What roles may do with tables and functions. */
async function rightsOf(pool: pg.Pool): Promise<unknown[]> {
  const { rows } = await pool.query(
    `SELECT grantee, table_schema AS schema, table_name AS name, privilege_type AS may
       FROM information_schema.role_table_grants WHERE grantee LIKE 'tidewatch%'
     UNION ALL SELECT grantee, routine_schema, routine_name, privilege_type
       FROM information_schema.role_routine_grants WHERE grantee LIKE 'tidewatch%' ORDER BY 1, 2, 3, 4`,
  );
  expect(rows.length).toBeGreaterThan(0);
  return rows;
}

const bin = programsOfPostgres();
const dumps =
  bin !== null && ['initdb', 'postgres', 'pg_dump', 'pg_restore'].every((p) => existsSync(path.join(bin, p)));

// pg_dump comes with nothing that `npm ci` installs, and refuses a newer server than itself.
unlessLacking('pg_dump', dumps ? null : 'PostgreSQL of the system, 15 or newer, with its server')(
  'a database of your own',
  () => {
    test('is dumped and restored by its own programs, and migrate gives the roles their rights again', async () => {
      const server = await startServer(path.join(folder, 'own'));
      const url = (name: string, login = 'postgres') => `postgres://${login}@127.0.0.1:${server.port}/${name}`;
      const program = (name: string, ...args: string[]) => run(path.join(bin!, name), args);
      const admin = openPool(url('postgres'));
      try {
        for (let left = READY_TRIES; left > 0; left--) {
          const asked = program('pg_isready', '--quiet', '--host=127.0.0.1', `--port=${server.port}`);
          if (
            await asked.then(
              () => true,
              () => left === 1,
            )
          )
            break;
        }
        await admin.query('CREATE DATABASE tidewatch');
        const { told, rights } = await filled(url('tidewatch'));
        const file = path.join(folder, 'tidewatch.dump');
        await program(
          'pg_dump',
          '--format=custom',
          '--no-owner',
          '--no-privileges',
          `--file=${file}`,
          url('tidewatch'),
        );
        // who owns the tables is no superuser
        await admin.query('CREATE ROLE migrator LOGIN');
        await admin.query('CREATE DATABASE restored OWNER migrator');
        const into = ['--no-owner', '--no-privileges', '--exit-on-error', `--dbname=${url('restored', 'migrator')}`];
        await program('pg_restore', ...into, file);
        const pool = openPool(url('restored', 'migrator'));
        try {
          expect(await contents(pool)).toEqual(told);
          await migrate(pool);
          expect(await ensureRoles(pool)).toMatchObject({ missing: [], granted: true });
          expect(await rightsOf(pool)).toEqual(rights);
          await goesOn(pool);
        } finally {
          await pool.end();
        }
      } finally {
        await admin.end();
        await server.stop();
      }
    }, 60_000);
  },
);
