import { existsSync } from 'node:fs';
import path from 'node:path';
import { formatDuration } from '../../core/config/duration.ts';
import { type Config, SOURCE_STREAMS } from '../../core/config/root.ts';
import type { Log } from '../../ingest/ports.ts';
import { CATCH_UP_MS, DemoSource } from './demo-source.ts';
import type { UpOptions } from './options.ts';
import { appender } from './sources.ts';
import type { StreamRuntime } from './stream-runtime.ts';
import { type TrainingAnswer, trainInThread } from './training.ts';

const fleetFile = (config: Config): string => path.join(config.dataDir, 'demo-fleet.json');

/** Begins with the fleet's history where it has none yet: it needs no database, so it is lived through meanwhile. */
export const historyOfFirstStart = (options: UpOptions): Promise<TrainingAnswer> | null =>
  existsSync(fleetFile(options.config)) ? null : trainOnHistory(options);

/** The demo fleet as a source of its stream; null where it is switched off. */
export function demoSource(
  options: UpOptions,
  runtimes: ReadonlyMap<string, StreamRuntime>,
  logs: ReadonlyMap<string, Log>,
): DemoSource | null {
  const { config, clock, say, logger } = options;
  const log = logs.get(SOURCE_STREAMS.demo);
  const runtime = runtimes.get(SOURCE_STREAMS.demo);
  if (!config.sources.demo.enabled || log === undefined || runtime === undefined) return null;
  return new DemoSource({
    seed: config.sources.demo.seed,
    stepMs: config.sources.demo.stepMs,
    clock,
    file: fleetFile(config),
    newestMs: () => runtime.newestMs,
    append: appender(options, log),
    say: (message) => say(`demo: ${message}`),
    onError: (err, what) => logger.error({ err }, what),
  });
}

/** Lives through the fleet's history and trains on it, in a thread; null where the fleet has none. */
function trainOnHistory({ config, clock }: UpOptions): Promise<TrainingAnswer> | null {
  const { enabled, seed, stepMs, historyMs } = config.sources.demo;
  const stream = config.streams.find(({ name }) => name === SOURCE_STREAMS.demo);
  if (!enabled || historyMs === 0 || stream === undefined) return null;
  const endMs = Math.floor((clock.now() - CATCH_UP_MS) / stepMs) * stepMs;
  const answer = trainInThread({ kind: 'fleet', config: stream, seed, startMs: endMs - historyMs, endMs, stepMs });
  // Awaited later; a failure until then must not end the process unheard.
  answer.catch(() => undefined);
  return answer;
}

/** Without a model yet, the forest of the fleet's history goes into service first; its present goes on from there. */
export async function startDemo(
  options: UpOptions,
  demo: DemoSource,
  runtime: StreamRuntime,
  history: Promise<TrainingAnswer> | null,
): Promise<void> {
  const { logger, say, signal } = options;
  // What the log holds beyond the last checkpoint tells how far the fleet has come.
  await runtime.caughtUp(signal);
  if (runtime.modelId !== '') say(`demo: the forest serves (model ${runtime.modelId})`);
  else if (runtime.newestMs === Number.NEGATIVE_INFINITY) {
    try {
      await serveHistory(options, demo, runtime, history);
    } catch (err) {
      if (signal.aborted) return;
      logger.error({ err }, 'the demo fleet could not be trained on its history');
      say('demo: training on its history failed, so the fallback judges (tidewatch.log says why)');
    }
  }
  if (!signal.aborted) demo.start();
}

async function serveHistory(
  options: UpOptions,
  demo: DemoSource,
  runtime: StreamRuntime,
  history: Promise<TrainingAnswer> | null,
): Promise<void> {
  const { config, clock, say, logger } = options;
  const training = history ?? trainOnHistory(options);
  if (training === null) return;
  const span = formatDuration(config.sources.demo.historyMs);
  say(`demo: lives through ${span} of history and trains its first forest …`);
  const startedMs = clock.elapsed();
  const answer = await training;
  if (!answer.ok) {
    const { code, detail } = answer.fault;
    logger.warn({ fault: answer.fault }, 'the demo fleet could not be trained on its history');
    say(`demo: its history does not train a forest, so the fallback judges (${code}: ${detail})`);
    return;
  }
  const { artifact, summary, fleet } = answer.value;
  // Saved first: a process that dies in between must find the fleet where its history ended, not at another beginning.
  if (fleet !== null) demo.continueFrom(fleet);
  await runtime.serve(artifact, { ...summary, origin: 'history of the demo fleet' });
  const seconds = ((clock.elapsed() - startedMs) / 1000).toFixed(1);
  const size = `${summary.rows} windows, ${Math.round(artifact.length / 1024)} KiB`;
  say(`demo: the forest serves after ${seconds} s (${size}); inject a fault and watch`);
}
