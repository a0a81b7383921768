import { existsSync, mkdirSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { SOURCE_STREAMS } from '../../core/config/root.ts';
import { type Fault, orThrow } from '../../core/errors.ts';
import { FileLog } from '../../ingest/file-log/index.ts';
import type { Log } from '../../ingest/ports.ts';
import { startPostgres } from '../../store/embedded.ts';
import { migrate } from '../../store/migrate.ts';
import { PostgresModelStore } from '../../store/models.ts';
import { PostgresPartitionStore } from '../../store/partition-store.ts';
import { openPool } from '../../store/pool.ts';
import { PostgresReader } from '../../store/reader.ts';
import { PostgresServingStats } from '../../store/serving-stats.ts';
import { readTrainingRows } from '../../store/training-rows.ts';
import { ModelHashes } from '../metrics/model-hashes.ts';
import { PartitionsMetrics } from '../metrics/partitions.ts';
import { PrometheusMetrics } from '../metrics/registry.ts';
import { accessOf } from '../monitor/access.ts';
import { Monitor } from '../monitor/monitor.ts';
import { policiesOf } from '../monitor/policies.ts';
import { monitorRoutes } from '../monitor/routes.ts';
import { monitorStores } from '../monitor/stores.ts';
import { suppressedIn } from '../monitor/suppressed.ts';
import { trainingInThreads } from '../monitor/training-threads.ts';
import { keepMonitorRetention, keepRetention } from '../retention.ts';
import { keepServingStats } from '../serving/serving-meter.ts';
import { Steward } from '../serving/steward.ts';
import { announce } from './address.ts';
import { BoundedLog } from './bounded-log.ts';
import { demoSource, historyOfFirstStart, startDemo } from './demo.ts';
import { greeting } from './greeting.ts';
import { LiveBus } from './live-bus.ts';
import { lockDirectory } from './lock.ts';
import type { UpOptions } from './options.ts';
import { requireFreePort, startServer } from './server.ts';
import { Shutdown } from './shutdown.ts';
import { startHost } from './sources.ts';
import { StreamRuntime } from './stream-runtime.ts';
import { systemFault } from './system-fault.ts';
import { trainInThread } from './training.ts';

/** Records that may wait to be scored before intake says so: minutes of work, and far less than the log holds. */
const MAX_LAG_RECORDS = 500_000;

/** For the streams, the monitor with its hold, and the API. */
const CONNECTIONS = 12;

/** The embedded setting: one process with a file log, PostgreSQL, the sources and the console. Resolves when stopped. */
export async function up(options: UpOptions): Promise<void> {
  const shutdown = new Shutdown();
  try {
    await run(options, shutdown);
  } catch (cause) {
    throw systemFault(cause, options.config.dataDir);
  } finally {
    await shutdown.run(options.logger);
  }
}

async function run(options: UpOptions, shutdown: Shutdown): Promise<void> {
  const { config, clock, logger, say, signal } = options;
  const startedMs = clock.now();
  // said before anything is started
  policiesOf(config.streams);
  mkdirSync(config.dataDir, { recursive: true, mode: 0o700 });
  shutdown.add('lock', lockDirectory(config.dataDir));
  await requireFreePort(config.http.host, config.http.port);

  const history = historyOfFirstStart(options);
  if (config.database.url === undefined && !existsSync(path.join(config.database.dir, 'postgres')))
    say(`First start: makes a database in ${config.database.dir} …`);
  const databaseUrl = await database(options, shutdown);
  const pool = openPool(databaseUrl, { max: CONNECTIONS });
  shutdown.add('database pool', () => pool.end());
  await migrate(pool);
  if (signal.aborted) return;

  const failed = new AbortController();
  let failure: unknown = null;
  const fail = (cause: unknown) => {
    failure ??= cause;
    failed.abort();
  };
  const stored = new PostgresModelStore(pool, clock);
  const models = new ModelHashes(stored);
  const metrics = new PrometheusMetrics({ kind: 'up', version: options.version });
  const partitions = new PartitionsMetrics({
    metrics,
    clock,
    streams: config.streams.map(({ name }) => name),
    sha256Of: models.sha256Of,
  });
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
      metrics: partitions.open({ stream: stream.name, topic: stream.topic, partition: 0, encoding: stream.encoding }),
      owner: `${hostname()}:${process.pid}`,
      checkpointMs: config.checkpoint.intervalMs,
      train: trainInThread,
      rows: () => readTrainingRows(pool, stream.name, { maxWindowsPerEntity: stream.training.maxWindows }),
      crown: async (modelId) => (await stored.firstChampion(stream.name, modelId)).modelId,
      onFlushed: (outputs) => bus.flushed(outputs),
      onStatus: () => bus.statusChanged(),
      say: (name, message, fault) => notice(options, name, message, fault),
    });
    await runtime.start(fail);
    shutdown.add(`stream ${stream.name}`, () => runtime.stop());
    runtimes.set(stream.name, runtime);
    logs.set(stream.name, new BoundedLog(log, MAX_LAG_RECORDS, () => runtime.offsetSaved));
  }

  const { file, version } = options;
  const stores = monitorStores(pool, clock);
  const monitor = new Monitor({
    config,
    streams: config.streams,
    file,
    env: process.env,
    stores,
    training: trainingInThreads(databaseUrl, version),
    clock,
    logger,
    metrics,
    version,
    owner: `${hostname()}:${process.pid}`,
  });
  const access = accessOf(config, stores.tokens, clock);
  const demo = demoSource(options, runtimes, logs);
  const server = await startServer({
    config,
    logger,
    clock,
    version: options.version,
    startedMs,
    reader: new PostgresReader(pool),
    live: bus,
    metrics,
    faults: demo?.faults ?? null,
    suppressedOf: suppressedIn(config.streams, stores.maintenance),
    monitor: monitorRoutes({ config, monitor, access, clock, logger, metrics, version }),
    access,
    logFor: (stream) => logs.get(stream) ?? null,
  });
  shutdown.add('server', () => server.close());
  shutdown.add('address', announce(config, server.url));
  for (const line of greeting(config, server.url, bus.streams(), options.version)) say(line);
  logger.info({ url: server.url, streams: [...runtimes.keys()] }, 'listening');

  startHost(options, logs, shutdown);
  if (demo !== null) {
    shutdown.add('demo fleet', () => demo.stop());
    startDemo(options, demo, runtimes.get(SOURCE_STREAMS.demo)!, history).catch(fail);
  }
  const stop = AbortSignal.any([signal, failed.signal]);
  const looking = [...runtimes.values()].map((runtime) => {
    const { config: stream } = runtime;
    const served = () => [runtime];
    const [serving, champion] = [() => stored.serving(stream.name), () => stored.champion(stream.name)];
    const onChanged = () => bus.statusChanged();
    return new Steward({ stream, clock, logger, served, serving, champion, onChanged }).run(stop);
  });
  const meters = () => [...runtimes.values()].map(({ meter }) => meter);
  const unwritten = (err: unknown) => logger.warn({ err }, 'what serving took could not be written; tried again');
  looking.push(keepServingStats(meters, new PostgresServingStats(pool), clock, unwritten, stop));
  looking.push(monitor.run(stop));
  shutdown.add('what looks after the streams', () => Promise.all(looking));
  const streams = config.streams.map(({ name }) => name);
  const retention = { config, streams, pool, clock, logger };
  const retaining = [keepRetention(retention, stop), keepMonitorRetention(retention, stop)];
  shutdown.add('retention', () => Promise.all(retaining));
  await new Promise<void>((resolve) => {
    if (stop.aborted) resolve();
    else stop.addEventListener('abort', () => resolve(), { once: true });
  });
  if (failure !== null) throw failure;
}

async function database({ config, clock, logger }: UpOptions, shutdown: Shutdown): Promise<string> {
  if (config.database.url !== undefined) return config.database.url;
  const server = await startPostgres({ dataDir: config.database.dir, clock, log: logger });
  // It is in a session of its own: a process that ends in a hurry must not leave it behind.
  const leave = () => {
    const pid = server.pid();
    if (pid !== null) process.kill(pid, 'SIGINT');
  };
  process.once('exit', leave);
  shutdown.add('PostgreSQL', async () => {
    await server.stop();
    process.off('exit', leave);
  });
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
