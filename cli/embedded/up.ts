import { existsSync, mkdirSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import type { Logger } from 'pino';
import type { Clock } from '../../core/clock.ts';
import { type Config, SOURCE_STREAMS } from '../../core/config/root.ts';
import { type Fault, orThrow } from '../../core/errors.ts';
import { FileLog } from '../../ingest/file-log/index.ts';
import { hostSource } from '../../ingest/host.ts';
import type { Log, NewRecord } from '../../ingest/ports.ts';
import { encodeKey, encodeTidewatchJson } from '../../scenarios/encode.ts';
import { startPostgres } from '../../store/embedded.ts';
import { migrate } from '../../store/migrate.ts';
import { PostgresModelStore } from '../../store/models.ts';
import { PostgresPartitionStore } from '../../store/partition-store.ts';
import { openPool } from '../../store/pool.ts';
import { PostgresReader } from '../../store/reader.ts';
import { dropOldPartitions } from '../../store/retention.ts';
import { readTrainingRows } from '../../store/training-rows.ts';
import { BoundedLog } from './bounded-log.ts';
import { CATCH_UP_MS, DemoSource } from './demo-source.ts';
import { LiveBus } from './live-bus.ts';
import { lockDirectory } from './lock.ts';
import { requireFreePort, startServer } from './server.ts';
import { StreamRuntime } from './stream-runtime.ts';
import { type TrainingAnswer, trainInThread } from './training.ts';

/** Records that may wait to be scored before intake says so: minutes of work, and far less than the log holds. */
const MAX_LAG_RECORDS = 500_000;
const RETENTION_EVERY_MS = 3_600_000;

export interface UpOptions {
  config: Config;
  clock: Clock;
  logger: Logger;
  /** For the person at the terminal. */
  say: (message: string) => void;
  signal: AbortSignal;
  version: string;
}

/** Things to take down, last first. Every step is tried, so that one failure does not leave the others running. */
class Shutdown {
  readonly #steps: { what: string; run: () => Promise<unknown> | unknown }[] = [];

  add(what: string, run: () => Promise<unknown> | unknown): void {
    this.#steps.unshift({ what, run });
  }

  async run(logger: Logger): Promise<void> {
    for (const { what, run } of this.#steps.splice(0)) {
      try {
        await run();
      } catch (err) {
        logger.error({ err }, `stopping failed: ${what}`);
      }
    }
  }
}

/** The embedded setting: one process with a file log, PostgreSQL, the sources and the console. Resolves when stopped. */
export async function up(options: UpOptions): Promise<void> {
  const shutdown = new Shutdown();
  try {
    await run(options, shutdown);
  } finally {
    await shutdown.run(options.logger);
  }
}

async function run(options: UpOptions, shutdown: Shutdown): Promise<void> {
  const { config, clock, logger, say, signal } = options;
  const startedMs = clock.now();
  mkdirSync(config.dataDir, { recursive: true, mode: 0o700 });
  shutdown.add('lock', lockDirectory(config.dataDir));
  await requireFreePort(config.http.host, config.http.port);

  // The fleet's past needs no database, so on a first start it is lived through while that comes up.
  const history = existsSync(fleetFile(config)) ? null : trainOnHistory(options);
  const pool = openPool(await database(options, shutdown));
  shutdown.add('database pool', () => pool.end());
  await migrate(pool);

  const failed = new AbortController();
  let failure: unknown = null;
  const fail = (cause: unknown) => {
    failure ??= cause;
    failed.abort();
  };
  const models = new PostgresModelStore(pool, clock);
  const runtimes = new Map<string, StreamRuntime>();
  const logs = new Map<string, Log>();
  const bus = new LiveBus(() => [...runtimes.values()].map((runtime) => runtime.status()));
  for (const stream of config.streams) {
    const log = await openLog(options, stream.topic);
    shutdown.add(`log of ${stream.name}`, () => log.close());
    const runtime = new StreamRuntime({
      config: stream,
      log,
      store: new PostgresPartitionStore(pool, { stream: stream.name, partition: 0, clock, log: logger }),
      models,
      clock,
      owner: `${hostname()}:${process.pid}`,
      checkpointMs: config.checkpoint.intervalMs,
      train: trainInThread,
      rows: () => readTrainingRows(pool, stream.name, { maxWindowsPerEntity: stream.training.maxWindows }),
      onFlushed: (outputs) => bus.flushed(outputs),
      onStatus: () => bus.statusChanged(),
      say: (name, message, fault) => notice(options, name, message, fault),
    });
    await runtime.start(fail);
    shutdown.add(`stream ${stream.name}`, () => runtime.stop());
    runtimes.set(stream.name, runtime);
    logs.set(stream.name, new BoundedLog(log, MAX_LAG_RECORDS, () => runtime.offsetSaved));
  }

  const demo = demoSource(options, runtimes, logs);
  const server = await startServer({
    config,
    logger,
    clock,
    version: options.version,
    startedMs,
    reader: new PostgresReader(pool),
    live: bus,
    faults: demo?.faults ?? null,
    logFor: (stream) => logs.get(stream) ?? null,
  });
  shutdown.add('server', () => server.close());
  greet(options, server.url);
  logger.info({ url: server.url, streams: [...runtimes.keys()] }, 'listening');

  startHost(options, logs, shutdown);
  if (demo !== null) {
    shutdown.add('demo fleet', () => demo.stop());
    startDemo(options, demo, runtimes.get(SOURCE_STREAMS.demo)!, history, fail);
  }
  const stop = AbortSignal.any([signal, failed.signal]);
  shutdown.add('retention', retention(options, pool, stop));
  await new Promise<void>((resolve) => {
    if (stop.aborted) resolve();
    else stop.addEventListener('abort', () => resolve(), { once: true });
  });
  if (failure !== null) throw failure;
  say('stopping: saving state');
}

async function database({ config, clock, logger }: UpOptions, shutdown: Shutdown): Promise<string> {
  if (config.database.url !== undefined) return config.database.url;
  const server = await startPostgres({ dataDir: config.database.dir, clock, log: logger });
  shutdown.add('PostgreSQL', () => server.stop());
  return server.url;
}

async function openLog({ config, clock, logger, say }: UpOptions, topic: string): Promise<Log> {
  const { log, notices } = orThrow(
    await FileLog.open({
      dir: path.join(config.log.dir, topic),
      clock,
      maxBytes: config.log.maxBytes,
      maxAgeMs: config.log.maxAgeMs,
    }),
  );
  for (const fault of notices) {
    say(`log ${topic}: ${fault.detail}`);
    logger.warn({ topic, ...fault }, 'log mended');
  }
  return log;
}

function notice({ logger, say }: UpOptions, stream: string, message: string, fault?: Fault): void {
  logger.warn({ stream, fault }, message);
  say(`${stream}: ${message}${fault === undefined ? '' : ` (${fault.code}: ${fault.detail})`}`);
}

/** Appends to a stream's log; what is refused is said once in a while, for these sources can make more. */
function appender({ logger }: UpOptions, log: Log): (records: NewRecord[]) => Promise<void> {
  return async (records) => {
    const appended = await log.append(records);
    if (!appended.ok) logger.warn({ fault: appended.fault }, 'a source could not append');
  };
}

function startHost(options: UpOptions, logs: ReadonlyMap<string, Log>, shutdown: Shutdown): void {
  const { config, clock, logger } = options;
  const log = logs.get(SOURCE_STREAMS.host);
  if (!config.sources.host.enabled || log === undefined) return;
  const append = appender(options, log);
  const source = hostSource({
    clock,
    intervalMs: config.sources.host.intervalMs,
    onSample: (sample) => {
      append([{ key: encodeKey(sample.entity), value: encodeTidewatchJson(sample) }]).catch((err) =>
        logger.error({ err }, 'the host source could not append'),
      );
    },
    onError: (err) => logger.warn({ err }, 'the machine could not be read'),
  });
  source.start();
  shutdown.add('host source', () => source.stop());
}

function demoSource(
  options: UpOptions,
  runtimes: ReadonlyMap<string, StreamRuntime>,
  logs: ReadonlyMap<string, Log>,
): DemoSource | null {
  const { config, clock, say } = options;
  const log = logs.get(SOURCE_STREAMS.demo);
  const runtime = runtimes.get(SOURCE_STREAMS.demo);
  if (!config.sources.demo.enabled || log === undefined || runtime === undefined) return null;
  return new DemoSource({
    seed: config.sources.demo.seed,
    stepMs: config.sources.demo.stepMs,
    clock,
    file: fleetFile(config),
    newestMs: () => runtime.newestMs,
    append: appender(options, log),
    say: (message) => say(`demo: ${message}`),
  });
}

const fleetFile = (config: Config): string => path.join(config.dataDir, 'demo-fleet.json');

/** Lives through the fleet's history and trains on it, in a thread; null where the fleet has none. */
function trainOnHistory({ config, clock }: UpOptions): Promise<TrainingAnswer> | null {
  const { enabled, seed, stepMs, historyMs } = config.sources.demo;
  const stream = config.streams.find(({ name }) => name === SOURCE_STREAMS.demo);
  if (!enabled || historyMs === 0 || stream === undefined) return null;
  const endMs = Math.floor((clock.now() - CATCH_UP_MS) / stepMs) * stepMs;
  const answer = trainInThread({ kind: 'fleet', config: stream, seed, startMs: endMs - historyMs, endMs, stepMs });
  // Awaited later; a failure until then must not end the process unheard.
  answer.catch(() => undefined);
  return answer;
}

/** Without a model yet, the forest of the fleet's history goes into service first; its present goes on from there. */
function startDemo(
  options: UpOptions,
  demo: DemoSource,
  runtime: StreamRuntime,
  history: Promise<TrainingAnswer> | null,
  fail: (cause: unknown) => void,
): void {
  const { say, logger, signal } = options;
  const begin = async () => {
    if (runtime.modelId === '' && runtime.newestMs === Number.NEGATIVE_INFINITY) {
      const training = history ?? trainOnHistory(options);
      if (training !== null) say('demo: lives through a day of history and trains its first forest');
      const answer = await training;
      if (answer?.ok) {
        const { artifact, summary, fleet } = answer.value;
        await runtime.serve(artifact, { ...summary, origin: 'history of the demo fleet' });
        if (fleet !== null) demo.continueFrom(fleet);
        say(`demo: the forest serves (${summary.rows} windows, ${Math.round(artifact.length / 1024)} KiB)`);
      } else if (answer !== null) {
        logger.warn({ fault: answer.fault }, 'the demo fleet could not be trained on its history');
      }
    }
    if (!signal.aborted) demo.start();
  };
  begin().catch(fail);
}

function retention(
  options: UpOptions,
  pool: Parameters<typeof dropOldPartitions>[0],
  signal: AbortSignal,
): () => Promise<void> {
  const { config, clock, logger } = options;
  const work = async () => {
    while (!signal.aborted) {
      for (const { name } of config.streams) {
        const dropped = await dropOldPartitions(pool, name, config.retention.verdictsMs);
        if (dropped > 0) logger.info({ stream: name, dropped }, 'partitions of old verdicts were dropped');
      }
      await clock.sleep(RETENTION_EVERY_MS, signal);
    }
  };
  const working = work().catch((err) => logger.error({ err }, 'retention failed'));
  return () => working;
}

function greet({ say, config }: UpOptions, url: string): void {
  say(`Tidewatch is up: ${url}`);
  if (config.sources.demo.enabled) say('Try: open it and inject a fault, or run: npx tidewatch inject latency_step');
  if (config.sources.http.enabled) {
    say(`Send telemetry: printf 'cpu,host=a value=1\\n' | curl -i --data-binary @- ${url}/api/v2/write`);
  }
}
