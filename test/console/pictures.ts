import path from 'node:path';
import type { Page } from 'playwright-core';
import { FaultInjector } from '../../scenarios/faults/injector.ts';
import { Fleet } from '../../scenarios/fleet/fleet.ts';
import { FLEET_ENTITIES, METRICS } from '../../scenarios/fleet/services.ts';
import { launchChromium } from '../chromium.ts';
import { Home, type Up } from '../e2e/up.ts';
import { openView, visit } from './console.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const STEP_MS = 60_000;
const LEARNED_DAYS = 4;
const SEEN_DAYS = 5;
const CHANGED_HOURS = 30;
/** An hour: within a request one entity comes after the other, and none may be late. */
const LINES_A_REQUEST = 12 * 60;
const YAML = `
streams:
  - name: telemetry
    window: { size: 2m, allowedLateness: 90m }
    training: { windows: 2500 }
`;

/**
 * `npx tsx test/console/pictures.ts [OUT]`: the pictures of the README, from a running process. The demo fleet gets two
 * faults; then a week of telemetry of another fleet is sent, whose last hours are otherwise.
 */
async function main(out = 'docs/images'): Promise<void> {
  const { browser } = await launchChromium();
  if (browser === null) return;
  const home = await Home.make(YAML);
  try {
    const up = home.start();
    await up.forest();
    await up.home.cli(['inject', 'latency_step', '--entity', 'checkout']);
    await up.home.cli(['inject', 'leak', '--entity', 'search']);
    await up.wait('two incidents', async () => (await openOf(up, 'checkout')) && openOf(up, 'search'), 240_000);
    await up.wait('a few minutes of it', async () => minutesSince(await openedMs(up)) > 2, 240_000);
    const wide = await openView(browser, { width: 1440, height: 900 });
    const phone = await openView(browser, { width: 390, height: 844 });
    const take = async (page: Page, address: string, name: string) => {
      await visit(page, home.url + address);
      await page.waitForTimeout(500); // the last frame of the charts
      await page.screenshot({ path: path.join(out, `${name}.png`) });
    };
    await take(wide.page, '/', 'overview');
    await take(phone.page, '/', 'overview-phone');
    await take(wide.page, '/entities/demo/checkout?range=15m', 'entity');
    await sendWeek(up);
    await up.wait('every look of the monitor', () => newestLook(up), 240_000);
    await take(wide.page, '/#/drift/telemetry?range=3d', 'drift');
    await take(wide.page, '/#/models/telemetry', 'models');
    for (const error of [...wide.errors, ...phone.errors]) console.error(error);
  } finally {
    await browser.close();
    await home.remove();
  }
}

/** Learned from, then seen by the monitor, then changed: everything takes longer and needs more memory. */
async function sendWeek(up: Up): Promise<void> {
  const startMs = Math.floor((Date.now() - (LEARNED_DAYS + SEEN_DAYS) * DAY_MS) / STEP_MS) * STEP_MS;
  const fleet = new Fleet({ seed: 11, startMs, stepMs: STEP_MS });
  const faults = new FaultInjector(
    11,
    FLEET_ENTITIES.map((entity) => [entity, METRICS] as const),
  );
  let lines: string[] = [];
  const sink = {
    sample: ({
      entity,
      timeMs,
      names,
      values,
    }: {
      entity: string;
      timeMs: number;
      names: string[];
      values: number[];
    }) =>
      void lines.push(
        JSON.stringify({ entity, time: timeMs, values: Object.fromEntries(names.map((n, i) => [n, values[i]])) }),
      ),
    event: () => undefined,
  };
  const send = async () => {
    const answer = await fetch(`${up.home.url}/api/records`, { method: 'POST', body: lines.join('\n') });
    if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
    lines = [];
  };
  const changedMs = Date.now() - CHANGED_HOURS * HOUR_MS;
  let learned = false;
  let changed = false;
  while (fleet.timeMs < Date.now() - STEP_MS) {
    if (!changed && fleet.timeMs >= changedMs) {
      changed = true;
      for (const entity of FLEET_ENTITIES)
        for (const fault of ['latency_step'])
          faults.inject({ fault, entity, durationMs: DAY_MS, magnitude: 0.4 }, fleet.timeMs);
    }
    fleet.step({ sample: (sample) => faults.apply(sample, sink), event: () => undefined });
    if (lines.length >= LINES_A_REQUEST) await send();
    // Not faster than the monitor looks: event time that runs ahead of it means that nobody watches.
    const { timeMs } = fleet;
    if (learned && timeMs % (8 * HOUR_MS) === 0)
      await up.wait('the monitor follows', () => lookedUntil(up, timeMs - 10 * HOUR_MS));
    if (!learned && fleet.timeMs >= startMs + LEARNED_DAYS * DAY_MS) {
      learned = true;
      await send();
      await up.wait('the forest serves it', async () => (await up.stream('telemetry')).source === 'forest', 120_000);
      await up.wait('the monitor has it', async () => (await ledger(up)).length > 0, 60_000);
    }
  }
  await send();
}

const ledger = async (up: Up) => (await up.get<{ entries: object[] }>('/api/decisions?stream=telemetry')).entries;

const newestLook = (up: Up): Promise<boolean> => lookedUntil(up, Date.now() - 3 * HOUR_MS);

async function lookedUntil(up: Up, ms: number): Promise<boolean> {
  const { streams } = await up.get<{ streams: { stream: string; state: { seen: { atMs: number } | null } | null }[] }>(
    '/api/monitor',
  );
  const seen = streams.find(({ stream }) => stream === 'telemetry')?.state?.seen;
  return seen !== null && seen !== undefined && seen.atMs > ms;
}

interface Opened {
  incidents: { startMs: number }[];
}
const openOf = async (up: Up, entity: string): Promise<boolean> =>
  (await up.get<Opened>(`/api/incidents?open=true&stream=demo&entity=${entity}`)).incidents.length > 0;
const openedMs = async (up: Up): Promise<number> =>
  (await up.get<Opened>('/api/incidents?open=true&stream=demo&entity=checkout')).incidents[0]!.startMs;
const minutesSince = (ms: number): number => (Date.now() - ms) / 60_000;

await main(process.argv[2]);
