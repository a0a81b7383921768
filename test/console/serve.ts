import { systemClock } from '../../core/clock.ts';
import { FixtureWorld, WINDOW_MS } from './fixture.ts';
import { FixtureMonitor } from './fixture-monitor.ts';
import { fixtureApp } from './server.ts';

/** `npx tsx test/console/serve.ts [port]`: the console over the fixture in real time, to work on its looks. */
async function main(): Promise<void> {
  const world = new FixtureWorld({ endMs: Math.floor(Date.now() / WINDOW_MS) * WINDOW_MS, historyMs: 24 * 3_600_000 });
  const monitor = new FixtureMonitor(world, systemClock);
  await monitor.start();
  const app = await fixtureApp(world, systemClock, true, monitor);
  await app.listen({ host: '127.0.0.1', port: Number(process.argv[2] ?? 8585) });
  setInterval(() => {
    while (world.nowMs + WINDOW_MS <= Date.now()) world.step();
  }, 500);
  console.log(`http://127.0.0.1:${process.argv[2] ?? 8585}`);
}

await main();
