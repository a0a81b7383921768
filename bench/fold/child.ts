/** `child.ts ENTITIES WINDOWS`: the fold over a prepared load, in a process of its own. Prints FoldFigures as JSON. */
import { createHash } from 'node:crypto';
import { verdictHash } from '../../core/hash.ts';
import { Random } from '../../core/random.ts';
import { EVIDENCE } from '../../detector/evidence.ts';
import { Fold } from '../../detector/fold.ts';
import { noOutputs } from '../../ingest/ports.ts';
import { defaultStream, Fleet, PreparedSamples, START_MS, trainFleet } from '../lib/fleet.ts';
import { median } from '../lib/section.ts';

export interface FoldFigures {
  trainMs: number;
  trainedEntities: number;
  cross: boolean;
  /** CPU time of the process and wall time, nanoseconds a point; the load's own share of the CPU time. */
  cpuNs: number;
  wallNs: number;
  loadNs: number;
  /** Reading the same records with JSON.parse, nanoseconds a point. */
  parseNs: number;
  verdicts: number;
  explainedShare: number;
  scoreUs: number;
  /** Of the first verdicts; empty for large fleets. */
  hash: string;
}

const METRICS = 5;
const SECONDS = 10;
const TRAINING_WINDOWS = 300;
const TRAINED = 1000;
const WARM_UP_WINDOWS = 16;
const HASHED_WINDOWS = 10;
const ROUNDS = 3;

const entities = Number(process.argv[2]);
const windows = Number(process.argv[3]);
const fleet = new Fleet(entities, METRICS);
const config = defaultStream();
const { model, trainMs, cross } = trainFleet(fleet, config, TRAINING_WINDOWS, TRAINED);
const load = new PreparedSamples(fleet);
const fold = new Fold(config, load.decoder);
// A fleet beyond the size of an artifact is served all the same: what grows is the memory that a window touches.
fold.state.crown('bench', model);
const out = noOutputs();
const record = { offset: 0, appendMs: 0, key: null, value: new Uint8Array() };
const hash = createHash('sha256');
let hashing = entities <= TRAINED;
let verdicts = 0;
let explained = 0;
let second = 0;

function foldSecond(): void {
  for (let e = 0; e < entities; e++) {
    load.fill(e, second);
    record.appendMs = load.sample.timeMs;
    fold.record(record, out);
    record.offset++;
  }
  verdicts += out.verdicts.length;
  for (const verdict of out.verdicts) {
    if (verdict.attributions.length > 0) explained++;
    if (hashing) hash.update(verdictHash(verdict));
  }
  out.verdicts.length = 0;
  out.incidents.length = 0;
}

const cpuMs = (since?: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
};

for (let w = 0; w < WARM_UP_WINDOWS; w++, second += SECONDS) foldSecond();
for (let s = 0; s < HASHED_WINDOWS * SECONDS && hashing; s++, second++) foldSecond();
hashing = false;

const loadStart = process.cpuUsage();
for (let s = 0; s < SECONDS; s++) for (let e = 0; e < entities; e++) load.fill(e, second + s);
const loadNs = (cpuMs(loadStart) * 1e6) / (SECONDS * entities * METRICS);

verdicts = explained = 0;
const cpus: number[] = [];
const walls: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  const cpu = process.cpuUsage();
  const started = performance.now();
  for (let s = 0; s < windows * SECONDS; s++, second++) foldSecond();
  const points = windows * SECONDS * entities * METRICS;
  walls.push(((performance.now() - started) * 1e6) / points);
  cpus.push((cpuMs(cpu) * 1e6) / points - loadNs);
}

/** Nanoseconds a point of JSON.parse over records as an agent would send them. */
function parseNs(): number {
  const texts = Array.from({ length: 1000 }, (_, e) => {
    load.fill(e % entities, second);
    const values = Object.fromEntries(load.sample.names.map((name, m) => [name, load.sample.values[m]]));
    return JSON.stringify({ entity: load.sample.entity, time: START_MS + second * 1000, values });
  });
  let seen = 0;
  const times: number[] = [];
  for (let round = 0; round < 2 * ROUNDS; round++) {
    const cpu = process.cpuUsage();
    for (let i = 0; i < 100; i++) for (const text of texts) seen += Object.keys(JSON.parse(text).values).length;
    times.push((cpuMs(cpu) * 1e6) / (100 * texts.length * METRICS));
  }
  return seen > 0 ? median(times) : Number.NaN;
}

/** Microseconds of the forest alone for one evidence row. */
function scoreUs(): number {
  const random = new Random(1);
  const rows = Float64Array.from({ length: 1000 * EVIDENCE }, () => Math.max(0, random.normal()));
  const times: number[] = [];
  let sum = 0;
  for (let round = 0; round < 2 * ROUNDS; round++) {
    const cpu = process.cpuUsage();
    for (let i = 0; i < 20; i++) for (let r = 0; r < 1000; r++) sum += model.forest.score(rows, r * EVIDENCE);
    times.push(cpuMs(cpu) / 20);
  }
  return Number.isFinite(sum) ? median(times) : Number.NaN;
}

const figures: FoldFigures = {
  trainMs,
  trainedEntities: Math.min(TRAINED, entities),
  cross,
  cpuNs: median(cpus),
  wallNs: median(walls),
  loadNs,
  parseNs: parseNs(),
  verdicts,
  explainedShare: explained / verdicts,
  scoreUs: scoreUs(),
  hash: entities <= TRAINED ? hash.digest('hex').slice(0, 16) : '',
};
console.log(JSON.stringify(figures));
