import { chownSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { systemClock } from '../core/clock.ts';
import { type EmbeddedPostgres, startPostgres } from '../store/embedded.ts';
import { silentLogger } from '../store/logger.ts';
import { openPool } from '../store/pool.ts';
import type { Certificate } from './certificates.ts';

/** A server of its own in dataDir that offers TLS with the certificate. */
export async function postgresWithTls(dataDir: string, { key, certificate }: Certificate): Promise<EmbeddedPostgres> {
  const server = await startPostgres({ dataDir, clock: systemClock, log: silentLogger });
  const cluster = path.join(dataDir, 'postgres');
  // the server runs as another user where we are root
  const { uid, gid } = statSync(cluster);
  for (const [name, text] of [
    ['tls.key', key],
    ['tls.crt', certificate],
  ] as const) {
    writeFileSync(path.join(cluster, name), text, { mode: 0o600 });
    chownSync(path.join(cluster, name), uid, gid);
  }
  const pool = openPool(server.url);
  for (const [name, value] of [
    ['ssl_cert_file', 'tls.crt'],
    ['ssl_key_file', 'tls.key'],
    ['ssl', 'on'],
  ])
    await pool.query(`ALTER SYSTEM SET ${name} = '${value}'`);
  await pool.query('SELECT pg_reload_conf()');
  await pool.end();
  return server;
}
