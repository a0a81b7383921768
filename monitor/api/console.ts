import type { FastifyInstance, FastifyPluginAsync } from 'fastify';
import type { Clock } from '../../core/clock.ts';
import { TidewatchError } from '../../core/errors.ts';
import type { FaultControl, Live, Reader } from '../ports.ts';
import { assetRoutes } from './assets.ts';
import { compressAnswers } from './compressed.ts';
import { EventHub } from './event-hub.ts';
import { faultRoutes } from './fault-routes.ts';
import { checkSameOrigin } from './guard.ts';
import { SECURITY_HEADERS } from './headers.ts';
import { errorHandler, problem, sendFault } from './problems.ts';
import { parse, readRoutes, type SuppressedOf } from './reads.ts';
import { runbookRoutes } from './runbooks.ts';
import { noQuery } from './schemas.ts';
import { StatusBoard } from './status.ts';
import { VerdictFeed } from './verdict-feed.ts';
import { wireIncident } from './wire.ts';

/** How often open pages get the streams' state, and the rate meter a sample. */
export const STATUS_MS = 2_000;

export interface ConsoleOptions {
  reader: Reader;
  live: Live;
  /** null where there is no demo fleet. */
  faults: FaultControl | null;
  clock: Clock;
  /** What keeps notifications of an incident back; nothing does where it is left out. */
  suppressedOf?: SuppressedOf;
  version: string;
  /** When the process started, by its clock. */
  startedMs: number;
}

/** The operator's console and the API that it reads, as a Fastify plugin without a prefix. */
export function consoleRoutes(options: ConsoleOptions): FastifyPluginAsync {
  return async (app) => {
    app.setErrorHandler(errorHandler);
    app.addHook('onRequest', async (request, reply) => {
      reply.headers(SECURITY_HEADERS);
      const allowed = checkSameOrigin(request.raw);
      if (!allowed.ok) return sendFault(reply, allowed.fault);
    });
    compressAnswers(app);
    const { reader, faults, clock } = options;
    const board = new StatusBoard({ ...options, demo: faults !== null });
    readRoutes(app, reader, clock, options.suppressedOf ?? (async () => null));
    faultRoutes(app, faults);
    assetRoutes(app);
    await app.register(runbookRoutes);
    app.get('/api/status', async (request, reply) => {
      const query = parse(noQuery, request.query, 'query');
      return query.ok ? board.read() : sendFault(reply, query.fault);
    });
    app.get('/api/*', async (request, reply) =>
      sendFault(reply, { code: 'not_found', detail: `the address ${request.url.split('?')[0]}` }),
    );
    eventRoutes(app, options, board);
  };
}

function eventRoutes(app: FastifyInstance, options: ConsoleOptions, board: StatusBoard): void {
  const { live, clock } = options;
  const hub = new EventHub(clock);
  const feed = new VerdictFeed(clock, (message) => hub.broadcast('verdicts', message));
  const closing = new AbortController();

  const tick = async (): Promise<void> => {
    try {
      const status = await board.read();
      hub.broadcast('status', status);
    } catch (cause) {
      if (!(cause instanceof TidewatchError)) app.log.error({ err: cause }, 'status could not be read');
      const fault =
        cause instanceof TidewatchError
          ? { code: cause.code, detail: cause.detail }
          : { code: 'internal' as const, detail: '' };
      hub.broadcast('trouble', problem(fault));
    }
  };
  const ticking = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      await tick();
      await clock.sleep(STATUS_MS, closing.signal);
    }
  };
  const unsubscribe = live.subscribe((event) => {
    if (event.kind === 'verdicts') feed.push(event.verdicts);
    else if (event.kind === 'incident') hub.broadcast('incident', wireIncident(event.incident));
    else void tick();
  });

  app.addHook('onReady', async () => void ticking());
  // Before the server waits for open requests to end, which these never do by themselves.
  app.addHook('preClose', async () => {
    closing.abort();
    unsubscribe();
    feed.close();
    hub.close();
  });

  app.get('/api/events', (request, reply) => {
    const query = parse(noQuery, request.query, 'query');
    if (!query.ok) return sendFault(reply, query.fault);
    reply.hijack();
    reply.raw.writeHead(200, {
      ...SECURITY_HEADERS,
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    if (!hub.add(reply.raw)) {
      // Answered as a stream all the same: an EventSource that gets an error status never tries again.
      reply.raw.end('retry: 30000\n\n');
    }
    return reply;
  });
}
