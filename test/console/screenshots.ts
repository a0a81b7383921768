import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { launchChromium } from '../chromium.ts';
import { ConsoleHarness, openView, SIZES, visit } from './console.ts';

/** `npx tsx test/console/screenshots.ts [OUT] [page …] [--full]`: every page over the fixture, in both sizes and themes. */
async function main(): Promise<void> {
  const full = process.argv.includes('--full');
  const [out = 'tmp/screenshots', ...only] = process.argv.slice(2).filter((argument) => argument !== '--full');
  mkdirSync(out, { recursive: true });
  const harness = new ConsoleHarness({ historyMs: 24 * 3_600_000 });
  await harness.start();
  // Rates need checkpoints to compare.
  for (let i = 0; i < 3; i++) await harness.step();
  const { world, base } = harness;
  const [incident] = await world.incidents({ entity: 'checkout', limit: 1 });
  const pages: Record<string, string> = {
    overview: '/',
    entity: '/entities/demo/checkout',
    incidents: '/incidents',
    incident: `/incidents/${encodeURIComponent(incident!.id)}`,
    pipeline: '/pipeline',
    drift: '/#/drift/demo',
    'drift-week': '/#/drift/demo?range=7d',
    'drift-feature': '/#/drift/demo?feature=latency_ms__mean__10s',
    'drift-unknown': '/#/drift/host',
    models: '/#/models/demo',
    decisions: '/#/decisions',
    decision: '/#/decisions/demo-9',
    labels: '/#/labels/demo',
    maintenance: '/#/maintenance',
    'dead-letters': '/#/deadletters',
    runbook: '/runbooks/psi_drift',
  };
  const { browser } = await launchChromium();
  if (browser) {
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const size of SIZES) {
        const { context, page, errors } = await openView(browser, { ...size, dark: colorScheme === 'dark' });
        for (const [name, path] of Object.entries(pages)) {
          if (only.length > 0 && !only.includes(name)) continue;
          await visit(page, base + path);
          // The last frame of the charts.
          await page.waitForTimeout(200);
          await page.screenshot({ path: join(out, `${name}-${size.name}-${colorScheme}.png`), fullPage: full });
        }
        for (const error of errors) console.log(error);
        await context.close();
      }
    }
    await browser.close();
  }
  await harness.app.close();
}

await main();
