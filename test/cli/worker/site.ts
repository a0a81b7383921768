import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Kafka, logLevel, Partitioners, type Producer } from 'kafkajs';
import type pg from 'pg';
import { systemClock } from '../../../core/clock.ts';
import { streamConfig } from '../../../core/config/stream.ts';
import { until } from '../../e2e/up.ts';
import { freshTopic, kafkaBroker } from '../../kafka.ts';
import { builtProgram } from '../../program.ts';

export const WINDOW_MS = 10_000;
/** Kafka's own least, so that a worker that was killed is soon missed. */
export const SESSION_MS = 6_000;
const PATIENCE_MS = 30_000;

export interface SiteOptions {
  database: { url: string; pool: pg.Pool };
  partitions?: number;
  entities?: number;
}

/** A topic with a stream of its own, and the workers that serve it. Events lie an hour back, a window apart. */
export class Site {
  readonly name = `s${randomBytes(4).toString('hex')}`;
  readonly dir = mkdtempSync(path.join(tmpdir(), 'tidewatch-worker-'));
  readonly pool: pg.Pool;
  readonly entities: readonly string[];
  readonly startMs = Math.floor(Date.now() / WINDOW_MS) * WINDOW_MS - 3_600_000;
  readonly #workers: WorkerProcess[] = [];
  readonly topic: string;
  readonly #options: Required<SiteOptions>;
  #producer: Producer;
  #windows = 0;

  private constructor(options: Required<SiteOptions>, topic: string, producer: Producer) {
    this.#options = options;
    this.pool = options.database.pool;
    this.entities = Array.from({ length: options.entities }, (_, i) => `e${i}`);
    this.topic = topic;
    this.#producer = producer;
  }

  static async open(options: SiteOptions): Promise<Site> {
    const { brokers } = await kafkaBroker();
    const producer = new Kafka({ brokers, logLevel: logLevel.NOTHING }).producer({
      createPartitioner: Partitioners.DefaultPartitioner,
    });
    await producer.connect();
    const all = { partitions: 1, entities: 2, ...options };
    return new Site(all, await freshTopic(all.partitions), producer);
  }

  /** Its stream as workers read it. */
  get stream() {
    return streamConfig.parse({ name: this.name, ...this.#streamOptions() });
  }

  #streamOptions() {
    return { topic: this.topic, window: { size: '10s', allowedLateness: '0s' }, missing: { absence: false } };
  }

  async start(kafka: Record<string, unknown> = {}): Promise<WorkerProcess> {
    const { brokers } = await kafkaBroker();
    const program = await builtProgram();
    const off = { enabled: false };
    const config = {
      http: { port: 0 },
      sources: { host: off, demo: off, http: off },
      database: { url: this.#options.database.url },
      checkpoint: { interval: '200ms' },
      kafka: {
        brokers: brokers.join(','),
        groupId: this.name,
        sessionTimeout: `${SESSION_MS}ms`,
        rebalanceTimeout: '6s',
        deadLetterTopic: null,
        ...kafka,
      },
      streams: [{ name: this.name, ...this.#streamOptions() }],
    };
    const file = path.join(this.dir, `${this.#workers.length}.yaml`);
    writeFileSync(file, JSON.stringify(config));
    const worker = new WorkerProcess(program, file, this.dir);
    this.#workers.push(worker);
    return worker;
  }

  /** One point of every entity in each of the next windows. */
  async send(windows: number): Promise<void> {
    const messages = [];
    for (let w = this.#windows; w < this.#windows + windows; w++)
      for (const [e, entity] of this.entities.entries()) {
        const values = { m0: 100 * (e + 1) + Math.sin(w) * 3, m1: 50 + Math.cos(w * 1.3) };
        const value = JSON.stringify({ entity, time: this.startMs + w * WINDOW_MS + 1, values });
        messages.push({ key: entity, value, partition: e % this.#options.partitions });
      }
    this.#windows += windows;
    await this.#producer.send({ topic: this.topic, messages });
  }

  async sendRaw(value: string): Promise<void> {
    await this.#producer.send({ topic: this.topic, messages: [{ key: null, value, partition: 0 }] });
  }

  /** Where each partition of the topic ends by what was read of it, which PostgreSQL says. */
  async saved(): Promise<number[]> {
    const found = await this.pool.query<{ offset_next: string }>(
      'SELECT offset_next FROM partition_state WHERE stream = $1 ORDER BY partition',
      [this.name],
    );
    return found.rows.map((row) => Number(row.offset_next));
  }

  async verdicts(): Promise<{ entity: string; window: number; model: string }[]> {
    const found = await this.pool.query<{ entity: string; window_start_ms: string; model_id: string }>(
      'SELECT entity, window_start_ms, model_id FROM verdicts WHERE stream = $1 ORDER BY entity, window_start_ms',
      [this.name],
    );
    return found.rows.map((row) => ({
      entity: row.entity,
      window: (Number(row.window_start_ms) - this.startMs) / WINDOW_MS,
      model: row.model_id,
    }));
  }

  /** Waits until every window but the last, which stays open, has its verdict for every entity: none more, none less. */
  async judged(): Promise<void> {
    const windows = this.#windows - 1;
    const expected = this.entities.flatMap((entity) =>
      Array.from({ length: windows }, (_, window) => `${entity} ${window}`),
    );
    const found = async () => (await this.verdicts()).filter((v) => v.window < windows);
    await until(
      `${expected.length} verdicts of ${this.name}`,
      async () => (await found()).length >= expected.length,
      PATIENCE_MS,
      () => this.#workers.map((w) => w.out.slice(-3_000)).join('\n----\n'),
    );
    const texts = (await found()).map((v) => `${v.entity} ${v.window}`);
    if (texts.toSorted().join() !== expected.toSorted().join()) throw new Error(`verdicts are ${texts}`);
  }

  async close(): Promise<void> {
    for (const worker of this.#workers) await worker.end('SIGKILL');
    await this.#producer.disconnect();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** `tidewatch worker` as a supervisor runs it. */
export class WorkerProcess {
  readonly child: ChildProcess;
  out = '';
  err = '';
  #code: number | null | undefined;
  readonly ended: Promise<number | null>;

  constructor(program: string, file: string, cwd: string) {
    const env = { PATH: process.env.PATH ?? '', HOME: cwd, NODE_ENV: 'production' };
    this.child = spawn(process.execPath, [program, 'worker', '--file', file], { cwd, env });
    this.child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.out += text;
    });
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.err += text;
    });
    this.ended = new Promise((resolve) =>
      this.child.once('close', (code) => {
        this.#code = code;
        resolve(code);
      }),
    );
  }

  /** What it has logged so far with this message. */
  logged(msg: string): Record<string, unknown>[] {
    const lines = this.out.split('\n').filter((line) => line.includes(`"msg":${JSON.stringify(msg)}`));
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  /** Waits as `until` does, but not for a process that has ended. */
  wait<T>(what: string, ask: () => Promise<T | null | false> | T | null | false): Promise<T> {
    return until(
      what,
      () => {
        if (this.#code !== undefined) throw new Error(`${what}: ended with ${this.#code}\n${this.out}${this.err}`);
        return ask();
      },
      PATIENCE_MS,
      () => `\n${this.out.slice(-6_000)}${this.err}`,
    );
  }

  async url(): Promise<string> {
    return this.wait('the address', () => (this.logged('worker starts')[0]?.url as string) ?? null);
  }

  async get(route: string): Promise<Response> {
    return fetch(`${await this.url()}${route}`);
  }

  async metrics(): Promise<string> {
    return (await this.get('/metrics')).text();
  }

  ready(): Promise<true> {
    return this.wait('ready', async () => (await this.get('/health/ready')).ok);
  }

  async end(signal: NodeJS.Signals): Promise<{ code: number | null; tookMs: number }> {
    const startMs = systemClock.elapsed();
    if (this.#code === undefined) this.child.kill(signal);
    return { code: await this.ended, tookMs: systemClock.elapsed() - startMs };
  }
}
