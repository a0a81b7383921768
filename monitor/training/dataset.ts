import { createHash } from 'node:crypto';
import type { StreamConfig } from '../../core/config/stream.ts';
import { fail, ok, type Result } from '../../core/errors.ts';
import type { TrainingRow } from '../../detector/ports.ts';
import type { TrainingData } from '../controller/ports.ts';
import type { Lineage, Quarantine } from '../types.ts';
import { Discipline, distinctRows, LeftOut, MAX_NAMED_RANGES, REASONS, splitOf } from './discipline.ts';
import { type EntityWindows, entityWindows, LEAST_WINDOWS, WARM_UP_WINDOWS } from './entity-windows.ts';
import { checkFeatures } from './leaks.ts';

/** Windows read for one training at most; a forest draws from far fewer, and a process has its memory. */
export const MAX_ROWS = 2_000_000;
/** Windows held back, of all entities and of each: what a comparison needs, so that training sees the newest behaviour. */
const HELD_BACK_WINDOWS = 1024;
const HELD_BACK_EACH = 72;

export interface Ask {
  toMs: number;
  quarantine: readonly Quarantine[];
  /** What came before was normal then and is not now; left out: the whole span is read. */
  sinceMs?: number;
}

/** Rows to train on, by entity and time, and what the lineage says of them. */
export interface TrainingSet {
  rows: TrainingRow[];
  about: Pick<Lineage, 'fromMs' | 'toMs' | 'rows' | 'entities' | 'dataHash' | 'leftOut' | 'quarantined'>;
}

/**
 * Reads what may be trained on: the newest span, each window once, split by time before anything is fitted, and nothing
 * that is quarantined. about.toMs is the split: windows from there on are held back. too_little_data when less than
 * training.minWindows is left or more than training.maxQuarantined was left out; training_refused for a feature that
 * knows the labels.
 */
export async function trainingSet(data: TrainingData, config: StreamConfig, ask: Ask): Promise<Result<TrainingSet>> {
  const policy = config.policy.training;
  const fromMs = Math.max(ask.toMs - policy.spanMs, ask.sinceMs ?? Number.NEGATIVE_INFINITY);
  const leftOut = new LeftOut();
  const read = await readRows(data, config, { fromMs, toMs: ask.toMs }, leftOut);
  const discipline = await disciplineOf(data, config, { fromMs, toMs: ask.toMs }, ask.quarantine, read);
  const features = checkFeatures(read, discipline.labels);
  if (!features.ok) return features;
  if (read.length === 0) return fail('too_little_data', 'no windows at all');
  const splitMs = splitFor(read, policy.heldBack);
  const rows: TrainingRow[] = [];
  let before = 0;
  for (const row of read) {
    if (row.windowStartMs >= splitMs) {
      leftOut.add(REASONS.heldBack);
      continue;
    }
    // a sliding window may begin before the split and know what comes after it
    if (row.windowStartMs + config.window.sizeMs > splitMs) {
      leftOut.add(REASONS.overlap);
      continue;
    }
    before++;
    const objection = discipline.objection(row.entity, row.windowStartMs);
    if (objection === null) rows.push(row);
    else leftOut.add(objection);
  }
  if (rows.length < policy.minWindows)
    return fail('too_little_data', `${rows.length} windows are left, ${policy.minWindows} needed`);
  const share = 1 - rows.length / before;
  if (share > policy.maxQuarantined)
    return fail(
      'too_little_data',
      `${Math.round(share * 100)} % of the windows are quarantined, at most ${Math.round(policy.maxQuarantined * 100)} % may be`,
    );
  return ok({
    rows,
    about: {
      fromMs: rows.reduce((least, row) => Math.min(least, row.windowStartMs), splitMs),
      toMs: splitMs,
      rows: rows.length,
      entities: entitiesOf(rows),
      dataHash: hashOf(rows),
      leftOut: leftOut.list(),
      quarantined: ask.quarantine.slice(-MAX_NAMED_RANGES),
    },
  });
}

/**
 * Windows to judge from fromMs on, none of which the training that ended there has seen; null begins where the newest
 * share to hold back does.
 */
export async function heldBackWindows(
  data: TrainingData,
  config: StreamConfig,
  ask: Ask & { fromMs: number | null },
): Promise<EntityWindows[]> {
  const { hopMs } = config.window;
  const least = ask.toMs - config.policy.training.spanMs;
  // gaps are common, so more event time is read than the warm-up spans without any
  const earliest = ask.fromMs === null ? least : Math.max(least, ask.fromMs - 2 * WARM_UP_WINDOWS * hopMs);
  const range = { fromMs: earliest, toMs: ask.toMs };
  const rows = await readRows(data, config, range, new LeftOut());
  if (rows.length === 0) return [];
  const discipline = await disciplineOf(data, config, range, ask.quarantine, rows);
  return entityWindows(rows, ask.fromMs ?? splitFor(rows, config.policy.training.heldBack), discipline);
}

const entitiesOf = (rows: readonly TrainingRow[]): number => new Set(rows.map((row) => row.entity)).size;

function splitFor(rows: readonly TrainingRow[], share: number): number {
  const entities = entitiesOf(rows);
  return splitOf(rows, share, Math.max(HELD_BACK_WINDOWS, entities * Math.max(HELD_BACK_EACH, LEAST_WINDOWS)));
}

async function readRows(
  data: TrainingData,
  config: StreamConfig,
  range: { fromMs: number; toMs: number },
  leftOut: LeftOut,
): Promise<TrainingRow[]> {
  const read: TrainingRow[] = [];
  for await (const row of data.rows(config.name, range.fromMs, range.toMs)) {
    if (read.length < MAX_ROWS) read.push(row);
    else leftOut.add(`beyond the ${MAX_ROWS} windows that one training reads`);
  }
  return distinctRows(read, config, range, leftOut);
}

async function disciplineOf(
  data: TrainingData,
  config: StreamConfig,
  { fromMs, toMs }: { fromMs: number; toMs: number },
  quarantine: readonly Quarantine[],
  rows: readonly TrainingRow[],
): Promise<Discipline> {
  const incidents = await data.incidents(config.name, fromMs, toMs);
  const labels = await data.labels(config.name, fromMs, toMs);
  return new Discipline(config, { quarantine, incidents, labels, entities: entitiesOf(rows) });
}

/** SHA-256 over entity, features, start and values of the rows in order; the same rows have the same hash. */
export function hashOf(rows: readonly TrainingRow[]): string {
  const hash = createHash('sha256');
  let features: readonly string[] | null = null;
  let entity: string | null = null;
  for (const row of rows) {
    if (row.entity !== entity) hash.update(`\n${row.entity}\n`);
    if (row.features !== features) hash.update(row.features.join('\0'));
    entity = row.entity;
    features = row.features;
    hash.update(Float64Array.of(row.windowStartMs, ...row.values));
  }
  return hash.digest('hex');
}
