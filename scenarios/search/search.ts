import { configHash } from '../../core/config/hash.ts';
import type { StreamConfig } from '../../core/config/stream.ts';
import { fail, ok, type Result } from '../../core/errors.ts';
import { exp2, log2 } from '../../core/math.ts';
import { Random } from '../../core/random.ts';
import { quantileSorted } from '../../core/stats/quantile.ts';
import { calibrate, combine, combinedDecades } from '../../detector/calibration.ts';
import { EVIDENCE } from '../../detector/evidence.ts';
import { Forest } from '../../detector/forest/forest.ts';
import { type DetectorParams, paramsOf } from '../../detector/model.ts';
import type { TrainingRow } from '../../detector/ports.ts';
import { gatherSeries, type TimedSeries, trainModel } from '../../detector/train.ts';
import { type EvidenceRows, SearchEvidence } from './evidence.ts';

export const MAX_DRAWS = 1000;
/** Share of each entity's windows, the oldest, that candidates train on; the newest validate. */
const TRAIN_SHARE = 0.7;
/** Forests of each candidate. */
const SEEDS = 5;
/** Windows of validation that may alarm, at least: fewer make the threshold a matter of luck. */
const LEAST_ALARMS = 5;
/** Rows of evidence that a candidate is judged by, at most, over all entities. */
const MOST_ROWS = 40_000;
/** A difference counts when it is larger than so many standard deviations over the seeds. */
const SPREADS = 2;

const SAMPLE_SIZES = [64, 128, 256, 512, 1024];
const TREES = { least: 20, most: 200 };
const DEPTHS = { least: 5, most: 12 };
const MOST_SPLIT_FEATURES = 3;
/** Draws of the same parameters before the search ends with fewer candidates. */
const DRAW_TRIES = 50;

export interface Candidate {
  params: DetectorParams;
  configured: boolean;
  /** Share of the injected episodes that were found, of each seed. */
  recalls: number[];
  recall: number;
  /** Standard deviation of the recalls. */
  spread: number;
}

export interface SearchResult {
  /** Best first. */
  candidates: Candidate[];
  chosen: Candidate;
  /** Why, in words. */
  because: string;
  episodes: number;
  validationWindows: number;
  /** Share of the untouched validation windows that every candidate may call anomalous. */
  alertBudget: number;
}

export interface SearchOptions {
  /** Candidates, the configured parameters among them. */
  draws: number;
  seed: number;
  onProgress?: (forests: number, of: number) => void;
}

/**
 * Random search (Bergstra and Bengio 2012) of how the forest is grown, on a temporal split: forests grow from the oldest
 * windows of each entity, and are ranked by how many episodes injected into the newest ones they find when all may
 * alarm equally often on these untouched. The configured parameters stay unless another's lead exceeds the spread over seeds.
 * The same rows and seed give the same result. `too_little_data` when the oldest windows are too few to train on.
 */
export function search(
  rows: Iterable<TrainingRow>,
  config: StreamConfig,
  options: SearchOptions,
): Result<SearchResult> {
  const random = new Random(options.seed).fork('search');
  const evidence = evidenceOf(rows, config, random.fork('episodes'));
  if (!evidence.ok) return evidence;
  const judge = new Judge(evidence.value, config.detector.alertRate);
  const drawn = candidates(options.draws, paramsOf(config.detector), random.fork('draws'));
  const judged: Candidate[] = [];
  for (const [i, params] of drawn.entries()) {
    const recalls = Array.from({ length: SEEDS }, (_, k) => {
      const recall = judge.recall(params, config.detector.seed + k);
      options.onProgress?.(i * SEEDS + k + 1, drawn.length * SEEDS);
      return recall;
    });
    const recall = recalls.reduce((sum, x) => sum + x, 0) / SEEDS;
    const spread = Math.sqrt(recalls.reduce((sum, x) => sum + (x - recall) ** 2, 0) / (SEEDS - 1));
    judged.push({ params, configured: i === 0, recalls, recall, spread });
  }
  return ok({
    candidates: [...judged].sort((a, b) => b.recall - a.recall),
    ...choose(judged),
    episodes: evidence.value.starts.length,
    validationWindows: evidence.value.clean.length,
    alertBudget: judge.alertBudget,
  });
}

/** The first candidate is the configured one. */
export function choose(judged: readonly Candidate[]): Pick<SearchResult, 'chosen' | 'because'> {
  const configured = judged[0]!;
  let best = configured;
  for (const candidate of judged) if (candidate.recall > best.recall) best = candidate;
  const points = (x: number) => `${(100 * x).toFixed(1)} points`;
  if (best === configured)
    return { chosen: configured, because: 'nothing drawn finds more than the configured parameters' };
  const lead = best.recall - configured.recall;
  const spread = SPREADS * Math.max(best.spread, configured.spread);
  const compared = `the best finds ${points(lead)} more of the episodes than the configured parameters`;
  if (lead <= spread)
    return {
      chosen: configured,
      because: `${compared}, within the spread of ${points(spread)} over seeds: kept as configured`,
    };
  return { chosen: best, because: `${compared}, beyond the spread of ${points(spread)} over seeds` };
}

/** Profiles are fitted to the oldest windows once: they do not depend on how a forest grows. */
function evidenceOf(rows: Iterable<TrainingRow>, config: StreamConfig, random: Random): Result<SearchEvidence> {
  const series = gatherSeries(rows, config.training.maxWindows);
  const oldest = new Map<string, TimedSeries>();
  let total = 0;
  for (const [entity, one] of series) {
    const trainRows = Math.floor(one.rows * TRAIN_SHARE);
    oldest.set(entity, { ...one, rows: trainRows, values: one.values.subarray(0, trainRows * one.features.length) });
    total += one.rows;
  }
  const trained = trainModel(oldest, config, configHash(config));
  if (!trained.ok)
    return fail(trained.fault.code, `in the oldest ${100 * TRAIN_SHARE} % of the windows: ${trained.fault.detail}`);
  const evidence = new SearchEvidence();
  const stride = Math.ceil(total / MOST_ROWS);
  for (const [entity, { profile }] of trained.value.model.entities)
    evidence.add(series.get(entity)!, oldest.get(entity)!.rows, profile, random.fork(entity), stride);
  if (evidence.starts.length === 0)
    return fail('too_little_data', 'no metric varies, so there is nothing to search by');
  return ok(evidence);
}

/** Grows and scores forests on the same evidence. */
class Judge {
  readonly alertBudget: number;
  readonly #forestRows: Float64Array;
  readonly #sets: Record<'heldOut' | 'clean' | 'injected', { rows: Float64Array; sums: readonly number[] }>;
  readonly #starts: readonly number[];

  constructor(evidence: SearchEvidence, alertRate: number) {
    const set = (of: EvidenceRows) => ({ rows: of.rows(), sums: of.sums });
    this.#forestRows = evidence.forest.rows();
    this.#sets = { heldOut: set(evidence.heldOut), clean: set(evidence.clean), injected: set(evidence.injected) };
    this.#starts = evidence.starts;
    this.alertBudget = Math.min(1, Math.max(alertRate, LEAST_ALARMS / evidence.clean.length));
  }

  recall(params: DetectorParams, seed: number): number {
    const forest = Forest.fit(this.#forestRows, EVIDENCE, params, new Random(seed).fork('forest'));
    const { heldOut, clean, injected } = this.#sets;
    const scores = ({ rows, sums }: typeof heldOut) =>
      Float64Array.from(sums, (_, i) => forest.score(rows, i * EVIDENCE));
    const calibration = calibrate(scores(heldOut), Float64Array.from(heldOut.sums), 1);
    const decades = (set: typeof heldOut) =>
      scores(set).map((score, i) => combinedDecades(calibration, combine(calibration, score, set.sums[i]!)));
    const threshold = quantileSorted(decades(clean).sort(), 1 - this.alertBudget);
    const found = decades(injected);
    let hits = 0;
    for (const [e, start] of this.#starts.entries()) {
      const end = this.#starts[e + 1] ?? found.length;
      if (found.subarray(start, end).some((x) => x > threshold)) hits++;
    }
    return hits / this.#starts.length;
  }
}

/** The configured parameters, then distinct draws. */
function candidates(draws: number, configured: DetectorParams, random: Random): DetectorParams[] {
  const seen = new Map([[JSON.stringify(configured), configured]]);
  for (let tries = 0; seen.size < draws && tries < DRAW_TRIES * draws; tries++) {
    const params = paramsOf({
      trees: Math.round(TREES.least * exp2(log2(TREES.most / TREES.least) * random.next())),
      sampleSize: SAMPLE_SIZES[random.below(SAMPLE_SIZES.length)]!,
      maxDepth: DEPTHS.least + random.below(DEPTHS.most - DEPTHS.least + 1),
      splitFeatures: 1 + random.below(MOST_SPLIT_FEATURES),
    });
    seen.set(JSON.stringify(params), params);
  }
  return [...seen.values()];
}
