import type { FastifyPluginAsync } from 'fastify';
import { TidewatchError } from '../../core/errors.ts';
import type { Live, Reader } from '../ports.ts';
import { SECURITY_HEADERS } from './headers.ts';
import { errorHandler, type Problem, problem } from './problems.ts';

export interface HealthOptions {
  live: Live;
  reader: Reader;
}

/**
 * GET /health/live: the process answers. GET /health/ready: every stream is served and the database answers; 503 until
 * then. Both are open to anyone who can reach the port, so they name streams and models and nothing else.
 */
export function healthRoutes({ live, reader }: HealthOptions): FastifyPluginAsync {
  return async (app) => {
    app.setErrorHandler(errorHandler);
    app.addHook('onRequest', async (_request, reply) => {
      reply.headers({ ...SECURITY_HEADERS, 'cache-control': 'no-store' });
    });
    app.get('/health/live', async () => ({ live: true }));
    app.get('/health/ready', async (_request, reply) => {
      const streams = live.streams().map(({ stream, source, modelId, training, mode, ready }) => ({
        stream,
        source,
        mode,
        modelId,
        training,
        ready,
      }));
      const trouble = await databaseTrouble(reader);
      const ready = trouble === null && streams.length > 0 && streams.every((s) => s.ready);
      return reply.code(ready ? 200 : 503).send({ ready, streams, ...(trouble ? { trouble } : {}) });
    });
  };
}

async function databaseTrouble(reader: Reader): Promise<Problem | null> {
  try {
    await reader.partitions();
    return null;
  } catch (cause) {
    if (cause instanceof TidewatchError) return problem({ code: cause.code, detail: cause.detail });
    throw cause;
  }
}
