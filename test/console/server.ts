import Fastify, { type FastifyInstance } from 'fastify';
import type { Clock } from '../../core/clock.ts';
import { Access } from '../../monitor/access/tokens.ts';
import { compressAnswers } from '../../monitor/api/compressed.ts';
import { consoleRoutes } from '../../monitor/api/console.ts';
import { checkSameOrigin } from '../../monitor/api/guard.ts';
import { healthRoutes } from '../../monitor/api/health.ts';
import { operationRoutes } from '../../monitor/api/operation.ts';
import { monitorOperations } from '../../monitor/api/operations/index.ts';
import { errorHandler, sendFault } from '../../monitor/api/problems.ts';
import type { FixtureWorld } from './fixture.ts';
import type { FixtureMonitor } from './fixture-monitor.ts';

/** The console over a fixture, as cli/ mounts it over the real thing. */
export async function fixtureApp(
  world: FixtureWorld,
  clock: Clock,
  demo = true,
  monitor?: FixtureMonitor,
): Promise<FastifyInstance> {
  const app = Fastify({ logger: false });
  await app.register(healthRoutes({ live: world, reader: world }));
  if (monitor)
    await app.register(async (inner) => {
      inner.setErrorHandler(errorHandler);
      inner.addHook('onRequest', async (request, reply) => {
        const allowed = checkSameOrigin(request.raw);
        if (!allowed.ok) return sendFault(reply, allowed.fault);
      });
      const parts = monitor.parts();
      const access = new Access({ tokens: parts.tokens, master: undefined, open: true, now: parts.now });
      compressAnswers(inner);
      operationRoutes(inner, monitorOperations(parts), {
        access,
        audit: parts.audit,
        now: parts.now,
        // The clock of a test stands still, and the rate limit with it.
        elapsed: () => performance.now(),
      });
    });
  await app.register(
    consoleRoutes({
      reader: world,
      live: world,
      faults: demo ? world.faults : null,
      clock,
      version: '0.1.0',
      startedMs: clock.now() - 3_600_000,
    }),
  );
  return app;
}
