import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { TidewatchError } from '../../core/errors.ts';
import { describeInChromium, stage } from './stage.ts';

const STEPS_AT_MOST = 12;

describeInChromium('the console', () => {
  const on = stage('test');

  test('says which incidents are open, with values, units and the expected band', async () => {
    await on.open('/');
    const open = on.page.getByRole('region', { name: 'Open incidents' });
    expect(await open.getByRole('listitem').count()).toBe(2);
    const [checkout] = await on.harness.world.incidents({ entity: 'checkout', open: true, limit: 1 });
    const value = Math.round(checkout!.attributions[0]!.value);
    expect(await open.innerText()).toContain(`checkout: latency_ms ${value} ms, expected `);
    expect(await open.innerText()).toMatch(/ledger: memory_bytes \d{3} GB, expected 0 to [\d.]+ GB/);
    expect(await on.page.getByText(/Times in/).innerText()).toBe('Times in Europe/Berlin');
  });

  test('a fault injected with the keyboard alone becomes an incident that says why, without a reload', async () => {
    const { page } = on;
    await on.open('/');
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
    expect(on.view.errors).toEqual([]);
  });

  test('an active fault can be stopped', async () => {
    await on.open('/');
    await on.page.getByRole('button', { name: 'Stop Unit change on ledger memory_bytes' }).click();
    await on.page.getByText('Stopped.').waitFor();
    expect(on.harness.world.faults.active().map((f) => f.entity)).toEqual(['checkout']);
    await on.page.getByRole('button', { name: /^Stop Unit change/ }).waitFor({ state: 'detached' });
    expect(await on.page.getByRole('button', { name: /^Stop/ }).count()).toBe(1);
  });

  test("an entity's page shows the newest values and follows new windows", async () => {
    const { page } = on;
    await on.open('/entities/demo/checkout?range=15m');
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
    const [latest] = await on.harness.world.verdicts('demo', 'checkout', { fromMs: 0, toMs: 9e15 }, 1);
    await stepUntil(async () => (await newest())[1] === latest!.severity.toFixed(2), false);
  });

  test('a browser whose locale is no language tag has its charts too', async () => {
    const { page, context, errors } = on.view;
    const language = "Object.defineProperty(navigator, 'language', { value: 'en-US@posix', configurable: true })";
    await context.addInitScript({ content: language });
    await on.open('/entities/demo/checkout?range=15m');
    expect(await page.getByRole('img').count()).toBe(7);
    expect(errors).toEqual([]);
  });

  test('a page whose code cannot be loaded says so and offers to try again', async () => {
    const { page } = on;
    await page.route('**/entity.js', (route) => route.abort());
    await page.goto(`${on.harness.base}/entities/demo/checkout`);
    await page.getByRole('alert').getByText('This page could not be loaded.').waitFor();
    await page.unroute('**/entity.js');
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('img', { name: /^Severity/ }).waitFor();
  });

  test('says that the connection is lost, and catches up when it returns', async () => {
    const { page } = on;
    await on.open('/');
    const { port } = on.harness.app.server.address() as AddressInfo;
    await on.harness.app.close();
    await page.getByText(/^Connection to Tidewatch lost\. What you see is as of 15:30:\d\d\. Trying again/).waitFor();
    expect(await page.locator('#connection').innerText()).toBe('Not connected');
    on.harness.world.faults.inject({ fault: 'latency_step', entity: 'auth' });
    for (let i = 0; i < 4; i++) on.harness.world.step();
    await on.harness.start(true, port);
    await page.getByText('Connection to Tidewatch lost').waitFor({ state: 'detached' });
    await page.getByRole('region', { name: 'Open incidents' }).getByText('auth').waitFor();
  });

  test('says what to do when the database is away, and recovers by itself or by the button', async () => {
    const { page } = on;
    on.harness.world.failure = new TidewatchError('database_unavailable', '');
    await page.goto(`${on.harness.base}/incidents`);
    const alert = page.getByRole('alert');
    expect(await alert.innerText()).toContain('PostgreSQL does not answer.');
    expect(await alert.innerText()).toContain('.tidewatch/postgres.log');
    on.harness.world.failure = null;
    await alert.getByRole('button', { name: 'Try again' }).click();
    await page.getByText('checkout').first().waitFor();
    await stepUntil(async () => (await page.locator('#banner').innerText()) === '');
  });

  async function stepUntil(done: () => Promise<boolean>, moving = true): Promise<void> {
    for (let i = 0; i < STEPS_AT_MOST; i++) {
      if (moving) await on.harness.step();
      // The browser is another process: its work takes real time, which no clock of ours moves.
      for (let wait = 0; wait < 10; wait++) {
        if (await done()) return;
        await on.page.waitForTimeout(25);
      }
    }
    expect(await done()).toBe(true);
  }
});

describeInChromium('names that look like markup or paths', () => {
  const host = '<b>rack/7</b> & "ü" %2F';
  const on = stage('test', { historyMs: 600_000, planted: [], host });

  test('stay text and work as links', async () => {
    await on.open('/');
    await on.page.getByText(host, { exact: true }).click();
    await on.heading(host);
    await on.page.getByRole('img', { name: /^cpu_busy_percent over time/ }).waitFor();
    await on.open('/pipeline');
    await on.page.getByText('{"__proto__":{"admin":true},"entity":"<img src=x onerror=alert(1)>"}').waitFor();
    expect(await on.page.locator('main img').count()).toBe(0);
    expect(on.view.errors).toEqual([]);
  });
});
