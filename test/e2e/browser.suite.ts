import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import { axeViolations, openView, type View, visit } from '../console/console.ts';
import { QUICK } from './first-start.suite.ts';
import { Home, PATIENCE_MS, type Up } from './up.ts';

/** The console over the real thing: a person injects a fault and watches. */
export function browsing(browser: Browser): void {
  describe('the console of a running process', () => {
    let home: Home;
    let up: Up;
    let view: View;

    beforeAll(async () => {
      home = await Home.make(QUICK);
      up = home.start();
      await up.forest();
      await up.wait('the fleet has caught up', async () => (await up.counters('demo')).counters.applied > 25_000);
      view = await openView(browser);
    });
    afterAll(async () => {
      await view?.context.close();
      await home.remove();
    });

    test('a fault injected by keyboard becomes an incident that the open page reads out', async () => {
      const { page } = view;
      await visit(page, home.url);
      await page.getByLabel('Fault', { exact: true }).focus();
      await page.keyboard.type('Latency');
      await page.keyboard.press('Tab');
      await page.keyboard.type('search');
      for (const _ of ['metric', 'length', 'strength', 'button']) await page.keyboard.press('Tab');
      expect(await page.locator(':focus').innerText()).toBe('Inject fault');
      await page.keyboard.press('Enter');
      const startMs = systemClock.elapsed();
      await page.getByText('Latency step put on latency_ms of search.').waitFor();
      await page.evaluate('globalThis.notReloaded = true');

      const incident = page
        .getByRole('region', { name: 'Open incidents' })
        .getByRole('listitem')
        .filter({ hasText: 'search:' });
      await incident.first().waitFor({ timeout: PATIENCE_MS });
      console.info(
        `the page shows the incident ${((systemClock.elapsed() - startMs) / 1000).toFixed(1)} s after the key`,
      );
      expect(await incident.innerText()).toMatch(/search: latency_ms [\d.]+ ms, expected [\d.]+ to [\d.]+ ms/);
      expect(await page.evaluate('globalThis.notReloaded')).toBe(true);
      expect(await axeViolations(page)).toEqual([]);

      await incident.getByRole('link').last().focus();
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { level: 1, name: /^search: latency_ms/ }).waitFor();
      expect(await axeViolations(page)).toEqual([]);
      await page.getByRole('link', { name: 'Open search at that time' }).click();
      await page.getByRole('img', { name: /latency_ms over time with its expected band: newest/ }).waitFor();
      expect(await axeViolations(page)).toEqual([]);
    });

    test('the pipeline page names what serves each stream', async () => {
      const { page } = view;
      await visit(page, `${home.url}/pipeline`);
      for (const stream of ['demo', 'host', 'telemetry'])
        await page.getByRole('heading', { name: `Stream ${stream}` }).waitFor();
      expect(await axeViolations(page)).toEqual([]);
    });

    test('nothing went wrong in the browser', () => {
      expect(view.errors).toEqual([]);
    });
  });
}
