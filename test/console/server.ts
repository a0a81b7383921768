import Fastify, { type FastifyInstance } from 'fastify';
import type { Clock } from '../../core/clock.ts';
import { consoleRoutes } from '../../monitor/api/console.ts';
import { healthRoutes } from '../../monitor/api/health.ts';
import type { FixtureWorld } from './fixture.ts';

/** The console over a fixture, as cli/ mounts it over the real thing. */
export async function fixtureApp(world: FixtureWorld, clock: Clock, demo = true): Promise<FastifyInstance> {
  const app = Fastify({ logger: false });
  await app.register(healthRoutes({ live: world, reader: world }));
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
