import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import { axeViolations, openView, type View, visit } from '../console/console.ts';
import { QUICK } from './first-start.suite.ts';
import { Home, PATIENCE_MS, type Up } from './up.ts';

const TOKEN = 'a-token-of-some-length';

interface Ledger {
  entries: { decision: { reason: string } }[];
}

/**
 * The console over the real thing, on loopback with a token: a person injects a fault and watches. earlier: a folder
 * whose models are trained, to go on with.
 */
export function browsing(browser: Browser, earlier: () => Home | null): void {
  describe('the console of a running process', () => {
    let home: Home;
    let up: Up;
    let view: View;

    beforeAll(async () => {
      home = earlier() ?? (await Home.make(QUICK));
      up = home.start({ TIDEWATCH_TOKEN: TOKEN });
      await up.forest();
      await up.wait('the fleet has caught up', async () => (await up.counters('demo')).counters.applied > 25_000);
      view = await openView(browser, {}, { username: 'me', password: TOKEN });
    });
    afterAll(async () => {
      await view?.context.close();
      home.killAll();
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

    test('pages of the monitor show what its API answers, to whom the token lets in', async () => {
      const { page } = view;
      const authorization = `Bearer ${TOKEN}`;
      const api = async <T>(path: string): Promise<T> =>
        (await fetch(`${home.url}${path}`, { headers: { authorization } })).json() as Promise<T>;
      expect((await fetch(`${home.url}/api/models`)).status).toBe(401);
      // A point of a time that is far ahead: it is taken, and cannot be used.
      const body = `disk,host=a used=1 ${Date.UTC(2040, 0)}000000\n`;
      const sent = await fetch(`${home.url}/api/v2/write`, { method: 'POST', headers: { authorization }, body });
      expect(sent.status).toBe(204);

      await up.wait('the first decision', async () => (await api<Ledger>('/api/decisions')).entries.length > 0);
      const { entries } = await api<Ledger>('/api/decisions');
      const { models } = await api<{ models: { id: string; roles: string[] }[] }>('/api/models?stream=demo');
      await visit(page, `${home.url}/#/models/demo`);
      const serves = await page.getByRole('region', { name: 'What serves' }).innerText();
      expect(serves).toContain(models.find(({ roles }) => roles.includes('champion'))!.id);
      await visit(page, `${home.url}/#/decisions`);
      const rows = await page.locator('.decision').allInnerTexts();
      expect(rows).toHaveLength(entries.length);
      for (const [i, { decision }] of entries.entries()) expect(rows[i]).toContain(decision.reason);
      expect(await axeViolations(page)).toEqual([]);

      await visit(page, `${home.url}/#/drift/demo`);
      await page
        .getByRole('region', { name: /^(Cause|Drift)/ })
        .or(page.getByText('has not looked at demo yet'))
        .first()
        .waitFor();
      await up.wait('the dead letter', async () => (await up.counters('telemetry')).counters.dead_lettered === 1);
      const { deadLetters } = await api<{ deadLetters: { code: string; preview: string }[] }>('/api/dead-letters');
      await visit(page, `${home.url}/#/deadletters`);
      const letter = page.getByRole('table', { name: 'Newest dead letters' }).getByRole('row').nth(1);
      for (const text of [deadLetters[0]!.code, deadLetters[0]!.preview])
        expect(await letter.innerText()).toContain(text);

      await visit(page, home.url);
      const answers = page.getByRole('region', { name: 'In short' });
      await answers.getByText(entries[0]!.decision.reason).waitFor();
      await answers.getByText(/^Yes: demo, host/).waitFor();
    });

    test('a command from the page is done in the name of the token', async () => {
      const { page } = view;
      await visit(page, `${home.url}/#/models/demo`);
      await page.getByRole('button', { name: 'Suspend' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Suspend' }).click();
      await page.getByText('The controller is suspended').first().waitFor();
      await visit(page, `${home.url}/#/decisions`);
      expect(await page.locator('.decision').first().innerText()).toMatch(/Suspend the controller.*by token/s);
    });

    test('nothing went wrong in the browser', () => {
      expect(view.errors).toEqual([]);
    });
  });
}
