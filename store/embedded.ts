import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import { TidewatchError } from '../core/errors.ts';
import { type Binaries, findBinaries } from './embedded-binaries.ts';
import {
  type ClusterPaths,
  clusterPaths,
  ensureCluster,
  ensurePassword,
  resetPassword,
  SUPERUSER,
} from './embedded-cluster.ts';
import { clearLeftovers, runningServer, stopServer } from './embedded-postmaster.ts';
import { type EmbeddedOptions, EmbeddedServer } from './embedded-server.ts';
import { chooseServerUser, refuseForeignCluster } from './embedded-user.ts';

export type { EmbeddedOptions };

export interface EmbeddedPostgres {
  url: string;
  pid(): number | null;
  /** Fast shutdown; resolves when the server has ended. */
  stop(): Promise<void>;
}

const DATABASE = 'tidewatch';
/**
 * Starts the PostgreSQL that came with npm on its own cluster, making or mending what is missing, and starts it again
 * should it die. Nobody else may use the data folder meanwhile (the caller holds the folder's lock): a server that an
 * earlier process left running is stopped first. Throws TidewatchError platform_unsupported, port_taken, disk_full,
 * file_missing or database_unavailable.
 */
export async function startPostgres(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  try {
    return await start(options);
  } catch (error) {
    throw fileError(error);
  }
}

/** What the file system refused, in words for a person. */
function fileError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof TidewatchError) return error;
  const { code = '', path: file = '' } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') return new TidewatchError('disk_full', file, { cause: error });
  if (['EACCES', 'EPERM', 'EROFS', 'ENOTDIR'].includes(code))
    return new TidewatchError('file_missing', `${code} ${file}`, { cause: error });
  return error;
}

async function start(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const { clock, log } = options;
  const paths = clusterPaths(options.dataDir);
  await mkdir(paths.dataDir, { recursive: true });
  const binaries = await findBinaries(paths.spareLibraries);
  refuseForeignCluster(paths.cluster);
  const user = chooseServerUser(paths.cluster);

  const left = existsSync(paths.cluster) ? await runningServer(paths.cluster) : null;
  if (left) {
    log.warn({ pid: left.pid }, 'PostgreSQL was left running by an earlier process; it is stopped and started anew');
    await stopServer(left.pid, clock);
  }
  const { password, created } = await ensurePassword(paths);
  if ((await ensureCluster(paths, binaries, user, password)) === 'existing') {
    await refuseOtherMajor(paths, binaries);
    for (const what of await clearLeftovers(paths.cluster, clock))
      log.warn({ what }, 'cleared after an unclean stop of PostgreSQL');
    if (created) await resetPassword(paths, binaries, user, password);
  }
  const server = new EmbeddedServer(options, paths, binaries, user);
  const port = await server.start();
  const url = serverUrl(password, port, DATABASE);
  await ensureDatabase(serverUrl(password, port, 'postgres'));
  return { url, pid: () => server.pid, stop: () => server.stop() };
}

/** The address of a server that runs on the data folder, for a second process; null when none does. */
export async function findPostgres(dataDir: string): Promise<string | null> {
  const paths = clusterPaths(dataDir);
  if (!existsSync(paths.cluster) || !existsSync(paths.password)) return null;
  const running = await runningServer(paths.cluster);
  if (!running?.ready) return null;
  return serverUrl((await readFile(paths.password, 'utf8')).trim(), running.port, DATABASE);
}

const serverUrl = (password: string, port: number, database: string): string =>
  `postgres://${SUPERUSER}:${password}@127.0.0.1:${port}/${database}`;

async function refuseOtherMajor(paths: ClusterPaths, binaries: Binaries): Promise<void> {
  const cluster = (await readFile(path.join(paths.cluster, 'PG_VERSION'), 'utf8')).trim();
  const sample = readFileSync(path.join(binaries.nativeDir, 'share', 'postgresql', 'postgres.bki'), 'utf8');
  const program = /^# PostgreSQL (\d+)/.exec(sample)?.[1] ?? cluster;
  if (cluster !== program)
    throw new TidewatchError(
      'database_unavailable',
      `${paths.cluster} was written by PostgreSQL ${cluster}, this is ${program}; use the version that wrote it, or another data directory`,
    );
}

async function ensureDatabase(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  try {
    await client.connect();
    const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE]);
    if (found.rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE}`);
  } catch (cause) {
    throw new TidewatchError('database_unavailable', 'the embedded server refuses us', { cause });
  } finally {
    await client.end();
  }
}
