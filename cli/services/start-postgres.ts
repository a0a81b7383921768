import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type EmbeddedPostgres, findPostgres, startPostgres } from '../../store/embedded.ts';
import { migrate } from '../../store/migrate.ts';
import { openPool } from '../../store/pool.ts';
import { readSecret } from './config-file.ts';
import type { ServicesOptions } from './options.ts';
import { isFree } from './ports.ts';

/** File that holds the URL with its password, in the folder of the services. */
export const urlFileOf = (dir: string): string => path.join(dir, 'database.url');

/** The database of `tidewatch services`, migrated, with its URL in its file. */
export async function launchPostgres(options: ServicesOptions): Promise<EmbeddedPostgres> {
  const { clock, say, dir } = options;
  say('PostgreSQL', 'starts …');
  const startedMs = clock.elapsed();
  const tell = (_detail: object, message: string) => say('PostgreSQL', message);
  const port = await portBefore(dir);
  const server = await startPostgres({
    dataDir: dir,
    ...(port !== null && { port }),
    clock,
    log: { info: () => undefined, warn: tell, error: tell },
  });
  try {
    writeSecret(urlFileOf(dir), `${server.url}\n`);
    const pool = openPool(server.url);
    await migrate(pool).finally(() => pool.end());
  } catch (error) {
    await server.stop();
    throw error;
  }
  const seconds = ((clock.elapsed() - startedMs) / 1000).toFixed(1);
  say('PostgreSQL', `ready after ${seconds} s, migrated, on ${new URL(server.url).host}`);
  return server;
}

/** That of the last start, which workers may know, unless another program has taken it meanwhile. */
async function portBefore(dir: string): Promise<number | null> {
  const url = readSecret(urlFileOf(dir));
  const port = url !== null && URL.canParse(url) ? Number(new URL(url).port) : 0;
  if (port === 0) return null;
  return (await isFree(port)) || (await findPostgres(dir)) !== null ? port : null;
}

function writeSecret(file: string, text: string): void {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
