import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import { type EmbeddedPostgres, startPostgres } from '../../store/embedded.ts';
import { silentLogger } from '../../store/logger.ts';
import { PostgresPartitionStore } from '../../store/partition-store.ts';
import { openPool } from '../../store/pool.ts';
import { builtProgram } from '../program.ts';
import { makeVerdict, outputs } from '../store/make.ts';

/** A server of its own: roles are a server's, and here there are none yet. */
const dir = mkdtempSync(path.join(os.tmpdir(), 'tidewatch-migrate-'));
const JOURNAL = new URL('../../migrations/meta/_journal.json', import.meta.url);
const tags = (JSON.parse(readFileSync(JOURNAL, 'utf8')) as { entries: { tag: string }[] }).entries.map(
  ({ tag }) => tag,
);
const newest = tags.at(-1)!;
const PASSWORD = 'corr3ct-h0rse';
let server: EmbeddedPostgres;
let admin: ReturnType<typeof openPool>;
let url: string;

beforeAll(async () => {
  server = await startPostgres({ dataDir: dir, clock: systemClock, log: silentLogger });
  admin = openPool(server.url);
  await admin.query(`CREATE ROLE migrator LOGIN PASSWORD '${PASSWORD}'`);
  await admin.query('CREATE DATABASE telemetry OWNER migrator');
  const parsed = new URL(server.url);
  parsed.username = 'migrator';
  parsed.password = PASSWORD;
  parsed.pathname = '/telemetry';
  url = parsed.href;
}, 60_000);

afterAll(async () => {
  await admin?.end();
  await server?.stop();
  rmSync(dir, { recursive: true, force: true });
});

const PROGRAM = await builtProgram();

/** The URL comes from a file, as in production. */
function tidewatch(
  args: string[],
  databaseUrl: string | null = url,
): Promise<{ code: number | null; out: string; err: string }> {
  const file = path.join(dir, 'url');
  if (databaseUrl !== null) writeFileSync(file, databaseUrl, { mode: 0o600 });
  const env = { PATH: process.env.PATH, ...(databaseUrl !== null && { TIDEWATCH_DATABASE_URL_FILE: file }) };
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [PROGRAM, ...args], { env, cwd: dir });
    const said = { out: '', err: '' };
    child.stdout.on('data', (text) => (said.out += text));
    child.stderr.on('data', (text) => (said.err += text));
    child.on('error', reject);
    child.on('close', (code) => {
      expect(said.out + said.err).not.toContain(PASSWORD);
      resolve({ code, ...said });
    });
  });
}

it('says what it would do, does it, and finds nothing to do afterwards', async () => {
  const planned = await tidewatch(['migrate', '--dry-run']);
  expect(planned).toMatchObject({ code: 0, err: '' });
  const steps = tags.map((tag) => `  would be applied: ${tag}\n`).join('');
  expect(planned.out.startsWith(`Tables: none → ${newest}\n${steps}`)).toBe(true);
  expect(planned.out).toMatch(/tidewatch_worker.* missing, and this login may not create roles/);

  const { out } = await tidewatch(['migrate', '--json']);
  expect(JSON.parse(out)).toMatchObject({ from: null, to: newest, applied: tags, dryRun: false });
  expect(JSON.parse(out).roles).toMatchObject({ created: [], missing: { length: 3 }, granted: false });

  const again = await tidewatch(['migrate']);
  expect(again.code).toBe(0);
  expect(again.out.startsWith(`Tables: at ${newest}, nothing to do.\n`)).toBe(true);
  expect(again.out).toMatch(/Roles: .* missing.*--print-roles/s);
}, 60_000);

it('prints what an administrator must run, and then gives the rights itself', async () => {
  const { out } = await tidewatch(['migrate', '--print-roles'], null);
  const parsed = new URL(server.url);
  parsed.pathname = '/telemetry';
  const inDatabase = openPool(parsed.href);
  await inDatabase.query(out);
  await inDatabase.end();
  const after = await tidewatch(['migrate']);
  expect(after).toMatchObject({ code: 0, err: '' });
  expect(after.out).toMatch(/Roles: tidewatch_worker, tidewatch_monitor, tidewatch_grafana are there/);

  await admin.query(`CREATE ROLE a_worker LOGIN PASSWORD '${PASSWORD}' IN ROLE tidewatch_worker`);
  const pool = openPool(url.replace('migrator', 'a_worker'));
  const store = new PostgresPartitionStore(pool, {
    stream: 'hosts',
    partition: 0,
    clock: systemClock,
    log: silentLogger,
  });
  const { epoch } = await store.claim('a');
  expect(await store.flush(outputs({ verdicts: [makeVerdict()] }), epoch)).toEqual({ divergent: 0 });
  await pool.end();
}, 60_000);

it('says plainly what keeps it from migrating', async () => {
  const none = await tidewatch(['migrate'], null);
  expect(none).toMatchObject({ code: 2, out: '' });
  expect(none.err).toMatch(/database\.url.*tidewatch up. runs its own PostgreSQL and migrates it/s);
  const parsed = new URL(server.url);
  parsed.pathname = '/telemetry';
  const inDatabase = openPool(parsed.href);
  await inDatabase.query("INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES ('x', 9999999999999)");
  await inDatabase.end();
  const newer = await tidewatch(['migrate']);
  expect(newer).toMatchObject({ code: 3, out: '' });
  expect(newer.err).toContain('database_newer');
}, 60_000);
