import { linkSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { fail, ok, type Result } from '../../core/errors.ts';

/** Attempts at taking over a dead owner's lock while others try the same. */
const ATTEMPTS = 5;
let counter = 0;

/**
 * Takes a lock file for this process: its id and the moment of its start, since ids are used again (in a container the
 * same one at each start). A lock whose process is gone is taken over. Returns the release.
 */
export function takeLock(path: string): Result<() => void> {
  const mine = `${process.pid} ${startOf(process.pid) ?? ''}\n`;
  const own = `${path}.${process.pid}.${counter++}`;
  writeFileSync(own, mine, { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (link(own, path)) return ok(() => release(path, mine));
      const held = read(path);
      if (held === null) continue;
      const pid = Number(held.split(' ')[0]);
      if (isAlive(held)) return fail('already_running', `process ${pid} holds ${path}`);
      setAside(path, held, `${own}.stale`);
    }
    return fail('already_running', `others are taking ${path}`);
  } finally {
    remove(own);
  }
}

/** Moves a dead lock away; puts it back when another process was quicker and this is its new one. */
function setAside(path: string, held: string, aside: string): void {
  try {
    renameSync(path, aside);
  } catch (cause) {
    if (isMissing(cause)) return;
    throw cause;
  }
  if (read(aside) !== held) link(aside, path);
  remove(aside);
}

function release(path: string, mine: string): void {
  if (read(path) === mine) remove(path);
}

function isAlive(held: string): boolean {
  const [pidText, start] = held.trim().split(' ');
  const pid = Number(pidText);
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const now = startOf(pid);
  return start === undefined || now === null || now === start;
}

/** When a process started, on systems with /proc: boot and clock ticks since; `ended` once it has ended. */
function startOf(pid: number): string | null {
  const stat = read(`/proc/${pid}/stat`);
  const boot = read('/proc/sys/kernel/random/boot_id');
  if (stat === null || boot === null) return null;
  // The name in parentheses may hold anything; behind it the first field is the state, the 20th the start.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // Ended, and not yet reaped, as it may stay for ever under a careless pid 1: nobody's start.
  if (fields[0] === 'Z' || fields[0] === 'X') return 'ended';
  return `${boot.trim()}:${fields[19]}`;
}

function link(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw cause;
  }
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null; // not there, or not ours to read: nothing is known of it
  }
}

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch (cause) {
    if (!isMissing(cause)) throw cause;
  }
}

const isMissing = (cause: unknown) => (cause as NodeJS.ErrnoException).code === 'ENOENT';
