import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import type { Clock } from '../../core/clock.ts';
import { isAlive } from '../../store/embedded-postmaster.ts';

const LOG_MAX_BYTES = 32 * 1024 * 1024;
const POLL_MS = 20;
const KILL_WAIT_MS = 5_000;

/** A process that goes on by itself, its output in a file. */
export class Background {
  readonly pid: number | null;
  readonly #log: string;
  readonly #logStart: number;
  #ended: string | null = null;
  /** Resolves with how it ended. */
  readonly end: Promise<string>;

  /** The log is gone on with; one that has grown large makes room first. cwd: folder that it runs in. */
  constructor(
    file: string,
    args: readonly string[],
    log: string,
    env: Readonly<Record<string, string | undefined>>,
    cwd?: string,
  ) {
    if ((statSync(log, { throwIfNoEntry: false })?.size ?? 0) > LOG_MAX_BYTES) renameSync(log, `${log}.1`);
    const fd = openSync(log, 'a', 0o600);
    this.#log = log;
    this.#logStart = statSync(log).size;
    let child: ChildProcess;
    try {
      // In a session of its own: a Ctrl-C is for us, who then stop it in good order.
      child = spawn(file, args, { cwd, env: { ...env }, detached: true, stdio: ['ignore', fd, fd] });
    } finally {
      closeSync(fd);
    }
    child.unref();
    this.end = new Promise((resolve) => {
      const note = (how: string) => {
        this.#ended ??= how;
        resolve(this.#ended);
      };
      child.on('error', (error) => note(error.message));
      child.on('exit', (code, signal) => note(`ended with ${code ?? signal}`));
    });
    this.pid = child.pid ?? null;
  }

  /** How it ended; null while it runs. */
  get ended(): string | null {
    return this.#ended;
  }

  /** What it has said since its start. */
  said(): string {
    return readFileSync(this.#log).subarray(this.#logStart).toString();
  }
}

export function sendSignal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Whether the process has ended within the time. */
export async function waitForEnd(pid: number, withinMs: number, clock: Clock): Promise<boolean> {
  const until = clock.elapsed() + withinMs;
  while (isAlive(pid)) {
    if (clock.elapsed() >= until) return false;
    await clock.sleep(POLL_MS);
  }
  return true;
}

/** SIGTERM, and SIGKILL to one that has not ended within the time. A stopped process hears neither until it goes on. */
export async function terminate(pid: number, graceMs: number, clock: Clock): Promise<void> {
  if (!isAlive(pid)) return;
  sendSignal(pid, 'SIGTERM');
  sendSignal(pid, 'SIGCONT');
  if (!(await waitForEnd(pid, graceMs, clock))) await killHard(pid, clock);
}

export async function killHard(pid: number, clock: Clock): Promise<void> {
  sendSignal(pid, 'SIGKILL');
  await waitForEnd(pid, KILL_WAIT_MS, clock);
}
