import type { Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { describeInChromium, stage } from './stage.ts';

/** Tab stops of a page at most: the drift page has a link a feature. */
const STOPS_AT_MOST = 120;

/** Where the keyboard is: the words, where they stand, and whether one sees it. */
interface Stop {
  words: string;
  place: string;
  inMain: boolean;
  outlined: boolean;
  inSight: boolean;
}

describeInChromium('with the keyboard alone', () => {
  const on = stage('file');
  beforeAll(() => on.open('/'));

  test.each([
    [
      '/#/drift/demo',
      ['host', '24 h', 'Other times', 'latency_ms__mean__10s', 'KS', 'Features by interval, scrolls sideways'],
    ],
    [
      '/#/models/demo',
      ['host', 'Suspend', 'Promote', 'demo-9', 'All decisions', 'Week', 'Lineage and evaluation', 'Keep'],
    ],
    ['/#/decisions', ['demo', '30 days', 'Train a new model', 'Promote to champion (demo-51aa0b)']],
    ['/#/decisions/demo-9', ['psi_drift', 'demo']],
    ['/#/labels/demo', ['host', 'Normal', 'Anomalous', '30 days']],
    ['/#/maintenance', ['End now', 'Call off', 'All times', 'reason', 'from', 'stream', 'Plan maintenance']],
    ['/#/deadletters', ['host', '24 h', 'record_not_json']],
    ['/pipeline', ['3 days', 'Other times', 'All dead letters']],
    ['/runbooks/psi_drift', ['Tidewatch', 'All runbooks']],
  ])('%s: every control is reached in the order of the page, and is seen when it is', async (address, controls) => {
    await on.open(address);
    const stops = await tabThrough(on.page);
    const isRunbook = address.startsWith('/runbooks');
    expect(stops[0]!.words).toBe('Skip to the content');
    for (const stop of stops) expect(stop, stop.words).toMatchObject({ outlined: true, inSight: true });
    const words = stops.filter((s) => s.inMain || isRunbook).map((s) => s.words);
    for (const control of controls) expect(words, control).toContain(control);
    // In the order of the document, which no tabindex above 0 may change.
    expect(await on.page.locator('[tabindex]:not([tabindex="0"], [tabindex="-1"])').count()).toBe(0);
    expect(on.view.errors).toEqual([]);
  });

  test('the skip link leads past the navigation, on a runbook too', async () => {
    const { page } = on;
    for (const [address, first] of [
      ['/#/deadletters', 'All'],
      ['/#/decisions/demo-9', 'psi_drift'],
    ] as const) {
      await on.open(address);
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      await page.keyboard.press('Tab');
      expect(await page.locator(':focus').innerText()).toBe(first);
    }
    await on.open('/runbooks/psi_drift');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    expect(new URL(page.url()).hash).toBe('#main');
  });

  test('a row is opened by its link, and Back leads to the list', async () => {
    const { page } = on;
    await on.open('/#/decisions');
    await page.getByRole('link', { name: 'Train a new model' }).focus();
    await page.keyboard.press('Enter');
    await on.heading('demo-9: Train a new model');
    expect(await page.locator('main').evaluate((main) => main === main.ownerDocument.activeElement)).toBe(true);
    await page.goBack();
    await on.heading('Decisions');
    await on.open('/#/drift/demo');
    await page.getByRole('table').getByRole('link', { name: 'latency_ms__max__10s' }).focus();
    await page.keyboard.press('Enter');
    await on.region('Feature latency_ms__max__10s').getByRole('img').first().waitFor();
  });

  test('choosing a range or a filter leaves the keyboard where it was', async () => {
    const { page } = on;
    const focused = () => page.locator(':focus').innerText();
    await on.open('/');
    for (const [address, link, part] of [
      ['/#/drift/demo', '24 h', 'range=24h'],
      ['/#/drift/demo', 'KS', 'show=ks'],
      ['/#/decisions', 'Week', 'range=7d'],
      ['/#/deadletters', 'demo', 'stream=demo'],
      ['/pipeline', '3 days', 'range=3d'],
      ['/incidents', 'Open', 'show=open'],
    ] as const) {
      await on.go(address);
      await page.locator('main').getByRole('link', { name: link, exact: true }).focus();
      await page.keyboard.press('Enter');
      await page
        .locator('main')
        .getByRole('link', { name: link, exact: true })
        .and(page.locator('[aria-current]'))
        .waitFor();
      await expect.poll(focused, { message: `${address}: ${part}` }).toBe(link);
      expect(page.url()).toContain(part);
    }
  });

  test('Escape closes what was opened and gives the keyboard back', async () => {
    const { page } = on;
    await on.open('/#/decisions');
    const times = page.getByText('Other times');
    await times.focus();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    expect(await page.getByLabel('From').isVisible()).toBe(true);
    await page.keyboard.press('Escape');
    await page.getByLabel('From').waitFor({ state: 'hidden' });
    expect(await page.locator(':focus').innerText()).toBe('Other times');

    for (const [address, button] of [
      ['/#/maintenance', 'End now: Index is rebuilt'],
      ['/#/models/demo', 'Change mode'],
    ] as const) {
      await on.open(address);
      await page.getByRole('button', { name: button }).focus();
      await page.keyboard.press('Enter');
      await page.getByRole('dialog').waitFor();
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      expect(await page.locator(':focus').getAttribute('data-key'), button).toBeTruthy();
    }
  });

  test('a chart is read with the arrow keys on drift', async () => {
    const { page } = on;
    await on.open('/#/drift/demo');
    await page.getByRole('img', { name: /^Alerts against/ }).focus();
    const readout = page.locator('.calibration figure').first().locator('.readout');
    await page.keyboard.press('ArrowLeft');
    const before = await readout.innerText();
    await page.keyboard.press('Shift+ArrowLeft');
    expect(await readout.innerText()).not.toBe(before);
    await page.keyboard.press('Escape');
    expect(await readout.innerText()).toMatch(/^[\d.]+ \(/);
  });

  test('the checker of focus sees a planted fault', async () => {
    await on.open('/#/deadletters');
    await on.page.evaluate(() => {
      interface Dom {
        querySelector(selector: string): { style: { setProperty(name: string, value: string, how: string): void } };
      }
      const { document } = globalThis as unknown as { document: Dom };
      document.querySelector('main .tabs a').style.setProperty('outline', 'none', 'important');
    });
    expect((await tabThrough(on.page)).some((stop) => !stop.outlined)).toBe(true);
  });
});

/** Every tab stop of the page, once round. */
async function tabThrough(page: Page): Promise<Stop[]> {
  const stops: Stop[] = [];
  for (let i = 0; i < STOPS_AT_MOST; i++) {
    await page.keyboard.press('Tab');
    const stop = await page.evaluate(stopHere);
    if (stop === null || stop.place === stops[0]?.place) return stops;
    // A date is several stops in one input.
    if (stop.place !== stops.at(-1)?.place) stops.push(stop);
  }
  throw new Error(`more than ${STOPS_AT_MOST} tab stops`);
}

function stopHere(): Stop | null {
  interface Node {
    name?: string;
    textContent: string;
    tagName: string;
    parentElement: Node | null;
    children: ArrayLike<Node>;
    getAttribute(name: string): string | null;
    closest(selector: string): Node | null;
    getBoundingClientRect(): { top: number; bottom: number; left: number; right: number };
  }
  interface Dom {
    activeElement: Node;
    body: Node;
  }
  const { document, innerHeight, innerWidth, getComputedStyle } = globalThis as unknown as {
    document: Dom;
    innerHeight: number;
    innerWidth: number;
    getComputedStyle(node: Node): { outlineStyle: string; outlineWidth: string };
  };
  const node = document.activeElement;
  if (node === document.body) return null;
  const path: number[] = [];
  for (let at: Node | null = node; at?.parentElement; at = at.parentElement)
    path.unshift(Array.from(at.parentElement.children).indexOf(at));
  const { outlineStyle, outlineWidth } = getComputedStyle(node);
  const box = node.getBoundingClientRect();
  const isField = ['INPUT', 'SELECT', 'TEXTAREA'].includes(node.tagName);
  const label = isField ? node.name : node.textContent;
  const isRegion = node.getAttribute('role') === 'region' || node.getAttribute('role') === 'img';
  return {
    words: (isRegion ? node.getAttribute('aria-label') : label)?.trim() ?? '',
    place: path.join('.'),
    inMain: node.closest('main') !== null,
    outlined: outlineStyle !== 'none' && outlineWidth !== '0px',
    inSight: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
  };
}
