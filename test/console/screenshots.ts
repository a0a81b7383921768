import { mkdirSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { systemClock } from '../../core/clock.ts';
import { launchChromium } from '../chromium.ts';
import { FixtureWorld, WINDOW_MS } from './fixture.ts';
import { fixtureApp } from './server.ts';

const SIZES = [
  { name: 'wide', width: 1440, height: 900 },
  { name: 'phone', width: 390, height: 844 },
];

/** `npx tsx test/console/screenshots.ts OUT [page …]`: every page in both sizes and themes. */
async function main(): Promise<void> {
  const [out = 'docs/images', ...only] = process.argv.slice(2);
  mkdirSync(out, { recursive: true });
  const endMs = Math.floor(Date.now() / WINDOW_MS - 2) * WINDOW_MS;
  const world = new FixtureWorld({ endMs, historyMs: 24 * 3_600_000 });
  const app = await fixtureApp(world, systemClock);
  await app.listen({ host: '127.0.0.1', port: 0 });
  const base = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  const [incident] = await world.incidents({ entity: 'checkout', limit: 1 });
  const pages: Record<string, string> = {
    overview: '/',
    entity: '/entities/demo/checkout',
    incidents: '/incidents',
    incident: `/incidents/${encodeURIComponent(incident!.id)}`,
    pipeline: '/pipeline',
  };
  // Rates need checkpoints to compare.
  for (let i = 0; i < 2; i++) {
    await app.inject('/api/status');
    world.step();
  }
  await app.inject('/api/status');
  const { browser } = await launchChromium();
  if (browser) {
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const size of SIZES) {
        const context = await browser.newContext({
          viewport: size,
          colorScheme,
          locale: 'en-GB',
          timezoneId: 'Europe/Berlin',
        });
        const page = await context.newPage();
        page.on('console', (m) => m.type() === 'error' && console.log('console:', m.text()));
        page.on('pageerror', (e) => console.log('error:', e.message));
        for (const [name, path] of Object.entries(pages)) {
          if (only.length > 0 && !only.includes(name)) continue;
          await page.goto(base + path);
          await page.locator('main .state[role=status]').first().waitFor({ state: 'detached' });
          await page.waitForTimeout(300);
          await page.screenshot({ path: join(out, `${name}-${size.name}-${colorScheme}.png`) });
        }
        await context.close();
      }
    }
    await browser.close();
  }
  await app.close();
}

await main();
