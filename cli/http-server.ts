import Fastify, { type FastifyBaseLogger, type FastifyPluginAsync, LogController } from 'fastify';
import type { Logger } from 'pino';
import { type Config, isLoopback } from '../core/config/root.ts';
import { Access } from '../monitor/access/tokens.ts';
import { localUrl } from './embedded/address.ts';
import { requireToken } from './embedded/require-token.ts';
import { listenFault } from './embedded/system-fault.ts';

/** A caller that does not finish its request in this time is cut off. */
const REQUEST_TIMEOUT_MS = 30_000;

export interface RunningServer {
  /** By which this machine reaches it. */
  url: string;
  close(): Promise<void>;
}

/**
 * The process's one HTTP server. Off loopback every route but health and the webhook for alerts needs a token; access: who
 * has one, by default who has the configuration's. Throws port_taken.
 */
export async function openServer(
  { host, port, token }: Config['http'],
  logger: Logger,
  routes: readonly FastifyPluginAsync[],
  access = new Access({ tokens: null, master: token, open: false, now: () => 0 }),
): Promise<RunningServer> {
  const app = Fastify({
    loggerInstance: logger.child({ part: 'http' }) as FastifyBaseLogger,
    // Every request would be two lines; changes and errors are logged where they happen.
    logController: new LogController({ disableRequestLogging: true }),
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: true,
  });
  if (!isLoopback(host)) requireToken(app, access);
  for (const plugin of routes) await app.register(plugin);
  try {
    await app.listen({ host, port });
  } catch (cause) {
    throw listenFault(cause, host, port);
  }
  const address = app.server.address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  return { url: localUrl(host, bound), close: () => app.close() };
}
