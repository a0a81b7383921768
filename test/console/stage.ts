import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe } from 'vitest';
import { launchChromium } from '../chromium.ts';
import { ConsoleHarness, follow, openView, type View, visit } from './console.ts';
import { type FixtureOptions, PLANTED } from './fixture.ts';

const SETUP_MS = 240_000;
/** Long enough for two open incidents, and quick to make; the fixture's whole story takes a second. */
export const SHORT_HISTORY_MS = 20 * 60_000;

/** One browser a test file, whatever the number of its describes. */
const found = await launchChromium();
export const browser = found.browser as Browser;
afterAll(() => found.browser?.close());

export const describeInChromium = describe.skipIf(found.browser === null);

export interface Stage {
  readonly harness: ConsoleHarness;
  readonly view: View;
  readonly page: Page;
  /** Opens an address of the console and waits until nothing is loading. */
  open(address: string): Promise<void>;
  /** As a link of the page that is open would, without loading everything anew. */
  go(address: string): Promise<void>;
  region(name: string): Locator;
  heading(name: string | RegExp): Promise<void>;
}

export interface StageOptions extends Partial<FixtureOptions> {
  /** False: no demo fleet. */
  demo?: boolean;
  /** False: the monitor has no history. As demo where it is left out. */
  looked?: boolean;
}

/**
 * A console behind a server and an open page of it. `test`: for each test anew, where tests change things; `file`: one for
 * all tests of the describe, which then must leave things as they were.
 */
export function stage(each: 'test' | 'file', { demo = true, looked = demo, ...options }: StageOptions = {}): Stage {
  let harness: ConsoleHarness;
  let view: View;
  const begin = async () => {
    const historyMs = options.historyMs ?? SHORT_HISTORY_MS;
    // What began before the history would all begin with it.
    const planted = PLANTED.filter(({ beforeEndMs }) => beforeEndMs < historyMs);
    harness = new ConsoleHarness({ historyMs, planted, ...options });
    await harness.start(demo, 0, looked);
    view = await openView(browser);
  };
  const end = async () => {
    await view.context.close();
    await harness.app.close();
  };
  if (each === 'test') {
    beforeEach(begin, SETUP_MS);
    afterEach(end);
  } else {
    beforeAll(begin, SETUP_MS);
    beforeEach(() => {
      view.errors.length = 0;
    });
    afterAll(end);
  }
  return {
    get harness() {
      return harness;
    },
    get view() {
      return view;
    },
    get page() {
      return view.page;
    },
    open: (address) => visit(view.page, harness.base + address),
    go: (address) => follow(view.page, address),
    region: (name) => view.page.getByRole('region', { name, exact: true }),
    heading: (name) => view.page.getByRole('heading', { level: 1, name }).waitFor(),
  };
}
