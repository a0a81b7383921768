import path from 'node:path';
import type { Page } from 'playwright-core';
import { launchChromium } from '../chromium.ts';
import { Home, type Up } from '../e2e/up.ts';
import { openView, visit } from './console.ts';

/**
 * `npx tsx test/console/pictures.ts [OUT]`: pictures of the README from a running process whose demo fleet gets two faults.
 * Those of drift and models tell a story of weeks and come from story.ts.
 */
async function main(out = 'docs/images'): Promise<void> {
  const { browser } = await launchChromium();
  if (browser === null) return;
  const home = await Home.make('');
  try {
    const up = home.start();
    await up.forest();
    await up.home.cli(['inject', 'latency_step', '--entity', 'checkout']);
    await up.home.cli(['inject', 'leak', '--entity', 'search']);
    await up.wait('two incidents', async () => (await openOf(up, 'checkout')) && openOf(up, 'search'), 240_000);
    await up.wait('a few minutes of it', async () => minutesSince(await openedMs(up)) > 2, 240_000);
    const wide = await openView(browser, { width: 1440, height: 900 });
    const phone = await openView(browser, { width: 390, height: 844 });
    const take = async (page: Page, address: string, name: string) => {
      await visit(page, home.url + address);
      await page.waitForTimeout(500); // the last frame of the charts
      await page.screenshot({ path: path.join(out, `${name}.png`) });
    };
    await take(wide.page, '/', 'overview');
    await take(phone.page, '/', 'overview-phone');
    await take(wide.page, '/entities/demo/checkout?range=15m', 'entity');
    for (const error of [...wide.errors, ...phone.errors]) console.error(error);
  } finally {
    await browser.close();
    await home.remove();
  }
}

interface Opened {
  incidents: { startMs: number }[];
}
const openOf = async (up: Up, entity: string): Promise<boolean> =>
  (await up.get<Opened>(`/api/incidents?open=true&stream=demo&entity=${entity}`)).incidents.length > 0;
const openedMs = async (up: Up): Promise<number> =>
  (await up.get<Opened>('/api/incidents?open=true&stream=demo&entity=checkout')).incidents[0]!.startMs;
const minutesSince = (ms: number): number => (Date.now() - ms) / 60_000;

await main(process.argv[2]);
