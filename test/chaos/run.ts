import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { systemClock } from '../../core/clock.ts';
import { parseConfig } from '../../core/config/parse.ts';
import type { StreamConfig } from '../../core/config/stream.ts';
import { orThrow } from '../../core/errors.ts';
import { builtProgram } from '../program.ts';
import { check, type Findings } from './check.ts';
import type { Arena, Fault } from './fault.ts';
import { sendLoad } from './load.ts';
import { gather } from './remains.ts';
import type { Site } from './site.ts';
import { Trail } from './trail.ts';
import { Workers } from './workers.ts';

export interface RunOptions {
  site: Site;
  fault: Fault | null;
  seed: number;
  /** Windows of load and its entities: their product is about how many verdicts there will be. */
  windows: number;
  entities: number;
  /** Event time a second of the clock. */
  speed: number;
  say: (line: string) => void;
}

export interface Outcome extends Findings {
  name: string;
  strikes: number;
  traces: number;
  /** Longest time without progress while records waited, and from the end of load and faults until none did. */
  gapMs: number;
  recoveredMs: number;
  respawned: number;
  records: number;
  peakRssMib: number;
}

const clock = systemClock;
const PARTITIONS = 4;
const WORKERS = 2;
const WINDOW_MS = 10_000;
const BACK_MS = 6 * 3_600_000;
const LOOK_MS = 250;
const WARM_MS = 1_500;
const JOINED_WITHIN_MS = 90_000;
/** Far above the recovery budget: what is slow is told, what is stuck fails. */
const REST_WITHIN_MS = 120_000;

/** One fault under load, from an empty topic to the verdict of the checker. fault: null for a run without any. */
export async function runFault(options: RunOptions): Promise<Outcome> {
  const { site, fault, seed } = options;
  const name = (fault?.name ?? 'nothing').toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
  const topic = `chaos-${name}-${seed}`;
  const deadLetterTopic = `${topic}-letters`;
  const file = path.join(site.dir, `${topic}.json`);
  const config = {
    kafka: {
      brokers: fault?.proxied ? site.kafkaProxy.address : site.kafka.address,
      groupId: topic,
      sessionTimeout: '6s',
      rebalanceTimeout: '10s',
      deadLetterTopic,
    },
    database: { url: fault?.proxied ? site.postgresProxyUrl : site.postgres.url },
    sources: { host: { enabled: false }, demo: { enabled: false }, http: { enabled: false } },
    // so that the first model is trained and comes into force in the middle of the run
    streams: [
      { name: topic.replaceAll(/[^a-z0-9-]/g, '').slice(0, 60), topic, training: { windows: 64, minWindows: 64 } },
    ],
  };
  writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
  const stream = orThrow(parseConfig({ object: config })).config.streams[0]!;
  await site.makeTopic(topic, PARTITIONS);

  const workers = new Workers(await builtProgram(), file, path.join(site.dir, `${topic}.log`), fault?.odd);
  site.kafkaProxy.forget();
  site.postgresProxy.forget();
  const over = new AbortController();
  const trail = new Trail(site, stream.name, workers);
  const looking = trail.follow(over.signal);
  const looked = async () => {
    over.abort();
    await looking;
  };
  try {
    return await underLoad({ ...options, topic, deadLetterTopic, stream, workers, trail, looked });
  } finally {
    await looked();
    await workers.close();
  }
}

interface Scene extends RunOptions {
  topic: string;
  deadLetterTopic: string;
  stream: StreamConfig;
  workers: Workers;
  trail: Trail;
  looked: () => Promise<void>;
}

/** From the start of the workers on, who may still run when it throws. */
async function underLoad(scene: Scene): Promise<Outcome> {
  const { site, fault, seed, say, topic, deadLetterTopic, stream, workers, trail } = scene;
  for (let i = 0; i < WORKERS; i++) workers.start();
  await until(
    workers,
    'the workers have joined',
    JOINED_WITHIN_MS,
    async () => workers.said(/"msg":"claimed"/) >= PARTITIONS,
  );

  const producer = await site.cluster.producer();
  const loadOver = new AbortController();
  const neverEnds = new AbortController().signal;
  const order = {
    topic,
    producer,
    clock,
    seed,
    startMs: Math.floor((clock.now() - BACK_MS) / WINDOW_MS) * WINDOW_MS,
    entities: scene.entities,
    windows: scene.windows * (fault?.windowsFactor ?? 1),
    windowMs: WINDOW_MS,
    speed: scene.speed * (fault?.speedFactor ?? 1),
    poisonPercent: fault?.poisonPercent ?? 1,
    signal: neverEnds,
  };
  const sending = sendLoad(order).then((first) => (fault?.again ? sendLoad(order, first) : first));
  const load = sending.finally(() => loadOver.abort());
  const arena: Arena = { site, workers, signal: loadOver.signal, stream, groupId: topic, kept: new Map(), gone: [] };
  let strikes = 0;
  if (fault !== null) {
    await clock.sleep(WARM_MS);
    while (!loadOver.signal.aborted || strikes === 0) {
      strikes++;
      await fault.strike(arena);
      await clock.sleep(fault.everyMs, loadOver.signal);
    }
  }
  const sent = await load;
  await producer.close();
  while (workers.count < WORKERS) {
    workers.start();
  }
  const endedMs = clock.elapsed();
  await until(workers, 'everything that was sent is saved', REST_WITHIN_MS, () => atRest(site, stream));
  const recoveredMs = clock.elapsed() - endedMs;
  const traces = fault === null ? 0 : await fault.traces(arena);
  const codes = await workers.close();
  await scene.looked();
  const remains = await gather({
    cluster: site.cluster,
    pool: site.pool,
    stream,
    partitions: PARTITIONS,
    deadLetterTopic,
    acknowledged: sent.acknowledged,
    looks: trail.looks,
    kept: arena.kept,
    gone: arena.gone,
    peakRssMib: workers.peakRssMib,
  });
  const found = check(remains);
  if (fault !== null && traces === 0) found.broken.push('the fault left no trace: it was not exercised');
  for (const code of codes)
    if (code !== 0) found.broken.push(`a worker that was asked to stop ended with code ${code}`);
  const outcome = { name: fault?.name ?? 'nothing broken', strikes, traces, gapMs: trail.gapMs, recoveredMs };
  const records = [...sent.acknowledged.values()].reduce((sum, n) => sum + n, 0);
  say(`${outcome.name}: ${found.verdicts} verdicts, ${found.broken.length === 0 ? 'as undisturbed' : 'BROKEN'}`);
  return { ...outcome, ...found, respawned: workers.respawned, records, peakRssMib: workers.peakRssMib };
}

async function atRest(site: Site, stream: StreamConfig): Promise<boolean> {
  // PostgreSQL or Kafka is on its way back, and so not at rest
  return (await site.lag(stream).catch(() => Number.NaN)) === 0;
}

async function until(workers: Workers, what: string, withinMs: number, holds: () => Promise<boolean>): Promise<void> {
  const endMs = clock.elapsed() + withinMs;
  while (!(await holds())) {
    if (clock.elapsed() > endMs) throw new Error(`not within ${withinMs / 1000} s: ${what}\n${workers.tail()}`);
    await clock.sleep(LOOK_MS);
  }
}
