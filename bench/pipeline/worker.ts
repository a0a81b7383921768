import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { stringify } from 'yaml';
import { freePorts } from '../../cli/services/ports.ts';
import { systemClock } from '../../core/clock.ts';
import { Exposition } from './exposition.ts';
import { cpuMs, peakRssBytes, treeCpuMs } from './proc.ts';
import type { Site } from './site.ts';

/** What a worker had done at a moment. */
export interface Sample {
  atMs: number;
  records: number;
  verdicts: number;
  cpuMs: number;
  postgresMs: number;
}

export interface WorkerOptions {
  stream: string;
  topic: string;
  group: string;
  /** Put before the command, such as `taskset`; and options of Node. */
  before?: readonly string[];
  nodeOptions?: readonly string[];
  /** Told the process id at once, before it does anything. */
  onStart?: (pid: number) => void;
}

const POLL_MS = 200;
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 15_000;
const BIN = resolve(import.meta.dirname, '../../bin/tidewatch.js');
const clock = systemClock;

/** A `tidewatch worker` with the default configuration but for its addresses. */
export class Worker {
  readonly #child: ChildProcess;
  readonly #url: string;
  readonly #log: string;
  readonly #site: Site;
  readonly ended: Promise<number | null>;
  #over = false;

  private constructor(child: ChildProcess, url: string, log: string, site: Site) {
    this.#child = child;
    this.#url = url;
    this.#log = log;
    this.#site = site;
    this.ended = new Promise((done) => {
      child.on('error', () => done(null));
      child.on('exit', (code) => {
        this.#over = true;
        done(code);
      });
    });
  }

  static async start(site: Site, options: WorkerOptions): Promise<Worker> {
    const { stream, topic, group, before = [], nodeOptions = [] } = options;
    const [port] = await freePorts(1);
    const file = join(site.dir, `${group}.yaml`);
    const config = {
      dataDir: join(site.dir, 'worker'),
      logLevel: 'warn',
      http: { port },
      sources: { host: { enabled: false }, demo: { enabled: false }, http: { enabled: false } },
      kafka: { brokers: site.kafka.address, groupId: group },
      database: { urlFile: join(site.dir, 'database.url') },
      streams: [{ name: stream, topic }],
    };
    writeFileSync(file, stringify(config));
    const log = join(site.dir, `${group}.log`);
    const fd = openSync(log, 'a');
    const [command, ...args] = [...before, process.execPath, ...nodeOptions, BIN, 'worker', '--file', file];
    const env = { ...process.env, NODE_ENV: 'production' };
    const child = spawn(command!, args, { stdio: ['ignore', fd, fd], env });
    closeSync(fd);
    options.onStart?.(child.pid!);
    return new Worker(child, `http://127.0.0.1:${port}/metrics`, log, site);
  }

  get pid(): number {
    return this.#child.pid!;
  }

  get rssBytes(): number {
    return peakRssBytes(this.pid);
  }

  /** null while it does not answer yet. */
  async metrics(): Promise<Exposition | null> {
    if (this.#over) throw new Error(`the worker ended: ${readFileSync(this.#log, 'utf8').trim().slice(-2_000)}`);
    try {
      const answer = await fetch(this.#url, { signal: AbortSignal.timeout(10_000) });
      return answer.ok ? new Exposition(await answer.text()) : null;
    } catch {
      return null; // not listening yet
    }
  }

  async sample(): Promise<Sample | null> {
    const metrics = await this.metrics();
    if (metrics === null || this.#over) return null;
    return {
      atMs: clock.elapsed(),
      records: metrics.sum('tidewatch_ingest_records_total'),
      verdicts: metrics.sum('tidewatch_windows_total'),
      cpuMs: cpuMs(this.pid),
      postgresMs: treeCpuMs(this.#site.postgres.pid()!),
    };
  }

  /** Waits for its first metrics that satisfy a condition. */
  async until(what: string, is: (metrics: Exposition) => boolean): Promise<void> {
    const untilMs = clock.elapsed() + START_TIMEOUT_MS;
    for (;;) {
      const metrics = await this.metrics();
      if (metrics !== null && is(metrics)) return;
      if (clock.elapsed() > untilMs) throw new Error(`the worker had ${what} not within ${START_TIMEOUT_MS / 1000} s`);
      await clock.sleep(POLL_MS);
    }
  }

  /** All four partitions claimed, and all served by the forest. */
  serving(): Promise<void> {
    return this.until(
      'all partitions served by the forest',
      (m) => m.sum('tidewatch_partitions_owned') === 4 && m.sum('tidewatch_fallback_active') === 0,
    );
  }

  /** Samples until so many records are folded; throws when it stands still for too long. */
  async samplesTo(records: number, stallMs = 60_000): Promise<Sample[]> {
    const samples: Sample[] = [];
    let movedMs = clock.elapsed();
    for (;;) {
      const sample = await this.sample();
      if (sample !== null) {
        if (sample.records > (samples.at(-1)?.records ?? -1)) movedMs = sample.atMs;
        samples.push(sample);
        if (sample.records >= records) return samples;
      }
      if (clock.elapsed() - movedMs > stallMs)
        throw new Error(`the worker stands still at ${samples.at(-1)?.records ?? 0} of ${records} records`);
      await clock.sleep(POLL_MS);
    }
  }

  /** SIGTERM, then waits; SIGKILL for one that does not end. Its exit code. */
  async stop(): Promise<number | null> {
    if (this.#over) return this.#child.exitCode;
    this.#child.kill('SIGTERM');
    const limit = setTimeout(() => this.#child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    return this.ended.finally(() => clearTimeout(limit));
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.ended;
  }
}
