import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../core/clock.ts';
import { TidewatchError } from '../core/errors.ts';

/** The first lines of postmaster.pid, as PostgreSQL's miscadmin.h orders them. */
export interface PidFile {
  pid: number;
  port: number;
  ready: boolean;
}

export function readPidFile(clusterDir: string): PidFile | null {
  let lines: string[];
  try {
    lines = readFileSync(path.join(clusterDir, 'postmaster.pid'), 'utf8').split('\n');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 0) return null;
  return { pid, port: Number(lines[3] ?? 0), ready: lines[7]?.trim() === 'ready' };
}

/** False too for a process that has ended and waits to be reaped, as it may do for ever under a careless pid 1. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return !['Z', 'X'].includes(stat.slice(stat.lastIndexOf(')') + 2)[0] ?? '');
  } catch {
    return process.platform !== 'linux';
  }
}

/** Every process whose working folder is the cluster: the postmaster and its children change into it. Linux only. */
function processesIn(clusterDir: string): number[] {
  if (process.platform !== 'linux') return [];
  const cluster = realpathSync(clusterDir);
  const found: number[] = [];
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry);
    if (!Number.isInteger(pid)) continue;
    try {
      // a shell that stands in the folder is nobody to be stopped
      const isServer = readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('postgres');
      if (isServer && readlinkSync(`/proc/${pid}/cwd`) === cluster && isAlive(pid)) found.push(pid);
    } catch {
      // it has ended meanwhile, or it belongs to another user and so is not ours
    }
  }
  return found;
}

async function isPostmaster(pid: number, clusterDir: string): Promise<boolean> {
  if (!isAlive(pid)) return false;
  if (process.platform === 'linux') return processesIn(clusterDir).includes(pid);
  if (process.platform === 'win32') return true;
  const command = await new Promise<string>((resolve) =>
    execFile('ps', ['-o', 'comm=', '-p', String(pid)], (_error, stdout) => resolve(stdout)),
  );
  return command.includes('postgres');
}

/** The server that runs on the cluster, whoever started it. */
export async function runningServer(clusterDir: string): Promise<PidFile | null> {
  const file = readPidFile(clusterDir);
  return file !== null && (await isPostmaster(file.pid, clusterDir)) ? file : null;
}

const FAST_STOP_MS = 15_000;
const IMMEDIATE_STOP_MS = 5_000;

async function gone(pids: () => number[], withinMs: number, clock: Clock): Promise<boolean> {
  const until = clock.elapsed() + withinMs;
  while (pids().length > 0) {
    if (clock.elapsed() >= until) return false;
    await clock.sleep(10);
  }
  return true;
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Fast shutdown (sessions are ended, everything is checkpointed), then the immediate one that recovers at the next start. */
export async function stopServer(pid: number, clock: Clock): Promise<void> {
  const alive = () => (isAlive(pid) ? [pid] : []);
  for (const [name, waitMs] of [
    ['SIGINT', FAST_STOP_MS],
    ['SIGQUIT', IMMEDIATE_STOP_MS],
    ['SIGKILL', IMMEDIATE_STOP_MS],
  ] as const) {
    signal(pid, name);
    if (await gone(alive, waitMs, clock)) return;
  }
  throw new TidewatchError('database_unavailable', `the server with process id ${pid} does not end`);
}

/**
 * What an unclean end left behind: backends that outlive their postmaster for a moment, and a pid file whose number
 * meanwhile belongs to another program (usual in containers), for which PostgreSQL would refuse to start. A pid file
 * of a dead process stays: PostgreSQL checks the shared memory that it names, then replaces it.
 */
export async function clearLeftovers(clusterDir: string, clock: Clock): Promise<string[]> {
  const cleared: string[] = [];
  const orphans = () => processesIn(clusterDir);
  if (orphans().length > 0) {
    cleared.push(`backends without a server: ${orphans().join(', ')}`);
    if (!(await gone(orphans, 2_000, clock))) {
      for (const pid of orphans()) signal(pid, 'SIGQUIT');
      if (!(await gone(orphans, IMMEDIATE_STOP_MS, clock))) for (const pid of orphans()) signal(pid, 'SIGKILL');
      await gone(orphans, IMMEDIATE_STOP_MS, clock);
    }
  }
  const file = readPidFile(clusterDir);
  if (file !== null && isAlive(file.pid)) {
    cleared.push(`a pid file whose process ${file.pid} is another program`);
    await rm(path.join(clusterDir, 'postmaster.pid'), { force: true });
  }
  return cleared;
}
