import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launchChromium } from '../chromium.ts';
import { axeViolations, ConsoleHarness, openView, overflowPx, type View, visit } from './console.ts';

const SETUP_MS = 240_000;
const SIZES = [
  { name: 'wide', width: 1440, height: 900 },
  { name: 'phone', width: 390, height: 844 },
] as const;

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
    ['not found', '/incidents/no-such-incident'],
  ];

  for (const size of SIZES) {
    for (const dark of [false, true]) {
      test(`has no accessibility violation, error or sideways scrolling (${size.name}, ${dark ? 'dark' : 'light'})`, {
        timeout: 120_000,
      }, async () => {
        const view = await openView(browser, { ...size, dark });
        for (const [name, path] of pages()) {
          await visit(view.page, harness.base + path);
          const closed = view.page.locator('details:not([open]) > summary');
          while ((await closed.count()) > 0) await closed.first().click();
          expect(await axeViolations(view.page), name).toEqual([]);
          expect(await overflowPx(view.page), name).toBe(0);
          if (name !== 'not found') expect(view.errors, name).toEqual([]);
          view.errors.length = 0;
        }
        await view.context.close();
      });
    }
  }

  test('nothing scrolls sideways at widths between', { timeout: 60_000 }, async () => {
    for (const width of [360, 700, 900, 1024]) {
      const view = await openView(browser, { width, height: 800 });
      for (const [name, path] of pages()) {
        await visit(view.page, harness.base + path);
        expect(await overflowPx(view.page), `${name} at ${width}`).toBe(0);
      }
      await view.context.close();
    }
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
      for (const text of ['2 open incidents, telemetry arriving', 'isolation forest', 'fallback (no model)'])
        expect(await bottomOf(view, text), `${size.name}: ${text}`).toBeLessThanOrEqual(size.height);
      const last = await view.page.locator('.grid li').last().boundingBox();
      expect(last!.y + last!.height, size.name).toBeLessThanOrEqual(size.height);
      expect(await bottomOf(view, 'Try it: break something in the demo fleet'), size.name).toBeLessThanOrEqual(
        size.height,
      );
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
        view.page.on('requestfinished', (request) => {
          if (request.url().includes('/api/')) return;
          sizes.push(request.sizes().then((s) => s.responseBodySize + s.responseHeadersSize));
        });
        const started = performance.now();
        await visit(view.page, harness.base + path);
        bestMs = Math.min(bestMs, performance.now() - started);
        const sizeKb = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0) / 1024;
        console.log(
          `first load of ${path}: ${Math.round(sizeKb)} KB in ${sizes.length} files, ${Math.round(bestMs)} ms`,
        );
        expect(sizeKb, path).toBeGreaterThan(10);
        expect(sizeKb, path).toBeLessThan(150);
        await view.context.close();
      }
      expect(bestMs, path).toBeLessThan(1_000);
    }
  });
});

async function bottomOf(view: View, text: string): Promise<number> {
  const box = await view.page.getByText(text).first().boundingBox();
  return box!.y + box!.height;
}
