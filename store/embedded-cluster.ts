import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { TidewatchError } from '../core/errors.ts';
import type { Binaries } from './embedded-binaries.ts';
import { type ServerUser, spawnAs } from './embedded-user.ts';

export const SUPERUSER = 'tidewatch';

/** Where everything of an embedded server lies, below one data folder. */
export interface ClusterPaths {
  dataDir: string;
  cluster: string;
  password: string;
  log: string;
  spareLibraries: string;
}

export function clusterPaths(dataDir: string): ClusterPaths {
  const dir = path.resolve(dataDir);
  return {
    dataDir: dir,
    cluster: path.join(dir, 'postgres'),
    password: path.join(dir, 'postgres.password'),
    log: path.join(dir, 'postgres.log'),
    spareLibraries: path.join(dir, 'postgres-lib'),
  };
}

/** The environment that the server's programs get: nothing of ours may bend them (PGDATA, LC_ALL, TZ). */
export function serverEnv(binaries: Binaries): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) =>
    ['PATH', 'SystemRoot', 'TEMP', 'TMP', 'LD_LIBRARY_PATH'].includes(name),
  );
  return { ...Object.fromEntries(kept), LC_ALL: 'C', TZ: 'UTC', ...binaries.env };
}

/** The password in its file, made at the first call. It is written before the cluster, so no cluster exists without. */
export async function ensurePassword(paths: ClusterPaths): Promise<{ password: string; created: boolean }> {
  try {
    const password = (await readFile(paths.password, 'utf8')).trim();
    if (password !== '') {
      await chmod(paths.password, 0o600);
      return { password, created: false };
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const password = randomBytes(24).toString('base64url');
  const file = await open(paths.password, 'w', 0o600);
  try {
    await file.writeFile(`${password}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  return { password, created: true };
}

const UNFINISHED = 'postgres.new-';

/** A cluster is made aside and renamed when it is whole, so an interrupted one is recognised by its name. */
export async function ensureCluster(
  paths: ClusterPaths,
  binaries: Binaries,
  user: ServerUser | null,
  password: string,
): Promise<'existing' | 'created'> {
  for (const entry of await readdir(paths.dataDir))
    if (entry.startsWith(UNFINISHED)) await rm(path.join(paths.dataDir, entry), { recursive: true, force: true });
  if (existsSync(path.join(paths.cluster, 'global', 'pg_control'))) return 'existing';
  // without its control file nothing in there can be read; kept aside all the same
  if (existsSync(paths.cluster))
    await rename(paths.cluster, await mkdtemp(path.join(paths.dataDir, 'postgres.broken-')));

  const fresh = await mkdtemp(path.join(paths.dataDir, UNFINISHED));
  const target = path.join(fresh, 'cluster');
  const passwordFile = path.join(fresh, 'password');
  await mkdir(target, { mode: 0o700 });
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (user) for (const owned of [fresh, target, passwordFile]) chownSync(owned, user.uid, user.gid);
  const { code, output } = await run(
    binaries,
    user,
    binaries.initdb,
    [
      `--pgdata=${target}`,
      `--username=${SUPERUSER}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--no-instructions',
    ],
    [target],
  );
  if (code !== 0) {
    await rm(fresh, { recursive: true, force: true });
    throw new TidewatchError('database_unavailable', `initdb ended with ${code}: ${lastLines(output)}`);
  }
  await rename(target, paths.cluster);
  await rm(fresh, { recursive: true, force: true });
  const dir = await open(paths.dataDir, 'r');
  try {
    if (process.platform !== 'win32') await dir.sync();
  } finally {
    await dir.close();
  }
  return 'created';
}

/** Sets the password of a stopped cluster, whose password file was lost, in PostgreSQL's single-user mode. */
export async function resetPassword(
  paths: ClusterPaths,
  binaries: Binaries,
  user: ServerUser | null,
  password: string,
): Promise<void> {
  const { code, output } = await run(
    binaries,
    user,
    binaries.postgres,
    ['--single', '-D', paths.cluster, 'postgres'],
    [paths.cluster],
    `ALTER ROLE ${SUPERUSER} PASSWORD '${password}'\n`,
  );
  if (code !== 0)
    throw new TidewatchError(
      'database_unavailable',
      `the password could not be set anew (${code}): ${lastLines(output)}`,
    );
}

export const lastLines = (text: string): string => text.trim().split('\n').slice(-5).join(' | ').slice(-1000);

function run(
  binaries: Binaries,
  user: ServerUser | null,
  file: string,
  args: string[],
  reach: string[],
  input = '',
): Promise<{ code: number | string; output: string }> {
  const as = spawnAs(user, file, args, reach);
  return new Promise((resolve, reject) => {
    const child = spawn(as.file, as.args, {
      ...as.options,
      cwd: '/',
      env: serverEnv(binaries),
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let output = '';
    const collect = (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-20_000);
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('error', (cause) =>
      reject(new TidewatchError('platform_unsupported', `${file} cannot be run`, { cause })),
    );
    child.on('close', (code, signal) => resolve({ code: code ?? signal ?? 'nothing', output }));
    child.stdin.on('error', () => undefined); // the program may end before it has read everything
    child.stdin.end(input);
  });
}
