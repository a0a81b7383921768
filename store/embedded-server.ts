import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Clock } from '../core/clock.ts';
import { TidewatchError } from '../core/errors.ts';
import type { Binaries } from './embedded-binaries.ts';
import { type ClusterPaths, lastLines, serverEnv } from './embedded-cluster.ts';
import { clearLeftovers, isAlive, readPidFile, stopServer } from './embedded-postmaster.ts';
import { type ServerUser, spawnAs } from './embedded-user.ts';
import type { StoreLogger } from './logger.ts';

export interface EmbeddedOptions {
  /** The folder that holds postgres/ (the cluster), postgres.log and postgres.password. */
  dataDir: string;
  /** Default: a free one, on 127.0.0.1. */
  port?: number;
  clock: Clock;
  log: StoreLogger;
}

const LOG_MAX_BYTES = 8 * 1024 * 1024;
const START_TIMEOUT_MS = 60_000; // crash recovery replays up to max_wal_size
const START_ATTEMPTS = 5;
const RESTART_PAUSE_MS = 250;
const RESTART_PAUSE_MAX_MS = 30_000;

/** Durable, and small: one process tree that serves a handful of connections on somebody's laptop. */
const SETTINGS: Record<string, string> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '', // their paths are limited to about 100 bytes
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  max_connections: '40',
  shared_buffers: '64MB',
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_wal_size: '512MB',
  min_wal_size: '80MB',
  checkpoint_timeout: '5min',
  checkpoint_completion_target: '0.9',
  autovacuum_naptime: '10s',
  log_checkpoints: 'off',
  log_min_messages: 'warning',
  // a failing statement is reported by its caller; its text may hold telemetry
  log_min_error_statement: 'panic',
  logging_collector: 'off',
  io_method: 'sync',
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
};

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}

/** One server process after another on the same port: it is started again should it die. */
export class EmbeddedServer {
  readonly #options: EmbeddedOptions;
  readonly #paths: ClusterPaths;
  readonly #binaries: Binaries;
  readonly #user: ServerUser | null;
  #child: ChildProcess | null = null;
  #stopping = false;
  readonly #stopped = new AbortController();

  constructor(options: EmbeddedOptions, paths: ClusterPaths, binaries: Binaries, user: ServerUser | null) {
    this.#options = options;
    this.#paths = paths;
    this.#binaries = binaries;
    this.#user = user;
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  async start(): Promise<number> {
    for (let attempt = 1; ; attempt++) {
      const port = this.#options.port ?? (await freePort());
      const failure = await this.#launch(port);
      if (failure === null) {
        this.#supervise(port);
        return port;
      }
      const taken = /could not bind|Address already in use/.test(failure);
      if (taken && this.#options.port !== undefined) throw new TidewatchError('port_taken', `PostgreSQL wants ${port}`);
      // shared memory that a dying backend still holds is free a moment later
      const passing = taken || /pre-existing shared memory block/.test(failure);
      if (!passing || attempt >= START_ATTEMPTS)
        throw new TidewatchError('database_unavailable', `PostgreSQL did not start: ${lastLines(failure)}`);
      await this.#options.clock.sleep(RESTART_PAUSE_MS * attempt);
    }
  }

  /** null once it accepts connections; otherwise what it said before it ended. */
  async #launch(port: number): Promise<string | null> {
    const { clock } = this.#options;
    const { cluster, log } = this.#paths;
    if ((statSync(log, { throwIfNoEntry: false })?.size ?? 0) > LOG_MAX_BYTES) renameSync(log, `${log}.1`);
    const settings = Object.entries(SETTINGS).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const as = spawnAs(
      this.#user,
      this.#binaries.postgres,
      ['-D', cluster, '-p', String(port), ...settings],
      [cluster],
    );
    const fd = openSync(log, 'a', 0o600);
    const logStart = statSync(log).size;
    let child: ChildProcess;
    try {
      child = spawn(as.file, as.args, {
        ...as.options,
        cwd: '/',
        env: serverEnv(this.#binaries),
        // in a session of its own, so that a Ctrl-C does not end it before the last checkpoint is written
        detached: true,
        stdio: ['ignore', fd, fd],
      });
    } finally {
      closeSync(fd);
    }
    child.unref();
    let ended: string | null = null;
    child.on('error', (error) => {
      ended = error.message;
    });
    child.on('exit', (code, signal) => {
      ended ??= `ended with ${code ?? signal}`;
    });
    this.#child = child;
    const until = clock.elapsed() + START_TIMEOUT_MS;
    while (ended === null) {
      const file = readPidFile(cluster);
      if (file?.ready && file.pid === child.pid) return null;
      if (clock.elapsed() > until) {
        if (child.pid !== undefined) await stopServer(child.pid, clock);
        return `it was not ready within ${START_TIMEOUT_MS} ms`;
      }
      await clock.sleep(10);
    }
    this.#child = null;
    return `${readFileSync(log).subarray(logStart).toString()}${ended}`;
  }

  #supervise(port: number): void {
    const child = this.#child;
    const startedMs = this.#options.clock.elapsed();
    child?.once('exit', (code, signal) => {
      if (this.#stopping) return;
      this.#child = null;
      this.#options.log.error({ code, signal }, 'PostgreSQL ended unexpectedly; it is started again');
      const quick = this.#options.clock.elapsed() - startedMs < RESTART_PAUSE_MAX_MS;
      void this.#restart(port, quick ? RESTART_PAUSE_MS : 0);
    });
  }

  async #restart(port: number, pauseMs: number): Promise<void> {
    const { clock, log } = this.#options;
    for (let pause = pauseMs; !this.#stopping; pause = Math.min(Math.max(pause, 100) * 2, RESTART_PAUSE_MAX_MS)) {
      await clock.sleep(pause, this.#stopped.signal);
      if (this.#stopping) return;
      try {
        await clearLeftovers(this.#paths.cluster, clock);
        const failure = await this.#launch(port);
        if (failure === null) {
          this.#supervise(port);
          log.info({ port }, 'PostgreSQL runs again');
          // a stop that came while it was starting found no process to end
          if (this.#stopping) await this.stop();
          return;
        }
        log.error({ failure: lastLines(failure) }, 'PostgreSQL did not start again');
      } catch (error) {
        log.error({ error }, 'PostgreSQL did not start again');
      }
    }
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#stopped.abort();
    const pid = this.#child?.pid;
    if (pid !== undefined && isAlive(pid)) await stopServer(pid, this.#options.clock);
    this.#child = null;
  }
}
