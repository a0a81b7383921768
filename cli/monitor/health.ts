import type { FastifyPluginAsync } from 'fastify';
import { TidewatchError } from '../../core/errors.ts';
import { SECURITY_HEADERS } from '../../monitor/api/headers.ts';
import { errorHandler, type Problem, problem } from '../../monitor/api/problems.ts';

export interface MonitorHealthOptions {
  /** Whether this process is the one that decides. */
  active: () => boolean;
  /** Rejects while the database is away. */
  ask: () => Promise<unknown>;
}

/** GET /health/live: the process answers. GET /health/ready: the database answers too; a process that stands by is ready. */
export function monitorHealth({ active, ask }: MonitorHealthOptions): FastifyPluginAsync {
  const trouble = async (): Promise<Problem | null> => {
    try {
      await ask();
      return null;
    } catch (cause) {
      if (cause instanceof TidewatchError) return problem({ code: cause.code, detail: cause.detail });
      throw cause;
    }
  };
  return async (app) => {
    app.setErrorHandler(errorHandler);
    app.addHook('onRequest', async (_request, reply) => {
      reply.headers({ ...SECURITY_HEADERS, 'cache-control': 'no-store' });
    });
    app.get('/health/live', async () => ({ live: true }));
    app.get('/health/ready', async (_request, reply) => {
      const found = await trouble();
      return reply
        .code(found === null ? 200 : 503)
        .send({ ready: found === null, deciding: active(), ...(found ? { trouble: found } : {}) });
    });
  };
}
