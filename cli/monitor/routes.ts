import type { FastifyPluginAsync } from 'fastify';
import type { Logger } from 'pino';
import type { Clock } from '../../core/clock.ts';
import type { Config } from '../../core/config/root.ts';
import type { Access } from '../../monitor/access/tokens.ts';
import { alertsIn } from '../../monitor/api/alerts-in.ts';
import { compressAnswers } from '../../monitor/api/compressed.ts';
import { checkSameOrigin } from '../../monitor/api/guard.ts';
import { SECURITY_HEADERS } from '../../monitor/api/headers.ts';
import { openApi } from '../../monitor/api/openapi.ts';
import { operationRoutes } from '../../monitor/api/operation.ts';
import { monitorOperations } from '../../monitor/api/operations/index.ts';
import { errorHandler, sendFault } from '../../monitor/api/problems.ts';
import type { Metrics } from '../metrics/ports.ts';
import type { Monitor } from './monitor.ts';

export interface MonitorRoutesOptions {
  config: Pick<Config, 'alerts'>;
  monitor: Monitor;
  access: Access;
  clock: Clock;
  logger: Logger;
  metrics: Metrics;
  version: string;
}

/** The API of the monitor with its OpenAPI document, and the webhook for alerts. */
export function monitorRoutes(options: MonitorRoutesOptions): FastifyPluginAsync[] {
  const { config, monitor, access, clock, logger, metrics, version } = options;
  const parts = monitor.parts();
  const operations = monitorOperations(parts);
  const api: FastifyPluginAsync = async (app) => {
    app.setErrorHandler(errorHandler);
    app.addHook('onRequest', async (request, reply) => {
      reply.headers({ ...SECURITY_HEADERS, 'cache-control': 'no-store' });
      const allowed = checkSameOrigin(request.raw);
      if (!allowed.ok) return sendFault(reply, allowed.fault);
    });
    // a browser asks a person for it
    app.addHook('onSend', async (_request, reply) => {
      if (reply.statusCode === 401) reply.header('www-authenticate', 'Basic realm="tidewatch", charset="UTF-8"');
    });
    compressAnswers(app);
    operationRoutes(app, operations, { access, audit: parts.audit, now: clock.now, elapsed: clock.elapsed });
    app.get('/api/openapi.json', async () => openApi(operations, version));
  };
  const alerts = alertsIn({
    secret: config.alerts.secret,
    knows: (stream, trigger) =>
      parts.streams.includes(stream) &&
      monitor.policies.of(stream).triggers.some(({ name, enabled }) => name === trigger && enabled),
    take: (stream, input) => monitor.take(stream, input),
    now: () => clock.now(),
    watched: () => metrics.set('tidewatch_watchdog_timestamp_seconds', {}, clock.now() * 0.001),
    told: (outcome, fault) => {
      metrics.count('tidewatch_webhooks_total', { outcome });
      if (outcome !== 'accepted') logger.warn({ outcome, fault }, 'a call of POST /alerts was not taken');
    },
  });
  return [api, alerts];
}
