/** `child.ts WARM_UP_SECONDS SECONDS DIR`: the embedded way of a record under an even load. Prints LatencyFigures as JSON. */
import { join } from 'node:path';
import { systemClock } from '../../core/clock.ts';
import { orThrow } from '../../core/errors.ts';
import { sha256Hex } from '../../core/hash.ts';
import type { Fold } from '../../detector/fold.ts';
import { foldsFor } from '../../detector/folds.ts';
import { modelIdOf } from '../../detector/offline.ts';
import { decoderFor } from '../../ingest/decode/index.ts';
import { FileLog } from '../../ingest/file-log/file-log.ts';
import { Partition } from '../../ingest/partition.ts';
import type { NewRecord, Outputs } from '../../ingest/ports.ts';
import { startPostgres } from '../../store/embedded.ts';
import { silentLogger } from '../../store/logger.ts';
import { migrate } from '../../store/migrate.ts';
import { PostgresModelStore } from '../../store/models.ts';
import { PostgresPartitionStore } from '../../store/partition-store.ts';
import { openPool } from '../../store/pool.ts';
import { defaultStream, Fleet, trainFleet } from '../lib/fleet.ts';

export interface LatencyFigures {
  p50Ms: number;
  p99Ms: number;
  p999Ms: number;
  maxMs: number;
  verdicts: number;
  boundaries: number;
  checkpoints: number;
  checkpointMs: number;
  /** From the first verdict of a boundary handed to the database to its answer. */
  flushMs: number;
  settings: Record<string, string>;
}

const ENTITIES = 1_000;
const METRICS = 5;
/** One record a millisecond: each entity reports once a second. */
const SEND_EVERY_MS = 5;
const CHECKPOINT_MS = 1_000;

const clock = systemClock;
const [, , warmUpSeconds, seconds, dir] = process.argv;
const fleet = new Fleet(ENTITIES, METRICS);
const config = defaultStream();
const { artifact } = trainFleet(fleet, config, 256, ENTITIES);
const server = await startPostgres({ dataDir: dir!, clock, log: silentLogger });
const pool = openPool(server.url);
await migrate(pool);
const settings: Record<string, string> = {};
for (const name of ['fsync', 'synchronous_commit', 'full_page_writes'])
  settings[name] = Object.values((await pool.query(`SHOW ${name}`)).rows[0] as object)[0];

const { log } = orThrow(await FileLog.open({ dir: join(dir!, 'log'), clock, maxBytes: 1 << 30, maxAgeMs: 86_400_000 }));
const base = new PostgresPartitionStore(pool, { stream: config.name, partition: 0, clock, log: silentLogger });
const models = new PostgresModelStore(pool, clock);
const decoder = decoderFor(config);
const flushes: number[] = [];
const checkpoints: number[] = [];
const timed =
  <A extends unknown[], R>(times: number[], call: (...args: A) => Promise<R>) =>
  async (...args: A): Promise<R> => {
    const started = clock.elapsed();
    const result = await call(...args);
    if (measuring) times.push(clock.elapsed() - started);
    return result;
  };
let measuring = false;
const latencies: number[] = [];
const boundaries = new Set<number>();
const partition = new Partition<Fold>({
  log,
  store: {
    claim: (owner) => base.claim(owner),
    controlEntries: (after) => base.controlEntries(after),
    appendControl: (epoch, offset, change) => base.appendControl(epoch, offset, change),
    flush: timed(flushes, (outputs: Outputs, epoch?: number) => base.flush(outputs, epoch)),
    checkpoint: timed(checkpoints, (checkpoint: Parameters<typeof base.checkpoint>[0]) => base.checkpoint(checkpoint)),
    recordLoss: (from, to, reason) => base.recordLoss(from, to, reason),
  },
  models,
  folds: foldsFor(config, decoder),
  clock,
  owner: 'bench',
  checkpointMs: CHECKPOINT_MS,
  idleMs: 60_000,
  onFlushed: (outputs) => {
    const nowMs = clock.now();
    for (const { windowStartMs, windowMs } of measuring ? outputs.verdicts : []) {
      // The record of this very millisecond closes the window: event time is the time at which a record was due.
      latencies.push(nowMs - (windowStartMs + windowMs + config.window.allowedLatenessMs));
      boundaries.add(windowStartMs);
    }
  },
});
await partition.claim();
const stop = new AbortController();
const running = partition.run(stop.signal);
const modelId = modelIdOf(artifact);
await models.put(modelId, config.name, artifact, {});
await partition.change({ kind: 'model', modelId, sha256: sha256Hex(artifact) });

/** Sends what is due by the schedule, however late: the delay counts (no coordinated omission). */
const startMs = clock.now() + 50;
const measureFromMs = startMs + Number(warmUpSeconds) * 1000;
const endMs = measureFromMs + Number(seconds) * 1000;
for (let sent = 0; ; ) {
  const nowMs = clock.now();
  if (nowMs >= endMs) break;
  measuring = nowMs >= measureFromMs;
  const batch: NewRecord[] = [];
  for (; startMs + sent <= nowMs; sent++) batch.push(recordOf(sent));
  const appended = log.append(batch).then(orThrow);
  await Promise.all([clock.sleep(SEND_EVERY_MS), Promise.race([appended, clock.sleep(SEND_EVERY_MS)])]);
}

function recordOf(i: number): NewRecord {
  const entity = i % ENTITIES;
  const values: Record<string, number> = {};
  for (const [m, name] of fleet.names.entries()) values[name] = fleet.value(entity, m, Math.floor(i / ENTITIES));
  const text = JSON.stringify({ entity: fleet.entities[entity], time: startMs + i, values });
  return { key: null, value: Buffer.from(text) };
}

stop.abort();
await running;
await log.close();
await pool.end();
await server.stop();
latencies.sort((a, b) => a - b);
const at = (p: number): number =>
  latencies[Math.min(latencies.length - 1, Math.ceil(p * latencies.length) - 1)] ?? Number.NaN;
const figures: LatencyFigures = {
  p50Ms: at(0.5),
  p99Ms: at(0.99),
  p999Ms: at(0.999),
  maxMs: at(1),
  verdicts: latencies.length,
  boundaries: boundaries.size,
  checkpoints: checkpoints.length,
  checkpointMs: Math.max(...checkpoints),
  flushMs: Math.max(...flushes),
  settings,
};
console.log(JSON.stringify(figures));
