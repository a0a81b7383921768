import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { TidewatchError } from '../../core/errors.ts';

/**
 * Takes a data directory for this process; returns what gives it back. The lock of a process that is no longer alive is
 * taken over. Throws TidewatchError already_running.
 */
export function lockDirectory(dir: string): () => void {
  const file = path.join(dir, 'tidewatch.pid');
  for (let attempt = 0; ; attempt++) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' });
      return () => rmSync(file, { force: true });
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST' || attempt > 0) throw cause;
    }
    const pid = Number(readFileSync(file, 'utf8'));
    if (isAlive(pid)) throw new TidewatchError('already_running', `${dir} is in use by process ${pid}`);
    rmSync(file, { force: true });
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    // EPERM: it is alive and somebody else's.
    return (cause as NodeJS.ErrnoException).code === 'EPERM';
  }
}
