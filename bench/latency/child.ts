/**
 * `child.ts WARM_UP_SECONDS SECONDS DIR [train]`: the embedded way of a record under an even load. With `train` a model is
 * trained again and again in the second half of the time. Prints LatencyFigures as JSON.
 */
import { join } from 'node:path';
import { trainingInThreads } from '../../cli/monitor/training-threads.ts';
import { systemClock } from '../../core/clock.ts';
import { orThrow } from '../../core/errors.ts';
import { sha256Hex } from '../../core/hash.ts';
import type { Sample } from '../../core/types.ts';
import type { Fold } from '../../detector/fold.ts';
import { foldsFor } from '../../detector/folds.ts';
import { modelIdOf, OfflineRun } from '../../detector/offline.ts';
import { decoderFor } from '../../ingest/decode/index.ts';
import { FileLog } from '../../ingest/file-log/file-log.ts';
import { Partition } from '../../ingest/partition.ts';
import { type NewRecord, noOutputs, type Outputs } from '../../ingest/ports.ts';
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
  /** The same while a model was trained; null where none was. */
  training: { p99Ms: number; verdicts: number; trainings: number; failed: number } | null;
}

const ENTITIES = 1_000;
const METRICS = 5;
/** One record a millisecond: each entity reports once a second. */
const SEND_EVERY_MS = 5;
const CHECKPOINT_MS = 1_000;
/** What there is to train on: a record of each entity every five seconds of more than an hour. */
const PAST_SECONDS = 4_500;
const PAST_STEP_S = 5;
const FILLED_AT_ONCE = 10_000;

const clock = systemClock;
const [, , warmUpSeconds, seconds, dir, train] = process.argv;
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
if (train !== undefined) await fillPast();
let training = false;
const meanwhile: number[] = [];
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
      (training ? meanwhile : latencies).push(nowMs - (windowStartMs + windowMs + config.window.allowedLatenessMs));
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
let trained: Promise<{ trainings: number; failed: number }> | null = null;
for (let sent = 0; ; ) {
  const nowMs = clock.now();
  if (nowMs >= endMs) break;
  measuring = nowMs >= measureFromMs;
  if (train !== undefined && !training && nowMs >= (measureFromMs + endMs) / 2) trained = trainOn();
  const batch: NewRecord[] = [];
  for (; startMs + sent <= nowMs; sent++) batch.push(recordOf(sent));
  const appended = log.append(batch).then(orThrow);
  await Promise.all([clock.sleep(SEND_EVERY_MS), Promise.race([appended, clock.sleep(SEND_EVERY_MS)])]);
}

/** Windows of the last hours in the database, as a fold has judged them. */
async function fillPast(): Promise<void> {
  const { epoch } = await base.claim('past');
  const sample: Sample = { entity: '', timeMs: 0, names: fleet.names, values: fleet.names.map(() => 0) };
  const run = new OfflineRun({ config, decoder: (_v, _at, sink) => sink.sample(sample), selfTrain: false });
  run.serve(artifact, 0);
  const out = noOutputs();
  const untilS = Math.floor(clock.now() / 1000) - 60;
  const record = { offset: 0, appendMs: 0, key: null, value: new Uint8Array() };
  for (let s = untilS - PAST_SECONDS; s < untilS; s += PAST_STEP_S) {
    record.appendMs = sample.timeMs = s * 1000;
    for (const [e, name] of fleet.entities.entries()) {
      sample.entity = name;
      for (let m = 0; m < METRICS; m++) sample.values[m] = fleet.value(e, m, s);
      run.fold.record(record, out);
      record.offset++;
    }
    if (out.verdicts.length < FILLED_AT_ONCE && s + PAST_STEP_S < untilS) continue;
    await base.flush(out, epoch);
    out.verdicts.length = out.incidents.length = out.profiles.length = 0;
  }
}

/** One training after the other until the sending ends. */
async function trainOn(): Promise<{ trainings: number; failed: number }> {
  training = true;
  const service = trainingInThreads(server.url, 'bench');
  const told = { trainings: 0, failed: 0 };
  while (clock.now() < endMs) {
    const effect = {
      id: `e${told.trainings}`,
      decision: `${config.name}-1`,
      kind: 'train',
      seed: 1,
      quarantine: [],
    } as const;
    const done = await service.run(config, { ...effect, toMs: clock.now() }, stop.signal);
    told.trainings++;
    if (done.kind !== 'trained') told.failed++;
  }
  return told;
}

function recordOf(i: number): NewRecord {
  const entity = i % ENTITIES;
  const values: Record<string, number> = {};
  for (const [m, name] of fleet.names.entries()) values[name] = fleet.value(entity, m, Math.floor(i / ENTITIES));
  const text = JSON.stringify({ entity: fleet.entities[entity], time: startMs + i, values });
  return { key: null, value: Buffer.from(text) };
}

const trainings = await trained;
stop.abort();
await running;
await log.close();
await pool.end();
await server.stop();
latencies.sort((a, b) => a - b);
meanwhile.sort((a, b) => a - b);
const at = (p: number, of = latencies): number =>
  of[Math.min(of.length - 1, Math.ceil(p * of.length) - 1)] ?? Number.NaN;
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
  training: trainings && { p99Ms: at(0.99, meanwhile), verdicts: meanwhile.length, ...trainings },
};
console.log(JSON.stringify(figures));
