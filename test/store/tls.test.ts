import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TidewatchError } from '../../core/errors.ts';
import { connectionString } from '../../store/connection.ts';
import type { EmbeddedPostgres } from '../../store/embedded.ts';
import { guarded, openPool } from '../../store/pool.ts';
import { authority, certificate } from '../certificates.ts';
import { postgresWithTls } from '../postgres-tls.ts';

const dir = mkdtempSync(path.join(os.tmpdir(), 'tidewatch-tls-'));
const file = (name: string) => path.join(dir, name);
let server: EmbeddedPostgres;

beforeAll(async () => {
  authority(dir, 'ours');
  authority(dir, 'theirs');
  // for the name localhost, so that 127.0.0.1 is a wrong one
  server = await postgresWithTls(path.join(dir, 'data'), certificate(dir, 'ours', 'server', 'DNS:localhost'));
}, 60_000);

afterAll(async () => {
  await server?.stop();
  rmSync(dir, { recursive: true, force: true });
});

/** true: over TLS. Or how it failed. */
async function connect(host: string, query: Record<string, string>, password?: string): Promise<unknown> {
  const url = new URL(server.url);
  url.hostname = host;
  if (password !== undefined) url.password = password;
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  const secret = decodeURIComponent(url.password);
  try {
    const pool = openPool(url.href, { max: 1 });
    try {
      return await guarded(async () => {
        const { rows } = await pool.query('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()');
        return rows[0].ssl;
      });
    } finally {
      await pool.end();
    }
  } catch (error) {
    // whatever is logged of it: text, stack and causes
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(secret);
    expect(error).toBeInstanceOf(TidewatchError);
    const { code, message } = error as TidewatchError;
    return `${code}: ${message}`;
  }
}

it('encrypts and trusts only a server whose certificate is signed and named as expected', async () => {
  const ca = file('ours.crt');
  expect(await connect('localhost', { sslmode: 'verify-full', sslrootcert: ca })).toBe(true);
  const wrongName = await connect('127.0.0.1', { sslmode: 'verify-full', sslrootcert: ca });
  expect(wrongName).toMatch(/^database_refused: .*does not match certificate.*sslmode and sslrootcert/);
  const wrongAuthority = await connect('localhost', { sslmode: 'verify-full', sslrootcert: file('theirs.crt') });
  expect(wrongAuthority).toMatch(/^database_refused: .*(UNABLE_TO_VERIFY|SELF_SIGNED|certificate)/);
  expect(await connect('localhost', { sslmode: 'verify-full' })).toMatch(/^database_refused: /);
  expect(await connect('localhost', { sslrootcert: 'system' })).toMatch(/^database_refused: /);
});

it.each(['prefer', 'require', 'verify-ca'])('reads sslmode=%s as verify-full', async (sslmode) => {
  expect(await connect('localhost', { sslmode, sslrootcert: file('ours.crt') })).toBe(true);
  expect(await connect('127.0.0.1', { sslmode, sslrootcert: file('ours.crt') })).toMatch(/^database_refused: /);
});

it('goes without a check, or without TLS, only when told so', async () => {
  expect(await connect('127.0.0.1', { sslmode: 'no-verify' })).toBe(true);
  expect(await connect('127.0.0.1', { sslmode: 'disable' })).toBe(false);
  expect(await connect('127.0.0.1', {})).toBe(false);
});

it('says what is wrong with the files, the password or the URL, and never the password', async () => {
  const missing = await connect('localhost', { sslmode: 'verify-full', sslrootcert: file('none.crt') });
  expect(missing).toMatch(/^file_missing: .*sslrootcert of database\.url: .*none\.crt: ENOENT/);
  expect(await connect('localhost', {}, 'tr0ub4dor&3 /?')).toMatch(/^database_refused: .*28P01/);
  expect(() => openPool('postgres://user:tr0ub4dor@host:port/db')).toThrow(/^config_invalid/);
  try {
    openPool('postgres://user:tr0ub4dor@host:port/db');
  } catch (error) {
    expect(inspect(error, { depth: 10 })).not.toContain('tr0ub4dor');
  }
});

it('leaves every other part of the URL as it is', () => {
  for (const url of [
    'postgres://u:p%40@host/db',
    'postgresql://u:p@/db?host=%2Frun%2Fpostgresql',
    'postgres://%2Frun%2Fpostgresql/db',
  ])
    expect(connectionString(url)).toBe(url);
  expect(connectionString('postgres://u:p%2F@h/d?sslmode=require&application_name=x')).toBe(
    'postgres://u:p%2F@h/d?sslmode=verify-full&application_name=x',
  );
  const asLibpq = 'postgres://h/d?uselibpqcompat=true&sslmode=require';
  expect(connectionString(asLibpq)).toBe(asLibpq);
});

it('says plainly that a server has no TLS', async () => {
  const pool = openPool(server.url);
  await pool.query('ALTER SYSTEM SET ssl = off');
  await pool.query('SELECT pg_reload_conf()');
  await pool.end();
  const answer = await connect('localhost', { sslmode: 'verify-full', sslrootcert: file('ours.crt') });
  expect(answer).toMatch(/^database_refused: .*does not support SSL/);
});
