import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { expect } from 'vitest';
import { ManualClock } from '../../core/clock.ts';
import { type FixtureOptions, FixtureWorld, WINDOW_MS } from './fixture.ts';
import { FixtureMonitor } from './fixture-monitor.ts';
import { fixtureApp } from './server.ts';

/** 14:30 UTC on a Wednesday. Everything the pages show follows from it, on every machine and every day. */
export const END_MS = Date.UTC(2026, 0, 7, 14, 30);
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export interface Violation {
  id: string;
  nodes: string[];
}

/** The fixture behind a real server, its clock in the hands of the test. */
export class ConsoleHarness {
  readonly world: FixtureWorld;
  readonly clock = new ManualClock(END_MS);
  readonly monitor: FixtureMonitor;
  #looked = false;
  app!: FastifyInstance;
  base = '';

  constructor(options: Partial<FixtureOptions> = {}) {
    this.world = new FixtureWorld({ endMs: END_MS, historyMs: 2 * 3_600_000, ...options });
    this.monitor = new FixtureMonitor(this.world, this.clock);
  }

  /** looked: whether the monitor has a history. */
  async start(demo = true, port = 0, looked = demo): Promise<void> {
    if (!this.#looked) await this.monitor.start(!looked);
    this.#looked = true;
    this.app = await fixtureApp(this.world, this.clock, demo, this.monitor);
    await this.app.listen({ host: '127.0.0.1', port });
    this.base = `http://127.0.0.1:${(this.app.server.address() as AddressInfo).port}`;
  }

  /** One window later. */
  async step(): Promise<void> {
    this.world.step();
    this.clock.advance(WINDOW_MS);
    // Whatever waited on the clock continues in microtasks and short I/O.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

export interface View {
  context: BrowserContext;
  page: Page;
  /** Console errors, uncaught exceptions and failed requests. */
  errors: string[];
}

/** credentials: what a person would type when the browser asks for a name and a password. */
export async function openView(
  browser: Browser,
  { width = 1440, height = 900, dark = false } = {},
  credentials?: { username: string; password: string },
): Promise<View> {
  const context = await browser.newContext({
    ...(credentials === undefined ? {} : { httpCredentials: credentials }),
    viewport: { width, height },
    colorScheme: dark ? 'dark' : 'light',
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  page.setDefaultTimeout(8_000);
  const errors: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') errors.push(message.text());
  });
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('response', (response) => {
    if (response.status() >= 400) errors.push(`${response.status()} ${response.url()}`);
  });
  return { context, page, errors };
}

/** Opens a page and waits until nothing is loading any more. */
export async function visit(page: Page, url: string): Promise<void> {
  // An address that differs behind the # alone would be shown without a load, and the page before it found instead.
  if (url.includes('#')) await page.goto('about:blank');
  await page.goto(url);
  await loaded(page);
}

async function loaded(page: Page): Promise<void> {
  await page.locator('h1').first().waitFor();
  await page
    .getByText(/^Loading /)
    .first()
    .waitFor({ state: 'detached' });
  await page.getByText('Reading the state …').waitFor({ state: 'detached' });
}

/** Follows an address within the console that is open, as its links do. */
export async function follow(page: Page, address: string): Promise<void> {
  await page.evaluate((to) => {
    interface Here {
      document: { querySelector(selector: string): { dataset: Record<string, string> } };
      history: { pushState(state: null, title: string, address: string): void };
      dispatchEvent(event: Event): void;
    }
    const here = globalThis as unknown as Here;
    here.document.querySelector('main > *').dataset.left = 'yes';
    here.history.pushState(null, '', to);
    here.dispatchEvent(new Event('tidewatch:navigate'));
  }, address);
  await page.locator('[data-left]').waitFor({ state: 'detached' });
  await loaded(page);
}

/** what: every rule, or those that a change of colours alone can break. */
export async function axeViolations(page: Page, what: 'all' | 'colours' = 'all'): Promise<Violation[]> {
  // Once a document, and only where it is asked for: it is ten times the size of the page.
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(AXE);
  return page.evaluate(async (options) => {
    interface Result {
      violations: { id: string; nodes: { html: string; failureSummary?: string }[] }[];
    }
    const { axe } = globalThis as unknown as { axe: { run(options: object): Promise<Result> } };
    const { violations } = await axe.run(options);
    return violations.map((v) => ({
      id: v.id,
      nodes: v.nodes.slice(0, 5).map((n) => `${n.html} ${n.failureSummary ?? ''}`),
    }));
  }, AXE_OPTIONS[what]);
}

/** What is counted is what is violated; the rest of axe's answer takes longer to make than to find. */
const AXE_OPTIONS = {
  all: { resultTypes: ['violations'] },
  colours: { resultTypes: ['violations'], runOnly: { type: 'rule', values: ['color-contrast', 'link-in-text-block'] } },
};

export const SIZES = [
  { name: 'wide', width: 1440, height: 900 },
  { name: 'phone', width: 390, height: 844 },
] as const;
const BETWEEN_PX = [1_200, 1_024, 900, 700, 360];

/**
 * Holds the page that is open to what every page must be, whatever it shows: no violation in either theme and size with
 * everything unfolded, and no sideways scrolling at these and other widths. The theme changes colours alone, so that the
 * other rules hold in both or in none.
 */
export async function holdsEverywhere(page: Page, name: string): Promise<void> {
  const closed = page.locator('details:not([open]) > summary');
  while ((await closed.count()) > 0) await closed.first().click();
  for (const { name: size, ...viewport } of SIZES) {
    await page.setViewportSize(viewport);
    await page.emulateMedia({ colorScheme: 'light' });
    expect(await axeViolations(page), `${name}, ${size}, light`).toEqual([]);
    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await axeViolations(page, 'colours'), `${name}, ${size}, dark`).toEqual([]);
    expect(await overflowPx(page), `${name}, ${size}`).toBe(0);
  }
  for (const width of BETWEEN_PX) {
    await page.setViewportSize({ width, height: 800 });
    expect(await overflowPx(page), `${name} at ${width}`).toBe(0);
  }
  await page.setViewportSize(SIZES[0]);
}

/** How much wider than the screen the page is, in CSS pixels. */
export async function overflowPx(page: Page): Promise<number> {
  return page.evaluate(() => {
    interface Box {
      scrollWidth: number;
      clientWidth: number;
    }
    const { document } = globalThis as unknown as { document: { documentElement: Box } };
    return document.documentElement.scrollWidth - document.documentElement.clientWidth;
  });
}
