import { createServer } from 'node:net';
import type { FastifyPluginAsync } from 'fastify';
import type { Logger } from 'pino';
import type { Clock } from '../../core/clock.ts';
import { type Config, SOURCE_STREAMS } from '../../core/config/root.ts';
import type { Log } from '../../ingest/ports.ts';
import { type Receivers, receivers } from '../../ingest/receivers/index.ts';
import type { Access } from '../../monitor/access/tokens.ts';
import { consoleRoutes } from '../../monitor/api/console.ts';
import { healthRoutes } from '../../monitor/api/health.ts';
import type { SuppressedOf } from '../../monitor/api/reads.ts';
import type { FaultControl, Live, Reader } from '../../monitor/ports.ts';
import { openServer, type RunningServer } from '../http-server.ts';
import type { Exposition } from '../metrics/ports.ts';
import { metricsRoute } from '../metrics/route.ts';
import { listenFault } from './system-fault.ts';

export interface ServerOptions {
  config: Config;
  logger: Logger;
  clock: Clock;
  version: string;
  startedMs: number;
  reader: Reader;
  live: Live;
  metrics: Exposition;
  faults: FaultControl | null;
  suppressedOf: SuppressedOf;
  /** Of the monitor. */
  monitor: readonly FastifyPluginAsync[];
  access: Access;
  logFor: (stream: string) => Log | null;
}

/** The process's one HTTP server with the routes of the receivers, the API, the console, health and metrics. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { config, logger, reader, live, metrics, monitor, access } = options;
  const routes = [healthRoutes({ reader, live }), metricsRoute(metrics), ...monitor];
  if (config.sources.http.enabled) routes.push(intake(options).plugin);
  return openServer(config.http, logger, [...routes, consoleRoutes(options)], access);
}

/** The receivers; a caller may name any stream but those that a source of this process feeds. */
function intake({ config, clock, logFor }: ServerOptions): Receivers {
  const own: readonly string[] = [SOURCE_STREAMS.host, SOURCE_STREAMS.demo];
  const { token, maxBodyBytes } = config.http;
  return receivers({
    streams: config.streams.filter(({ name }) => !own.includes(name)),
    defaultStream: SOURCE_STREAMS.http,
    logFor: (stream) => logFor(stream)!,
    clock,
    token,
    maxBodyBytes,
  });
}

/** Says at once that the port is taken or the address is not ours, before a database is started for nothing. */
export function requireFreePort(host: string, port: number): Promise<void> {
  if (port === 0) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (cause) => reject(listenFault(cause, host, port)));
    probe.listen(port, host, () => probe.close(() => resolve()));
  });
}
