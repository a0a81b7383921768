import type { Browser, Locator } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launchChromium } from '../chromium.ts';
import { axeViolations, ConsoleHarness, openView, overflowPx, type View, visit } from './console.ts';

const SETUP_MS = 240_000;
const SIZES = [
  { name: 'wide', width: 1440, height: 900 },
  { name: 'phone', width: 390, height: 844 },
] as const;

/** What fits in a packet is not worth compressing. */
const PLAIN_AT_MOST_BYTES = 1_400;

const found = await launchChromium();

describe.skipIf(found.browser === null)('every page', () => {
  const browser = found.browser as Browser;
  const harness = new ConsoleHarness();
  let incidentId = '';

  beforeAll(async () => {
    await harness.start();
    const [incident] = await harness.world.incidents({ entity: 'checkout', open: true, limit: 1 });
    incidentId = incident!.id;
  }, SETUP_MS);
  afterAll(async () => {
    await harness.app.close();
    await browser.close();
  });

  const pages = (): [name: string, path: string][] => [
    ['overview', '/'],
    ['entity', '/entities/demo/checkout'],
    ['entity over a day', '/entities/demo/checkout?range=24h'],
    ['incidents', '/incidents'],
    ['incident', `/incidents/${encodeURIComponent(incidentId)}`],
    ['pipeline', '/pipeline'],
    ['drift', '/#/drift/demo'],
    ['drift over two weeks', '/#/drift/demo?range=14d&show=ks'],
    ['drift of a stream not looked at', '/#/drift/host'],
    ['models', '/#/models/demo'],
    ['decisions', '/#/decisions'],
    ['decision', '/#/decisions/demo-9'],
    ['labels', '/#/labels/demo'],
    ['maintenance', '/#/maintenance'],
    ['dead letters', '/#/deadletters'],
    ['dead letters of one reason', '/#/deadletters?code=key_forbidden&range=24h'],
    ['dead letters of a time without', `/#/deadletters?from=1000&to=2000`],
    ['runbook', '/runbooks/psi_drift'],
    ['runbooks', '/runbooks'],
    ['not found', '/incidents/no-such-incident'],
    ['not found among runbooks', '/runbooks/no-such-runbook'],
  ];

  for (const size of SIZES) {
    test(`has no accessibility violation, error or sideways scrolling in either theme (${size.name})`, {
      timeout: 120_000,
    }, async () => {
      const view = await openView(browser, size);
      for (const [name, path] of pages()) {
        await view.page.emulateMedia({ colorScheme: 'light' });
        await visit(view.page, harness.base + path);
        const closed = view.page.locator('details:not([open]) > summary');
        while ((await closed.count()) > 0) await closed.first().click();
        for (const colorScheme of ['light', 'dark'] as const) {
          await view.page.emulateMedia({ colorScheme });
          expect(await axeViolations(view.page), `${name}, ${colorScheme}`).toEqual([]);
        }
        expect(await overflowPx(view.page), name).toBe(0);
        if (!name.startsWith('not found')) expect(view.errors, name).toEqual([]);
        view.errors.length = 0;
      }
      await view.context.close();
    });
  }

  test('nothing scrolls sideways at widths between', { timeout: 60_000 }, async () => {
    const view = await openView(browser);
    for (const [name, path] of pages()) {
      await visit(view.page, harness.base + path);
      for (const width of [1_200, 1_024, 900, 700, 360]) {
        await view.page.setViewportSize({ width, height: 800 });
        expect(await overflowPx(view.page), `${name} at ${width}`).toBe(0);
      }
    }
    await view.context.close();
  });

  test('the checker of accessibility sees a planted fault', async () => {
    const view = await openView(browser);
    await visit(view.page, harness.base);
    await view.page.evaluate(() => {
      interface Dom {
        querySelector(selector: string): { setAttribute(name: string, value: string): void; textContent: string };
      }
      const { document } = globalThis as unknown as { document: Dom };
      document.querySelector('.brand').textContent = '';
    });
    expect((await axeViolations(view.page)).map((v) => v.id)).toContain('link-name');
    await view.context.close();
  });

  test('the overview answers its questions without scrolling', async () => {
    for (const size of SIZES) {
      const view: View = await openView(browser, size);
      await visit(view.page, harness.base);
      const answers = view.page.getByRole('region', { name: 'In short' }).locator('.answer');
      expect(await answers.locator('dt').allInnerTexts()).toEqual([
        'Does telemetry arrive?',
        'Can the detector be trusted?',
        'What is anomalous, and why?',
        'What did the controller do?',
        'What now?',
      ]);
      for (const answer of await answers.all()) expect(await bottomOf(answer), size.name).toBeLessThan(size.height);
      const below = ['2 open incidents, telemetry arriving', 'ledger: memory_bytes', 'checkout: latency_ms'];
      if (size.name === 'wide')
        below.push('isolation forest', 'fallback (no model)', 'Try it: break something in the demo fleet');
      for (const text of below)
        expect(await bottomOf(view.page.getByText(text).last()), `${size.name}: ${text}`).toBeLessThan(size.height);
      const last = view.page.locator('.grid li').last();
      if (size.name === 'wide') expect(await bottomOf(last), size.name).toBeLessThan(size.height);
      await view.context.close();
    }
  });

  test('the first load is at most 150 KB compressed and ready within a second', async () => {
    for (const path of ['/', '/entities/demo/checkout']) {
      let bestMs = Number.POSITIVE_INFINITY;
      // The best of a few, each in a profile of its own: a test machine has other things to do as well.
      for (let attempt = 0; attempt < 3 && bestMs > 1_000; attempt++) {
        const view = await openView(browser);
        const sizes: Promise<number>[] = [];
        const plain: string[] = [];
        view.page.on('requestfinished', (request) => {
          sizes.push(
            request.sizes().then(async ({ responseBodySize, responseHeadersSize }) => {
              const encoding = (await request.response())?.headers()['content-encoding'];
              if (encoding === undefined && responseBodySize > PLAIN_AT_MOST_BYTES) plain.push(request.url());
              return responseBodySize + responseHeadersSize;
            }),
          );
        });
        const started = performance.now();
        await visit(view.page, harness.base + path);
        bestMs = Math.min(bestMs, performance.now() - started);
        const sizeKb = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0) / 1024;
        console.log(
          `first load of ${path}: ${Math.round(sizeKb)} KB in ${sizes.length} files, ${Math.round(bestMs)} ms`,
        );
        expect(plain, path).toEqual([]);
        expect(sizeKb, path).toBeGreaterThan(10);
        expect(sizeKb, path).toBeLessThan(150);
        await view.context.close();
      }
      expect(bestMs, path).toBeLessThan(1_000);
    }
  });
});

async function bottomOf(node: Locator): Promise<number> {
  const box = await node.boundingBox();
  return box!.y + box!.height;
}
