import type { StreamConfig } from '../core/config/stream.ts';
import { fail, ok, type Result } from '../core/errors.ts';
import { Random } from '../core/random.ts';
import { parseFeatureName } from '../ingest/feature-name.ts';
import { calibrate, combine } from './calibration.ts';
import { EVIDENCE, evidenceSize, gatherEvidence } from './evidence.ts';
import { fitProfile, type Series } from './fit-profile.ts';
import { fitReference } from './fit-reference.ts';
import { historySize, newRow, observe } from './forecast.ts';
import { Forest } from './forest/forest.ts';
import { GAP_ROWS } from './history.ts';
import { fitKnots } from './knots.ts';
import { type EntityModel, paramsOf, type StreamModel } from './model.ts';
import { pooledPeers } from './peers.ts';
import type { TrainingRow } from './ports.ts';
import { CONTEXT, profileBytes } from './profile.ts';
import type { FormerLimits } from './reference.ts';
import { largestRobustZ } from './robust-z.ts';
import { profileScales } from './scales.ts';
import { withTraits } from './traits.ts';

/** Bytes of profiles above which forecasts use a metric's own past only: the artifact must stay below 20 MB. */
export const CROSS_BUDGET_BYTES = 12e6;
/** Bytes of profiles that an artifact of 20 MB has room for beside its forest. */
const PROFILES_BUDGET_BYTES = 18.5e6;
/** An entity's name and counts in the artifact, about. */
const ENTITY_BYTES = 100;
/** Inputs of a forecast grow with the square of the features; beyond this many, own past only. */
const CROSS_FEATURES = 64;
/** Rows of evidence that training looks at, over all entities; a forest draws at most trees × sampleSize of them. */
const EVIDENCE_ROWS = 400_000;
/** Rows at the start of an entity whose means and peaks have not filled yet. */
const SETTLING_ROWS = 2 * GAP_ROWS;
/** Training rows are cut into this many blocks; every third is kept from the forest to calibrate it. */
const BLOCKS = 9;
const GOLDEN_ROWS = 16;

export interface TrainingSummary {
  entities: number;
  rows: number;
  forestRows: number;
  calibrationRows: number;
  cross: boolean;
  /** Entities left out and why, in words. */
  leftOut: string[];
}

/** The rows of an entity with the starts of their windows. */
export interface TimedSeries extends Series {
  startsMs: Float64Array;
}

/**
 * Rows of each entity in time order, the newest maxWindows of them, by the features that its newest row has; earlier rows
 * lack some (NaN).
 */
export function gatherSeries(
  rows: Iterable<TrainingRow>,
  maxWindows = Number.POSITIVE_INFINITY,
): Map<string, TimedSeries> {
  const byEntity = new Map<string, TrainingRow[]>();
  for (const row of rows) {
    const list = byEntity.get(row.entity);
    if (list === undefined) byEntity.set(row.entity, [row]);
    else list.push(row);
  }
  const series = new Map<string, TimedSeries>();
  for (const entity of [...byEntity.keys()].sort()) {
    const list = byEntity
      .get(entity)!
      .sort((a, b) => a.windowStartMs - b.windowStartMs)
      .slice(-maxWindows);
    const features = list.at(-1)!.features;
    const parsed = features.map(parseFeatureName);
    const values = new Float64Array(list.length * features.length);
    list.forEach((row, i) => {
      const same = row.features === features || row.features.every((name, c) => name === features[c]);
      for (let c = 0; c < features.length; c++) {
        const at = same ? c : row.features.indexOf(features[c]!);
        values[i * features.length + c] = at < 0 ? Number.NaN : row.values[at]!;
      }
    });
    series.set(entity, {
      features,
      metrics: parsed.map((p) => p.metric),
      traits: Uint8Array.from(parsed, (p) => (p.context ? CONTEXT : 0)),
      rows: list.length,
      values,
      startsMs: Float64Array.from(list, (row) => row.windowStartMs),
    });
  }
  return series;
}

/**
 * Trains a stream's model on the windows of its entities. Deterministic: the same rows, configuration and seed give the
 * same bytes. `too_little_data` when no entity has training.minWindows windows.
 */
export function trainModel(
  series: ReadonlyMap<string, TimedSeries>,
  config: StreamConfig,
  configHash: string,
  former: FormerLimits | null = null,
): Result<{ model: StreamModel; summary: TrainingSummary }> {
  const leftOut: string[] = [];
  const usable = new Map<string, TimedSeries>();
  for (const [entity, one] of series) {
    if (one.rows >= config.training.minWindows) usable.set(entity, one);
    else leftOut.push(`${entity}: ${one.rows} windows, ${config.training.minWindows} needed`);
  }
  if (usable.size === 0) {
    return fail('too_little_data', leftOut.length === 0 ? 'no windows at all' : leftOut.slice(0, 3).join('; '));
  }
  const cross = crossFits(usable.values());
  const roomy = withinBudget(usable, cross, leftOut);
  const entities = new Map<string, EntityModel>();
  const pool = new EvidencePool(roomy);
  for (const [entity, one] of withTraits(roomy)) {
    const profile = fitProfile(one, cross);
    const model = { profile };
    pool.add(one, model);
    entities.set(entity, model);
  }
  const { trees, sampleSize, maxDepth, splitFeatures, seed } = config.detector;
  const forest = Forest.fit(
    pool.forestRows(),
    EVIDENCE,
    { trees, sampleSize, maxDepth, splitFeatures },
    new Random(seed).fork('forest'),
  );
  const heldOut = pool.calibrationRows();
  const tailSums = pool.calibrationTailSums();
  const scores = tailSums.map((_, i) => forest.score(heldOut, i * EVIDENCE));
  const calibration = calibrate(scores, tailSums, 1);
  const model: StreamModel = {
    evidence: 'profile',
    schemaVersion: config.schemaVersion,
    configHash,
    detector: paramsOf(config.detector),
    forest,
    calibration,
    entities,
    peers: pooledPeers(entities),
    golden: goldenOf(forest, heldOut),
    reference: fitReference({
      series: roomy,
      scalesOf: (entity, names) => profileScales(entities.get(entity)!.profile, names),
      scores: scores.map((score, i) => combine(calibration, score, tailSums[i]!)),
      weights: pool.leads,
      keepScales: false,
      former,
      config,
    }),
  };
  let rows = 0;
  for (const one of roomy.values()) rows += one.rows;
  const forestRows = pool.forestRows().length / EVIDENCE;
  return ok({
    model,
    summary: { entities: entities.size, rows, forestRows, calibrationRows: scores.length, cross, leftOut },
  });
}

/** Whether forecasts may use all features of an entity. */
function crossFits(series: Iterable<Series>): boolean {
  let bytes = 0;
  let widest = 0;
  for (const { features } of series) {
    bytes += profileBytes(features.length, true);
    widest = Math.max(widest, features.length);
  }
  return bytes <= CROSS_BUDGET_BYTES && widest <= CROSS_FEATURES;
}

/** As many entities as a model has room for, in the order of their names; the others are served as newcomers. */
function withinBudget(
  series: ReadonlyMap<string, TimedSeries>,
  cross: boolean,
  leftOut: string[],
): Map<string, TimedSeries> {
  const kept = new Map<string, TimedSeries>();
  let bytes = 0;
  for (const [entity, one] of series) {
    bytes += profileBytes(one.features.length, cross) + ENTITY_BYTES;
    if (bytes <= PROFILES_BUDGET_BYTES || kept.size === 0) kept.set(entity, one);
    else leftOut.push(`${entity}: no room in a model of 20 MB, served as a newcomer by what its peers have in common`);
  }
  return kept;
}

/** Evidence of the training rows, apart by block: two thirds for the forest, one for its calibration. */
class EvidencePool {
  readonly #stride: number;
  readonly #forest: number[] = [];
  readonly #calibration: number[] = [];
  readonly #tailSums: number[] = [];
  /** Evidence that each feature led with, summed over the rows. */
  readonly leads = new Map<string, number>();

  constructor(series: ReadonlyMap<string, Series>) {
    let rows = 0;
    for (const one of series.values()) rows += one.rows;
    this.#stride = Math.max(1, Math.ceil(rows / EVIDENCE_ROWS));
  }

  /** Runs an entity's rows through the very code that serves, and fits its robust-z tail on the way. */
  add(series: Series, entity: EntityModel): void {
    const n = series.features.length;
    const history = new Float64Array(historySize(n));
    const state = new Float64Array(evidenceSize(n));
    const row = newRow(n);
    const evidence = new Float64Array(EVIDENCE);
    const robust = new Float64Array(series.rows);
    for (let i = 0; i < series.rows; i++) {
      const values = series.values.subarray(i * n, (i + 1) * n);
      robust[i] = largestRobustZ(entity.profile, values);
      observe(entity.profile, history, values, row);
      const tailSum = gatherEvidence(row.evidence, state, evidence);
      this.#lead(series.features, row.evidence);
      if (i < SETTLING_ROWS || i % this.#stride !== 0) continue;
      const heldOut = Math.floor((i * BLOCKS) / series.rows) % 3 === 2;
      if (heldOut) this.#tailSums.push(tailSum);
      const target = heldOut ? this.#calibration : this.#forest;
      for (let k = 0; k < EVIDENCE; k++) target.push(evidence[k]!);
    }
    fitKnots(robust, entity.profile.robustKnots);
  }

  #lead(features: readonly string[], evidence: Float64Array): void {
    let first = 0;
    for (let c = 1; c < evidence.length; c++) if (evidence[c]! > evidence[first]!) first = c;
    const name = features[first]!;
    this.leads.set(name, (this.leads.get(name) ?? 0) + evidence[first]!);
  }

  forestRows(): Float64Array {
    return Float64Array.from(this.#forest);
  }

  calibrationRows(): Float64Array {
    return Float64Array.from(this.#calibration);
  }

  calibrationTailSums(): Float64Array {
    return Float64Array.from(this.#tailSums);
  }
}

/** A few of the rows with the scores that a loaded forest must give them again. */
export function goldenOf(forest: Forest, rows: Float64Array): StreamModel['golden'] {
  const count = Math.min(GOLDEN_ROWS, rows.length / EVIDENCE);
  const step = Math.floor(rows.length / EVIDENCE / count);
  const golden = { rows: new Float64Array(count * EVIDENCE), scores: new Float64Array(count) };
  for (let i = 0; i < count; i++) {
    golden.rows.set(rows.subarray(i * step * EVIDENCE, (i * step + 1) * EVIDENCE), i * EVIDENCE);
    golden.scores[i] = forest.score(golden.rows, i * EVIDENCE);
  }
  return golden;
}
