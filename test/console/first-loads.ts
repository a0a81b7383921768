import { launchChromium } from '../chromium.ts';
import { ConsoleHarness } from './console.ts';
import { firstLoad } from './first-load.ts';
import { giveFeatures } from './fixture-features.ts';

/** `npx tsx test/console/first-loads.ts`: what a first load of the drift page takes, by features and days. */
async function main(): Promise<void> {
  const { browser } = await launchChromium();
  if (!browser) return;
  const harness = new ConsoleHarness({ historyMs: 20 * 60_000 });
  await harness.start();
  console.log('| features | range | all, KB | observations, KB | ready, ms |\n|---|---|---|---|---|');
  for (const count of [7, 100, 1_000]) {
    await giveFeatures(harness.monitor, count, 30 * 24);
    for (const range of ['3d', '14d', '30d']) {
      const { sizeKb, observedKb, readyMs, errors } = await firstLoad(
        browser,
        `${harness.base}/#/drift/demo?range=${range}`,
      );
      for (const error of errors) console.error(error);
      const figures = [count, range, ...[sizeKb, observedKb, readyMs].map(Math.round)];
      console.log(`| ${figures.join(' | ')} |`);
    }
  }
  await browser.close();
  await harness.app.close();
}

await main();
