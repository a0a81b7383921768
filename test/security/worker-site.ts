import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type pg from 'pg';
import type { EmbeddedPostgres } from '../../store/embedded.ts';
import { migrate } from '../../store/migrate.ts';
import { openPool } from '../../store/pool.ts';
import { ensureRoles } from '../../store/roles.ts';
import { certificate } from '../certificates.ts';
import { postgresWithTls } from '../postgres-tls.ts';

export interface SecurePostgres {
  server: EmbeddedPostgres;
  /** As its administrator. */
  pool: pg.Pool;
  /** Of a login that is a member of tidewatch_worker and nothing else, with verify-full. */
  url: string;
  password: string;
}

/** A migrated server in dir/database with a certificate of the authority in the folder, for the name localhost. */
export async function startSecurePostgres(dir: string, signedBy: string): Promise<SecurePostgres> {
  const pem = certificate(dir, signedBy, 'database', 'DNS:localhost');
  const server = await postgresWithTls(path.join(dir, 'database'), pem);
  const pool = openPool(server.url);
  await migrate(pool);
  await ensureRoles(pool);
  const password = randomBytes(12).toString('hex');
  await pool.query(`CREATE ROLE my_worker LOGIN PASSWORD '${password}' IN ROLE tidewatch_worker`);
  const url = new URL(server.url);
  url.username = 'my_worker';
  url.password = password;
  url.hostname = 'localhost';
  url.search = new URLSearchParams({
    sslmode: 'verify-full',
    sslrootcert: path.join(dir, `${signedBy}.crt`),
  }).toString();
  return { server, pool, url: url.href, password };
}

/** tidewatch.yaml for one user of the broker, with every secret in a file of its own. Returns its path. */
export function secureConfig(
  dir: string,
  options: { brokers: string; user: string; password: string; url: string; ca: string },
): string {
  const { user } = options;
  const inFile = (name: string, text: string) => {
    const file = path.join(dir, name);
    writeFileSync(file, `${text}\n`, { mode: 0o600 });
    return file;
  };
  const off = { enabled: false };
  const config = {
    logLevel: 'trace',
    http: { port: 0 },
    sources: { host: off, demo: off, http: off },
    database: { urlFile: inFile('database_url', options.url) },
    kafka: {
      brokers: options.brokers,
      tls: true,
      caFile: options.ca,
      username: user,
      passwordFile: inFile(`${user}_password`, options.password),
    },
    checkpoint: { interval: '200ms' },
    streams: [{ name: 'telemetry', window: { size: '10s', allowedLateness: '0s' }, missing: { absence: false } }],
  };
  return inFile(`${user}.yaml`, JSON.stringify(config));
}
