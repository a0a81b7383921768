import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { runMonitor } from '../../cli/monitor/process.ts';
import { systemClock } from '../../core/clock.ts';
import { rootConfig } from '../../core/config/root.ts';
import { startPostgres } from '../../store/embedded.ts';
import { silentLogger } from '../../store/logger.ts';
import { migrate } from '../../store/migrate.ts';
import { openPool } from '../../store/pool.ts';
import { launchChromium } from '../chromium.ts';
import { HOUR_MS, Run, STREAM } from '../dashboards/runs/run.ts';
import { freePort, until } from '../e2e/up.ts';
import { openView, visit } from './console.ts';

const DAY_MS = 24 * HOUR_MS;
const HISTORY_DAYS = 28;
const HEALTHY_DAYS = 4;
const CHANGED_DAYS = 14;

/**
 * `npx tsx test/console/story.ts [OUT]`: the README's pictures of drift and models, from a real monitor over a database in
 * which a fleet changed its ways two weeks ago. Takes some minutes: weeks of event time pass, up to now.
 */
async function main(out = 'docs/images'): Promise<void> {
  const { browser } = await launchChromium();
  if (browser === null) return;
  const dataDir = mkdtempSync(path.join(tmpdir(), 'tidewatch-story-'));
  const server = await startPostgres({ dataDir, clock: systemClock, log: silentLogger });
  const pool = openPool(server.url);
  try {
    await migrate(pool);
    const days = HISTORY_DAYS + HEALTHY_DAYS + CHANGED_DAYS;
    const startMs = Math.floor(systemClock.now() / HOUR_MS) * HOUR_MS - days * DAY_MS;
    const run = await Run.begin({
      database: { url: server.url, pool },
      startMs,
      historyDays: HISTORY_DAYS,
      policy: {},
    });
    await run.hours(HEALTHY_DAYS * 24);
    run.strike({ kind: 'shift', rampMs: 0, sd: 1, metricShare: 0.5 });
    await run.hours(CHANGED_DAYS * 24);
    await run.end();

    const port = await freePort();
    const parsed = rootConfig.parse({ database: { url: server.url }, http: { port } });
    const config = { ...parsed, streams: [run.stream] };
    const stop = new AbortController();
    const about = { config, file: null, clock: systemClock, logger: pino({ level: 'silent' }), version: '0.1.0' };
    const ended = runMonitor({ ...about, signal: stop.signal });
    const url = `http://127.0.0.1:${port}`;
    await until('the console answers', () =>
      fetch(url).then(
        ({ ok }) => ok,
        () => false,
      ),
    );
    const { page, errors } = await openView(browser, { width: 1440, height: 900 });
    for (const [name, address] of [
      ['drift', `/#/drift/${STREAM}?range=14d`],
      ['models', `/#/models/${STREAM}?range=30d`],
    ] as const) {
      await visit(page, url + address);
      await page.waitForTimeout(500); // the last frame of the charts
      await page.screenshot({ path: path.join(out, `${name}.png`) });
    }
    for (const error of errors) console.error(error);
    stop.abort();
    await ended;
  } finally {
    await browser.close();
    await pool.end();
    await server.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

await main(process.argv[2]);
