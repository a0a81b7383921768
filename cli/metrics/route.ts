import type { FastifyPluginAsync } from 'fastify';
import { SECURITY_HEADERS } from '../../monitor/api/headers.ts';
import { errorHandler } from '../../monitor/api/problems.ts';
import type { Exposition } from './ports.ts';

/** GET /metrics in Prometheus' text format. Open on loopback; where callers need a token, this needs it too. */
export function metricsRoute(exposition: Exposition): FastifyPluginAsync {
  return async (app) => {
    app.setErrorHandler(errorHandler);
    app.get('/metrics', async (_request, reply) => {
      const text = await exposition.text();
      return reply
        .headers({ ...SECURITY_HEADERS, 'cache-control': 'no-store' })
        .type(exposition.contentType)
        .send(text);
    });
  };
}
