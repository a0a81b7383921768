import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { TidewatchError } from '../../core/errors.ts';
import { isAlive } from '../../store/embedded-postmaster.ts';
import { Background, terminate } from './background.ts';
import { commandOf } from './kafka-running.ts';
import { freePorts, isFree } from './ports.ts';
import type { Programs } from './prometheus-programs.ts';

export const HOST = '127.0.0.1';
const START_TIMEOUT_MS = 60_000;
const START_ATTEMPTS = 4;
const READY_POLL_MS = 50;
const ANSWER_MS = 2_000;
const STOP_GRACE_MS = 10_000;
const SAID_MAX_CHARS = 600;

export interface ServerOptions {
  /** For people, and of its files. */
  name: string;
  programs: Programs;
  /** Holds everything of it. Nobody else may use it meanwhile; a server that was left running on it is stopped. */
  dir: string;
  /** null: a free one. */
  port: number | null;
  /** Given its address, host:port; all paths must be absolute. */
  args: (address: string) => string[];
  clock: Clock;
}

/** A server of the Prometheus family: ready when /-/ready says so. */
export class Server {
  readonly name: string;
  /** File of what it says. */
  readonly log: string;
  readonly port: number;
  readonly address: string;
  readonly url: string;
  readonly #options: ServerOptions;
  readonly #process: Background;

  private constructor(options: ServerOptions, port: number) {
    const { name, programs, dir, args } = options;
    this.#options = options;
    this.port = port;
    this.address = `${HOST}:${port}`;
    this.url = `http://${this.address}`;
    this.name = name;
    this.log = path.join(dir, `${name.toLowerCase()}.log`);
    const cwd = programs.root ?? undefined;
    this.#process = new Background(programs.server, args(this.address), this.log, process.env, cwd);
  }

  /** Throws TidewatchError port_taken (of a port that was asked for), config_invalid, program_missing or stalled. */
  static async start(options: ServerOptions): Promise<Server> {
    await mkdir(options.dir, { recursive: true, mode: 0o700 });
    await stopLeft(options);
    for (let attempt = 1; ; attempt++) {
      const port = options.port ?? (await freePorts(1))[0]!;
      try {
        // Whoever has it may answer as if it were ready.
        if (!(await isFree(port))) throw new TidewatchError('port_taken', `${options.name} wants ${HOST}:${port}`);
        const server = new Server(options, port);
        await server.#awaitReady();
        return server;
      } catch (error) {
        const taken = error instanceof TidewatchError && error.code === 'port_taken';
        if (!taken || options.port !== null || attempt >= START_ATTEMPTS) throw error;
      }
    }
  }

  /** null once it has ended. */
  get pid(): number | null {
    const { pid, ended } = this.#process;
    return pid !== null && ended === null && isAlive(pid) ? pid : null;
  }

  /** In good order, or by force when that takes too long. */
  async stop(): Promise<void> {
    const { pid } = this;
    if (pid !== null) await terminate(pid, STOP_GRACE_MS, this.#options.clock);
    await rm(pidFile(this.#options), { force: true });
  }

  async #awaitReady(): Promise<void> {
    const { clock, name } = this.#options;
    const process = this.#process;
    if (process.pid !== null) await writeFile(pidFile(this.#options), `${process.pid} ${this.address}\n`);
    const until = clock.elapsed() + START_TIMEOUT_MS;
    while (process.ended === null) {
      if (await this.#isReady()) return;
      if (clock.elapsed() > until) {
        await this.stop();
        throw new TidewatchError('stalled', `${name} was not ready within ${START_TIMEOUT_MS / 1000} s`);
      }
      await clock.sleep(READY_POLL_MS);
    }
    throw startFault(name, this.address, process);
  }

  async #isReady(): Promise<boolean> {
    try {
      const { status } = await fetch(`${this.url}/-/ready`, { signal: AbortSignal.timeout(ANSWER_MS) });
      return status === 200 && this.#process.ended === null;
    } catch {
      return false; // not yet, which is the answer
    }
  }
}

const pidFile = ({ dir, name }: ServerOptions): string => path.join(dir, `${name.toLowerCase()}.pid`);

/** A process that was killed leaves its servers behind. Ids are used again: ours was started with our folder. */
async function stopLeft(options: ServerOptions): Promise<void> {
  const text = await readFile(pidFile(options), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const pid = Number(text.split(' ')[0]);
  if (!Number.isInteger(pid) || pid <= 0 || !isAlive(pid)) return;
  if ((await commandOf(pid)).includes(path.resolve(options.dir))) await terminate(pid, STOP_GRACE_MS, options.clock);
}

function startFault(name: string, address: string, process: Background): TidewatchError {
  const said = process.said();
  if (said.includes('address already in use')) return new TidewatchError('port_taken', `${name} wants ${address}`);
  if (process.pid === null) return new TidewatchError('program_missing', `${name}: ${process.ended}`);
  const line = said.trim().split('\n').at(-1)?.slice(-SAID_MAX_CHARS) ?? '';
  const code = /config|template|rule|parse/i.test(line) ? 'config_invalid' : 'stalled';
  return new TidewatchError(code, `${name} did not start: ${line} | ${process.ended}`);
}
