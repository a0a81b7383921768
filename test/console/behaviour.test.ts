import type { AddressInfo } from 'node:net';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { TidewatchError } from '../../core/errors.ts';
import { launchChromium } from '../chromium.ts';
import { ConsoleHarness, openView, type View, visit } from './console.ts';

const SETUP_MS = 240_000;
const STEPS_AT_MOST = 12;

const found = await launchChromium();

describe.skipIf(found.browser === null)('the console', () => {
  const browser = found.browser as Browser;
  let harness: ConsoleHarness;
  let view: View;

  beforeAll(() => undefined, SETUP_MS);
  beforeEach(async () => {
    harness = new ConsoleHarness();
    await harness.start();
    view = await openView(browser);
  });
  afterEach(async () => {
    await view.context.close();
    await harness.app.close();
  });
  afterAll(() => browser.close());

  test('says which incidents are open, with values, units and the expected band', async () => {
    await visit(view.page, harness.base);
    const open = view.page.getByRole('region', { name: 'Open incidents' });
    expect(await open.getByRole('listitem').count()).toBe(2);
    const [checkout] = await harness.world.incidents({ entity: 'checkout', open: true, limit: 1 });
    const value = Math.round(checkout!.attributions[0]!.value);
    expect(await open.innerText()).toContain(`checkout: latency_ms ${value} ms, expected `);
    expect(await open.innerText()).toMatch(/ledger: memory_bytes \d{3} GB, expected 0 to [\d.]+ GB/);
    expect(await view.page.getByText(/Times in/).innerText()).toBe('Times in Europe/Berlin');
  });

  test('a fault injected with the keyboard alone becomes an incident that says why, without a reload', async () => {
    const { page } = view;
    await visit(page, harness.base);
    await page.keyboard.press('Tab');
    expect(await page.locator(':focus').innerText()).toBe('Skip to the content');
    await page.getByLabel('Fault', { exact: true }).focus();
    await page.keyboard.type('Latency');
    await page.keyboard.press('Tab');
    await page.keyboard.type('cart');
    for (const _ of ['metric', 'length', 'strength', 'button']) await page.keyboard.press('Tab');
    expect(await page.locator(':focus').innerText()).toBe('Inject fault');
    await page.keyboard.press('Enter');
    await page.getByText('Latency step put on latency_ms of cart.').waitFor();
    await page.getByRole('button', { name: 'Stop Latency step on cart latency_ms' }).waitFor();

    const incident = page
      .getByRole('region', { name: 'Open incidents' })
      .getByRole('listitem')
      .filter({ hasText: 'cart:' });
    await stepUntil(async () => (await incident.count()) > 0);
    expect(await incident.innerText()).toMatch(/cart: latency_ms [\d.]+ ms, expected [\d.]+ to [\d.]+ ms/);
    await page.getByRole('log').getByText('New incident: cart, latency_ms').waitFor({ state: 'attached' });
    await page.getByRole('heading', { level: 1, name: '3 open incidents, telemetry arriving' }).waitFor();

    await incident.getByRole('link').last().focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: /^cart: latency_ms/ }).waitFor();
    expect(await page.locator('main').evaluate((main) => main === main.ownerDocument.activeElement)).toBe(true);
    await page
      .getByRole('table', { name: /share of the evidence/ })
      .getByText('latency_ms')
      .waitFor();
    await page.getByRole('link', { name: 'Open cart at that time' }).click();
    await page.getByRole('img', { name: /latency_ms over time with its expected band: newest/ }).waitFor();
    expect(new URL(page.url()).searchParams.get('from')).toMatch(/^\d+$/);
    await page.goBack();
    await page.getByRole('heading', { level: 1, name: /^cart: latency_ms/ }).waitFor();
    expect(view.errors).toEqual([]);
  });

  test('an active fault can be stopped', async () => {
    await visit(view.page, harness.base);
    await view.page.getByRole('button', { name: 'Stop Unit change on ledger memory_bytes' }).click();
    await view.page.getByText('Stopped.').waitFor();
    expect(harness.world.faults.active().map((f) => f.entity)).toEqual(['checkout']);
    expect(await view.page.getByRole('button', { name: /^Stop/ }).count()).toBe(1);
  });

  test("an entity's page shows the newest values and follows new windows", async () => {
    const { page } = view;
    await visit(page, `${harness.base}/entities/demo/checkout?range=15m`);
    await page.getByText('Newest values as a table').click();
    const newest = async () => (await page.getByRole('table').getByRole('row').nth(1).innerText()).split('\t');
    const before = await newest();
    const charts = await page.getByRole('img').evaluateAll((all) => all.map((n) => n.getAttribute('aria-label')));
    expect(charts).toHaveLength(7);
    expect(charts[0]).toMatch(/^Severity over time: \d+ anomalous windows of \d+\. Arrow keys move through time\.$/);
    expect(await page.getByText('Now, anomalous:').count()).toBe(1);
    const readout = page.locator('figure').filter({ hasText: 'latency_ms' }).locator('.readout');
    await page.getByRole('img', { name: /^Severity/ }).focus();
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    expect(await readout.innerText()).toMatch(/^15:29:\d\d: \d+ ms, expected/);
    await page.keyboard.press('Escape');
    expect(await readout.innerText()).toMatch(/^\d+ ms, expected/);
    await stepUntil(async () => (await newest())[0] !== before[0]);
    const [latest] = await harness.world.verdicts('demo', 'checkout', { fromMs: 0, toMs: 9e15 }, 1);
    await stepUntil(async () => (await newest())[1] === latest!.severity.toFixed(2), false);
  });

  test('a browser whose locale is no language tag has its charts too', async () => {
    const { page, context, errors } = view;
    const language = "Object.defineProperty(navigator, 'language', { value: 'en-US@posix', configurable: true })";
    await context.addInitScript({ content: language });
    await visit(page, `${harness.base}/entities/demo/checkout?range=15m`);
    expect(await page.getByRole('img').count()).toBe(7);
    expect(errors).toEqual([]);
  });

  test('a page whose code cannot be loaded says so and offers to try again', async () => {
    const { page } = view;
    await page.route('**/entity.js', (route) => route.abort());
    await page.goto(`${harness.base}/entities/demo/checkout`);
    await page.getByRole('alert').getByText('This page could not be loaded.').waitFor();
    await page.unroute('**/entity.js');
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('img', { name: /^Severity/ }).waitFor();
  });

  test('says that the connection is lost, and catches up when it returns', async () => {
    const { page } = view;
    await visit(page, harness.base);
    const { port } = harness.app.server.address() as AddressInfo;
    await harness.app.close();
    await page.getByText(/^Connection to Tidewatch lost\. What you see is as of 15:30:\d\d\. Trying again/).waitFor();
    expect(await page.locator('#connection').innerText()).toBe('Not connected');
    harness.world.faults.inject({ fault: 'latency_step', entity: 'auth' });
    for (let i = 0; i < 4; i++) harness.world.step();
    await harness.start(true, port);
    await page.getByText('Connection to Tidewatch lost').waitFor({ state: 'detached' });
    await page.getByRole('region', { name: 'Open incidents' }).getByText('auth').waitFor();
  });

  test('says what to do when the database is away, and recovers by itself or by the button', async () => {
    const { page } = view;
    harness.world.failure = new TidewatchError('database_unavailable', '');
    await page.goto(`${harness.base}/incidents`);
    const alert = page.getByRole('alert');
    expect(await alert.innerText()).toContain('PostgreSQL does not answer.');
    expect(await alert.innerText()).toContain('.tidewatch/postgres.log');
    harness.world.failure = null;
    await alert.getByRole('button', { name: 'Try again' }).click();
    await page.getByText('checkout').first().waitFor();
    await stepUntil(async () => (await page.locator('#banner').innerText()) === '');
  });

  async function stepUntil(done: () => Promise<boolean>, moving = true): Promise<void> {
    for (let i = 0; i < STEPS_AT_MOST; i++) {
      if (moving) await harness.step();
      // The browser is another process: its work takes real time, which no clock of ours moves.
      for (let wait = 0; wait < 10; wait++) {
        if (await done()) return;
        await view.page.waitForTimeout(25);
      }
    }
    expect(await done()).toBe(true);
  }
});

describe.skipIf(found.browser === null)('a console with little to show', () => {
  test('says on every page that there is no data yet, and what comes next', async () => {
    const { browser } = await launchChromium();
    const harness = new ConsoleHarness({ historyMs: 0, planted: [] });
    await harness.start(false);
    const view = await openView(browser!);
    await visit(view.page, harness.base);
    await view.page.getByText('No open incidents.').waitFor();
    await view.page.getByText('No entity yet.').waitFor();
    await view.page.getByText('The demo fleet is switched off.').waitFor();
    await view.page.getByRole('heading', { level: 1, name: 'No telemetry has arrived yet.' }).waitFor();
    await visit(view.page, `${harness.base}/incidents`);
    await view.page.getByText('No incidents yet.').waitFor();
    await visit(view.page, `${harness.base}/pipeline`);
    await view.page.getByRole('heading', { name: 'Stream demo' }).waitFor();
    await view.context.close();
    await harness.app.close();
    await browser!.close();
  });

  test('names that look like markup or paths stay text and work as links', async () => {
    const { browser } = await launchChromium();
    const host = '<b>rack/7</b> & "ü" %2F';
    const harness = new ConsoleHarness({ historyMs: 600_000, planted: [], host });
    await harness.start();
    const view = await openView(browser!);
    await visit(view.page, harness.base);
    await view.page.getByText(host, { exact: true }).click();
    await view.page.getByRole('heading', { level: 1, name: host }).waitFor();
    await view.page.getByRole('img', { name: /^cpu_busy_percent over time/ }).waitFor();
    await visit(view.page, `${harness.base}/pipeline`);
    await view.page.getByText('{"__proto__":{"admin":true},"entity":"<img src=x onerror=alert(1)>"}').waitFor();
    expect(await view.page.locator('main img').count()).toBe(0);
    expect(view.errors).toEqual([]);
    await view.context.close();
    await harness.app.close();
    await browser!.close();
  });
});
