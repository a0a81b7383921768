import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { systemClock } from '../../core/clock.ts';
import { findBinaries } from '../../store/embedded-binaries.ts';
import { isAlive, readPidFile } from '../../store/embedded-postmaster.ts';
import { builtProgram } from '../program.ts';

const POLL_MS = 50;
/** For a machine with much else to do; what is waited for takes a fraction of it. */
export const PATIENCE_MS = 60_000;
const CLI_TIMEOUT_MS = 60_000;

export interface Run {
  code: number | null;
  out: string;
  err: string;
}

/** Waits until there is an answer that is neither null nor false; the message says what never came. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | null | false> | T | null | false,
  withinMs = PATIENCE_MS,
  explain: () => string = () => '',
): Promise<T> {
  const endMs = systemClock.elapsed() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer !== null && answer !== false) return answer;
    if (systemClock.elapsed() > endMs) throw new Error(`${what}: not within ${withinMs} ms ${explain()}`);
    await systemClock.sleep(POLL_MS);
  }
}

/** Why the embedded server cannot run here; null when it can. */
export async function lackOfPostgres(): Promise<string | null> {
  const spare = mkdtempSync(path.join(tmpdir(), 'tidewatch-libraries-'));
  try {
    await findBinaries(spare);
    return null;
  } catch (cause) {
    return cause instanceof Error ? cause.message : String(cause);
  } finally {
    rmSync(spare, { recursive: true, force: true });
  }
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}

const homes = new Set<Home>();
process.on('exit', () => {
  for (const home of homes) home.killAll();
});

/** Removes every folder that is still there, with what runs on it. */
export async function removeAll(): Promise<void> {
  await Promise.all([...homes].map((home) => home.remove()));
}

/** A folder with a tidewatch.yaml and a data directory, and whatever runs on it. */
export class Home {
  readonly dir = mkdtempSync(path.join(tmpdir(), 'tidewatch-e2e-'));
  readonly port: number;
  readonly #running = new Set<Up>();
  readonly #program: string;
  readonly #programOfUp: string;

  private constructor(port: number, program: string, programOfUp: string) {
    this.port = port;
    this.#program = program;
    this.#programOfUp = programOfUp;
    homes.add(this);
  }

  /** programOfUp: what `up` is started from here, when it is not what other commands are. */
  static async make(yaml: string, programOfUp?: string): Promise<Home> {
    const program = await builtProgram();
    const home = new Home(await freePort(), program, programOfUp ?? program);
    home.write('tidewatch.yaml', yaml);
    return home;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get dataDir(): string {
    return path.join(this.dir, '.tidewatch');
  }

  write(name: string, text: string): void {
    writeFileSync(path.join(this.dir, name), text);
  }

  /** A bare environment, as a user's shell gives it. */
  env(more: Record<string, string> = {}): Record<string, string> {
    return { PATH: process.env.PATH ?? '', HOME: this.dir, TIDEWATCH_PORT: String(this.port), ...more };
  }

  /** `tidewatch up` here, as a process of its own. */
  start(env: Record<string, string> = {}): Up {
    const child = spawn(process.execPath, [this.#programOfUp, 'up'], { cwd: this.dir, env: this.env(env) });
    const up = new Up(this, child);
    this.#running.add(up);
    return up;
  }

  /** Another command beside it, to its end. */
  cli(args: string[], env: Record<string, string> = {}): Promise<Run> {
    return new Promise((resolve) => {
      const options = { cwd: this.dir, env: this.env(env), timeout: CLI_TIMEOUT_MS };
      const child = execFile(process.execPath, [this.#program, ...args], options, (_, out, err) =>
        resolve({ code: child.exitCode, out, err }),
      );
    });
  }

  /** The database server of this folder, when its process lives. */
  postgresPid(): number | null {
    const dir = path.join(this.dataDir, 'postgres');
    const file = readPidFile(dir);
    return file !== null && isAlive(file.pid) && isPostgresOf(file.pid, dir) ? file.pid : null;
  }

  /** Ends whatever still runs here, at once. */
  killAll(): void {
    for (const up of this.#running) up.child.kill('SIGKILL');
    const pid = this.postgresPid();
    if (pid !== null) process.kill(pid, 'SIGQUIT');
  }

  async remove(): Promise<void> {
    this.killAll();
    await until('the database server ends', () => this.postgresPid() === null);
    homes.delete(this);
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}

/** A number in a file may meanwhile belong to any program. */
function isPostgresOf(pid: number, dir: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(dir);
  } catch {
    return process.platform !== 'linux';
  }
}

/** One run of `tidewatch up`. */
export class Up {
  readonly child: ChildProcess;
  readonly home: Home;
  readonly ended: Promise<Run>;
  out = '';
  err = '';
  #over = false;

  constructor(home: Home, child: ChildProcess) {
    this.home = home;
    this.child = child;
    child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.out += text;
    });
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.err += text;
    });
    this.ended = new Promise((resolve) => {
      child.once('close', (code) => {
        this.#over = true;
        resolve({ code, out: this.out, err: this.err });
      });
    });
  }

  /** Waits as `until` does, but not for a process that has ended. */
  wait<T>(what: string, ask: () => Promise<T | null | false> | T | null | false, withinMs = PATIENCE_MS): Promise<T> {
    return until(
      what,
      () => {
        if (this.#over) throw new Error(`${what}: up has ended, saying\n${this.out}${this.err}`);
        return ask();
      },
      withinMs,
      () => `\n${this.out}${this.err}`,
    );
  }

  /** The answer of /health/ready once it is 200. */
  ready(): Promise<Ready> {
    return this.wait('ready', async () => {
      try {
        const response = await fetch(`${this.home.url}/health/ready`);
        return response.ok ? ((await response.json()) as Ready) : null;
      } catch {
        return null; // it does not listen yet
      }
    });
  }

  async stream(name: string): Promise<Ready['streams'][number]> {
    return (await this.ready()).streams.find((s) => s.stream === name)!;
  }

  forest(): Promise<true> {
    return this.wait('the forest serves the demo fleet', async () => (await this.stream('demo')).source === 'forest');
  }

  async get<T>(route: string): Promise<T> {
    const response = await fetch(`${this.home.url}${route}`);
    if (!response.ok) throw new Error(`${route}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  /** What became of a stream's points so far. */
  async counters(stream: string): Promise<Counted> {
    const { streams } = await this.get<{ streams: Counted[] }>('/api/status');
    return streams.find((s) => s.stream === stream)!;
  }

  write(lines: string, query = ''): Promise<Response> {
    return fetch(`${this.home.url}/api/v2/write${query}`, { method: 'POST', body: lines });
  }

  /** Sends a signal and waits for the end. */
  async end(signal: NodeJS.Signals): Promise<Run & { tookMs: number }> {
    const startMs = systemClock.elapsed();
    this.child.kill(signal);
    const run = await this.ended;
    return { ...run, tookMs: systemClock.elapsed() - startMs };
  }
}

export interface Ready {
  ready: boolean;
  streams: { stream: string; source: string; modelId: string | null; training: object | null; ready: boolean }[];
}

export interface Counted {
  stream: string;
  counters: Record<'applied' | 'late' | 'duplicate' | 'dead_lettered' | 'filtered' | 'conflicts' | 'events', number>;
  lagRecords: number;
  partitions: { offsetNext: number }[];
}
