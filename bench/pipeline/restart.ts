import { systemClock } from '../../core/clock.ts';
import { cpuMs } from './proc.ts';
import type { Sender } from './sender.ts';
import type { Site } from './site.ts';
import { Visible } from './visible.ts';
import { Worker } from './worker.ts';

export interface RestartFigures {
  /** From the signal to the first new verdict of the worker that was started as soon as the first had ended. */
  sigtermS: number;
  exitCode: number | null;
  sigkillS: number;
  /** Share of a core of a worker without traffic, percent. */
  idlePercent: number;
}

const ENTITIES = 1_000;
/** The fleet's clock runs twenty times as fast as ours: windows end twice a second. */
const RATE_PER_S = 20_000;
const RECORDS = RATE_PER_S * 180;
const WARM_MS = 4_000;
const SETTLE_MS = 9_000;
const IDLE_MS = 10_000;
const WITHIN_MS = 60_000;
const clock = systemClock;

/** A worker under traffic is told to stop, then killed; each time another one is started at once. Then traffic ends. */
export async function restarts(site: Site, artifact: Uint8Array): Promise<RestartFigures> {
  const load = await site.topic('restarted', { entities: ENTITIES, metrics: 5, records: RECORDS });
  const stream = await site.stream('restarted', artifact);
  const start = (): Promise<Worker> => Worker.start(site, { stream, topic: load.topic, group: stream });
  const visible = new Visible(site.pool, stream, ENTITIES, clock);
  const verdict = (): Promise<void> =>
    visible.until((fresh) => fresh.length > 0, WITHIN_MS, 'a verdict after a restart');
  let worker = await start();
  let sender: Sender | null = null;
  try {
    await worker.serving();
    sender = await site.sender(load, RATE_PER_S);
    const again = async (end: () => Promise<unknown>): Promise<number> => {
      await verdict();
      await clock.sleep(WARM_MS);
      const startedMs = clock.elapsed();
      await end();
      await visible.look();
      worker = await start();
      await verdict();
      return (clock.elapsed() - startedMs) / 1_000;
    };
    let exitCode: number | null = null;
    const sigtermS = await again(async () => {
      exitCode = await worker.stop();
    });
    const sigkillS = await again(() => worker.kill());
    await sender.stop();
    sender = null;
    await clock.sleep(SETTLE_MS);
    const [beforeMs, fromMs] = [cpuMs(worker.pid), clock.elapsed()];
    await clock.sleep(IDLE_MS);
    const idlePercent = (100 * (cpuMs(worker.pid) - beforeMs)) / (clock.elapsed() - fromMs);
    return { sigtermS, exitCode, sigkillS, idlePercent };
  } finally {
    await sender?.stop();
    await worker.stop();
    await site.forget(stream);
  }
}
