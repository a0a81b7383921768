import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { isAlive } from '../../store/embedded-postmaster.ts';

export const propertiesFile = (dir: string): string => path.resolve(dir, 'server.properties');
export const pidFile = (dir: string): string => path.join(dir, 'kafka.pid');

export interface RunningNode {
  pid: number;
  /** host:port of its first listener; null until it is ready. */
  address: string | null;
}

/** The node that runs on the folder, whoever started it. */
export async function nodeOn(dir: string): Promise<RunningNode | null> {
  const text = await readFile(pidFile(dir), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const [pidText, address = null] = text.trim().split(' ');
  const pid = Number(pidText);
  if (!Number.isInteger(pid) || pid <= 0 || !isAlive(pid)) return null;
  // Ids are used again: it is only ours when it was started with our properties.
  return (await commandOf(pid)).includes(propertiesFile(dir)) ? { pid, address } : null;
}

/** The command line of a process, '' of one that has ended. */
export async function commandOf(pid: number): Promise<string> {
  if (process.platform === 'linux') {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    } catch {
      return ''; // it has ended meanwhile
    }
  }
  return new Promise((resolve) =>
    execFile('ps', ['-ww', '-o', 'command=', '-p', String(pid)], (_error, stdout) => resolve(stdout)),
  );
}
