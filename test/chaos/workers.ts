import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { systemClock } from '../../core/clock.ts';
import { ownsPort, peakRssMib } from './proc.ts';

const ODD = ['--import', 'tsx', path.resolve('test/chaos/odd-worker.ts')];
const RESPAWN_MS = 500;
const LOOK_MS = 50;

interface Running {
  process: ChildProcess;
  number: number;
  /** Somebody wants it gone: it is not started again. */
  leaving: boolean;
  /** It has come so far that it heeds signals. */
  heeds: boolean;
}

/** Worker processes as a supervisor keeps them: whoever ends without being asked to is started again. */
export class Workers {
  readonly #program: string;
  readonly #configFile: string;
  readonly #log: WriteStream;
  readonly #running = new Set<Running>();
  #started = 0;
  #respawned = 0;
  #closed = false;
  peakRssMib = 0;
  readonly #lines: string[] = [];

  readonly #odd: ((n: number) => Record<string, string>) | undefined;

  /** odd: environment of the n-th worker, which then is one of odd-worker.ts. */
  constructor(program: string, configFile: string, logFile: string, odd?: (n: number) => Record<string, string>) {
    this.#program = program;
    this.#configFile = configFile;
    this.#odd = odd;
    this.#log = createWriteStream(logFile);
  }

  get respawned(): number {
    return this.#respawned;
  }

  /** Those that are to stay. */
  get count(): number {
    return [...this.#running].filter(({ leaving }) => !leaving).length;
  }

  /** How many lines of all logs match. */
  said(pattern: RegExp): number {
    return this.#lines.filter((line) => pattern.test(line)).length;
  }

  /** Looks how much memory each has, where the system tells. */
  weigh(): void {
    for (const { process: child } of this.#running)
      if (child.pid !== undefined) this.peakRssMib = Math.max(this.peakRssMib, peakRssMib(child.pid));
  }

  /** Writes a line of our own among theirs. */
  note(line: string): void {
    this.#lines.push(line);
    this.#log.write(`0 ${line}\n`);
  }

  /** By the workers' own clocks, when they said a message. */
  times(message: string): number[] {
    const meant = this.#lines.filter((line) => line.includes(`"msg":"${message}"`));
    return meant.map((line) => Number(/"time":(\d+)/.exec(line)?.[1]));
  }

  /** The newest lines of all logs, for who wants to know why something failed. */
  tail(): string {
    return this.#lines.slice(-12).join('\n');
  }

  start(): void {
    const program = this.#odd === undefined ? [this.#program] : ODD;
    const child = spawn(process.execPath, [...program, 'worker', '--file', this.#configFile], {
      env: {
        ...process.env,
        ...this.#odd?.(this.#started),
        NODE_ENV: 'production',
        NO_COLOR: '1',
        TIDEWATCH_PORT: '0',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const running: Running = { process: child, number: ++this.#started, leaving: false, heeds: false };
    this.#running.add(running);
    for (const stream of [child.stdout!, child.stderr!])
      createInterface({ input: stream }).on('line', (line) => {
        running.heeds ||= line.includes('"worker starts"');
        this.#lines.push(line);
        this.#log.write(`${running.number} ${line}\n`);
      });
    child.once('exit', (code, signal) => {
      this.#running.delete(running);
      this.#lines.push(`exit ${code} ${signal}`);
      if (running.leaving || this.#closed) return;
      this.#respawned++;
      void systemClock.sleep(RESPAWN_MS).then(() => {
        if (!this.#closed) this.start();
      });
    });
  }

  /** Kills one hard; its supervisor starts another. */
  kill(): void {
    this.#some()?.process.kill('SIGKILL');
  }

  /** Stops one for a while, in the middle of whatever it does. */
  async freeze(ms: number, signal: AbortSignal): Promise<void> {
    const one = this.#some();
    if (one === undefined) return;
    one.process.kill('SIGSTOP');
    await systemClock.sleep(ms, signal);
    one.process.kill('SIGCONT');
  }

  /** Stops the one that has a local port open; what it returns lets it go on. null where there is none. */
  stopOwnerOf(port: number): (() => void) | null {
    for (const { process: child } of this.#running)
      if (child.pid !== undefined && ownsPort(child.pid, port)) {
        child.kill('SIGSTOP');
        return () => child.kill('SIGCONT');
      }
    return null;
  }

  /** Asks all to leave in good order, and waits until they have. */
  async leaveAll(): Promise<void> {
    while (this.#running.size > 0) {
      for (const one of this.#running) {
        if (!one.leaving) one.process.kill('SIGTERM');
        one.leaving = true;
      }
      await systemClock.sleep(LOOK_MS);
    }
  }

  /** Asks one to leave in good order. */
  leave(): void {
    const one = this.#some();
    if (one === undefined) return;
    one.leaving = true;
    one.process.kill('SIGTERM');
  }

  #some(): Running | undefined {
    return [...this.#running].find(({ leaving }) => !leaving);
  }

  /** Asks all to stop and waits for them; returns exit codes of those that had begun to work. */
  async close(): Promise<(number | null)[]> {
    this.#closed = true;
    const heeding = [...this.#running].filter(({ heeds }) => heeds);
    for (const { heeds, process: child } of this.#running) if (!heeds) child.kill('SIGKILL');
    const codes = await Promise.all(
      heeding.map(async (running) => {
        const { process: child } = running;
        if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
        const ended = once(child, 'exit');
        child.kill('SIGTERM');
        return ((await ended) as [number | null])[0];
      }),
    );
    this.#log.end();
    return codes;
  }
}
