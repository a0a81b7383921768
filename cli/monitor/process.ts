import { hostname } from 'node:os';
import type { Logger } from 'pino';
import type { Clock } from '../../core/clock.ts';
import type { Config } from '../../core/config/root.ts';
import { TidewatchError } from '../../core/errors.ts';
import { consoleRoutes } from '../../monitor/api/console.ts';
import type { Live } from '../../monitor/ports.ts';
import { requireMigrated } from '../../store/migrate.ts';
import { openPool } from '../../store/pool.ts';
import { Shutdown } from '../embedded/shutdown.ts';
import { openServer } from '../http-server.ts';
import { PrometheusMetrics } from '../metrics/registry.ts';
import { metricsRoute } from '../metrics/route.ts';
import { keepMonitorRetention } from '../retention.ts';
import { streamsByTopic } from '../worker/streams.ts';
import { accessOf } from './access.ts';
import { monitorHealth } from './health.ts';
import { Monitor } from './monitor.ts';
import { monitorRoutes } from './routes.ts';
import { monitorStores } from './stores.ts';
import { suppressedIn } from './suppressed.ts';
import { trainingInThreads } from './training-threads.ts';

/** Workers are other processes: what they have made durable is what there is to show. */
const ELSEWHERE: Live = { streams: () => [], subscribe: () => () => undefined };
/** One for the hold, the others for looks, effects and the API. */
const CONNECTIONS = 8;

export interface MonitorProcessOptions {
  config: Config;
  /** The configuration's file, whose policies are read again; null where there is none. */
  file: string | null;
  clock: Clock;
  logger: Logger;
  signal: AbortSignal;
  version: string;
}

/** The second process of the services setting. Resolves when the signal has aborted and everything has ended. */
export async function runMonitor(options: MonitorProcessOptions): Promise<void> {
  const shutdown = new Shutdown();
  try {
    await run(options, shutdown);
  } finally {
    await shutdown.run(options.logger);
  }
}

async function run(options: MonitorProcessOptions, shutdown: Shutdown): Promise<void> {
  const { config, file, clock, logger, signal, version } = options;
  const streams = [...streamsByTopic(config).values()];
  const { url } = config.database;
  if (url === undefined)
    throw new TidewatchError(
      'config_invalid',
      'database.url: is missing, and a monitor reads what workers wrote to a PostgreSQL; `tidewatch up` has a monitor of its own',
    );
  const pool = openPool(url, { max: CONNECTIONS, applicationName: 'tidewatch monitor', log: logger });
  shutdown.add('database pool', () => pool.end());
  await requireMigrated(pool);

  const metrics = new PrometheusMetrics({ kind: 'monitor', version });
  const stores = monitorStores(pool, clock);
  const owner = `${hostname()}:${process.pid}`;
  const [env, training] = [process.env, trainingInThreads(url, version)];
  const about = { config, streams, file, env, stores, training };
  const monitor = new Monitor({ ...about, clock, logger, metrics, version, owner });
  const access = accessOf(config, stores.tokens, clock);
  const names = streams.map(({ name }) => name);
  const health = monitorHealth({ active: () => monitor.active, ask: () => stores.monitor.state(names[0]!) });
  const routes = monitorRoutes({ config, monitor, access, clock, logger, metrics, version });
  const page = consoleRoutes({
    reader: stores.reader,
    live: ELSEWHERE,
    faults: null,
    clock,
    suppressedOf: suppressedIn(streams, stores.maintenance),
    version,
    startedMs: clock.now(),
  });
  const plugins = [health, metricsRoute(metrics), ...routes, page];
  const server = await openServer(config.http, logger, plugins, access);
  shutdown.add('server', () => server.close());
  logger.info({ url: server.url, version, streams: names }, 'monitor starts');
  const retaining = keepMonitorRetention({ config, streams: names, pool, clock, logger }, signal);
  await monitor.run(signal);
  await retaining;
}
