import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { loadConfig } from '../../../cli/load-config.ts';
import { runMonitor } from '../../../cli/monitor/process.ts';
import { monitorStores } from '../../../cli/monitor/stores.ts';
import { type Clock, systemClock } from '../../../core/clock.ts';
import type { Decision, MonitorState } from '../../../monitor/types.ts';
import { freePort, until } from '../../e2e/up.ts';
import type { TestDatabase } from '../../postgres.ts';
import { FoldedStream, STREAM } from '../monitor/site.ts';
import { tidewatch } from './tidewatch.ts';

/** Between two requests of a person there is more time than between those of a test. */
const PATIENT_CLOCK: Clock = { ...systemClock, elapsed: () => 50 * systemClock.elapsed() };

export const POLICY = { approval: true, retrainsPerMonth: 1 };
export type OperatorSite = Awaited<ReturnType<typeof openSite>>;

/** A monitor process on a real database with a stream that has a champion, and what an operator types beside it. */
export async function openSite(database: TestDatabase) {
  const dir = mkdtempSync(path.join(tmpdir(), 'tidewatch-operator-'));
  const file = path.join(dir, 'tidewatch.yaml');
  const stores = monitorStores(database.pool, systemClock);
  const stream = new FoldedStream(database);
  const stop = new AbortController();
  const port = await freePort();
  const { name } = STREAM;
  const config = {
    dataDir: dir,
    http: { port },
    database: { url: database.url },
    streams: [
      {
        name,
        topic: name,
        window: { size: '1s', allowedLateness: '1s' },
        profile: { grain: '10s', interval: '1m' },
        training: { windows: 256, minWindows: 128 },
        detector: { alertRate: 0.01 },
        policy: POLICY,
      },
    ],
  };
  writeFileSync(file, JSON.stringify(config));
  const about = { ...loadConfig({ file, env: {} }), clock: PATIENT_CLOCK, version: '1', signal: stop.signal };
  const running = runMonitor({ ...about, logger: pino({ level: 'silent' }) });
  const state = async (): Promise<MonitorState> => (await stores.monitor.state(name))!;
  const said = (...args: string[]) => tidewatch(...args, '--file', file);
  return {
    database,
    dir,
    file,
    url: `http://127.0.0.1:${port}`,
    stores,
    stream,
    state,
    said,
    asked: async <T>(...args: string[]): Promise<T> => JSON.parse((await said(...args, '--json')).out) as T,
    lastDecision: async (): Promise<Decision> => (await stores.monitor.decision('latest'))!.decision,
    begin: async () => {
      await stream.claim();
      await stream.pass(400);
      await stream.train();
      await until('it is adopted', async () => (await stores.monitor.state(name))?.serving.champion ?? null);
      await stream.pass(30);
      await until('it has looked', async () => (await state()).seen);
    },
    /** Everything that was folded has been looked at. */
    settled: async () => {
      const wholeMs = Math.floor((stream.fold.watermarkMs - 1_000) / 10_000) * 10_000;
      await until('it has looked', async () => ((await state()).seen?.atMs ?? 0) >= wholeMs);
    },
    end: async () => {
      stop.abort();
      await running;
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
