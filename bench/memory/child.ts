/**
 * `child.ts make ENTITIES METRICS FILE`: trains and writes an artifact. `child.ts serve ENTITIES METRICS [FILE]`: folds
 * two windows of a fleet with it, or without a model, and prints MemoryFigures as JSON.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fitProfile } from '../../detector/fit-profile.ts';
import { Fold } from '../../detector/fold.ts';
import { loadModel, saveModel } from '../../detector/model.ts';
import { pooledPeers } from '../../detector/peers.ts';
import { profileBytes } from '../../detector/profile.ts';
import { CROSS_BUDGET_BYTES, gatherSeries } from '../../detector/train.ts';
import { noOutputs } from '../../ingest/ports.ts';
import { defaultStream, Fleet, PreparedSamples, trainFleet } from '../lib/fleet.ts';

export interface MemoryFigures {
  /** Of the process before it had anything to hold, and in service. */
  baseRssBytes: number;
  rssBytes: number;
  artifactBytes: number;
  modelBytes: number;
  loadMs: number;
  entityBytes: number;
  saveMs: number;
  stateBytes: number;
}

const TRAINED = 100;
const TRAINING_WINDOWS = 256;
const SECONDS = 10;
const WINDOWS = 2;
/** Enough for the sweep after a collection to have ended. */
const COLLECTIONS = 4;
const [, , task, entityText, metricText, file] = process.argv;
const fleet = new Fleet(Number(entityText), Number(metricText));

function heldBytes(): number {
  for (let i = 0; i < COLLECTIONS; i++) globalThis.gc!();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Profiles of a hundred entities, over and over: what an artifact weighs does not depend on what is in it. */
function make(): void {
  const small = new Fleet(Math.min(TRAINED, fleet.entities.length), fleet.names.length);
  const { model } = trainFleet(small, defaultStream(), TRAINING_WINDOWS, TRAINED);
  const cross = fleet.entities.length * profileBytes(fleet.names.length, true) <= CROSS_BUDGET_BYTES;
  const series = [...gatherSeries(small.trainingRows(TRAINING_WINDOWS)).values()];
  const profiles = series.map((one) => ({ profile: fitProfile(one, cross) }));
  const entities = new Map(fleet.entities.map((name, e) => [name, profiles[e % profiles.length]!]));
  writeFileSync(file!, saveModel({ ...model, entities, peers: pooledPeers(entities) }));
  console.log('{}');
}

function serve(): void {
  const baseRssBytes = process.memoryUsage.rss();
  const artifact = file === undefined ? null : new Uint8Array(readFileSync(file));
  const load = new PreparedSamples(fleet);
  const fold = new Fold(defaultStream(), load.decoder);
  const before = heldBytes();
  const started = performance.now();
  if (artifact !== null) {
    const model = loadModel(artifact);
    if (!model.ok) throw new Error(model.fault.detail);
    fold.state.crown('bench', model.value);
  }
  const loadMs = performance.now() - started;
  const modelBytes = heldBytes() - before;
  const out = noOutputs();
  const record = { offset: 0, appendMs: 0, key: null, value: new Uint8Array() };
  // One point into the third window, so that every pane is full and every entity has been judged.
  for (let second = 0; second < WINDOWS * SECONDS + 1; second++) {
    for (let e = 0; e < fleet.entities.length; e++) {
      load.fill(e, second);
      record.appendMs = load.sample.timeMs;
      fold.record(record, out);
      out.verdicts.length = out.incidents.length = 0;
    }
  }
  const rssBytes = process.memoryUsage.rss();
  const entityBytes = (heldBytes() - before - modelBytes) / fleet.entities.length;
  const saving = performance.now();
  const stateBytes = fold.save().length;
  const saveMs = performance.now() - saving;
  const artifactBytes = artifact?.length ?? 0;
  const figures: MemoryFigures = {
    baseRssBytes,
    rssBytes,
    artifactBytes,
    modelBytes,
    loadMs,
    entityBytes,
    saveMs,
    stateBytes,
  };
  console.log(JSON.stringify(figures));
}

if (task === 'make') make();
else serve();
