import type { Clock } from '../../core/clock.ts';
import type { StreamConfig } from '../../core/config/stream.ts';
import { fail, ok, type Result } from '../../core/errors.ts';
import { pairedBootstrap } from '../../core/stats/bootstrap.ts';
import { quantileSorted } from '../../core/stats/quantile.ts';
import { alertDecades } from '../../detector/calibration.ts';
import type { StreamModel } from '../../detector/model.ts';
import { modelIdOf } from '../../detector/offline.ts';
import { verifyModel } from '../../detector/shared-model.ts';
import type { Evaluation } from '../types.ts';
import { goldenRecall } from './golden.ts';
import { Judge, type Stopwatch } from './judge.ts';
import { type Labelled, labelledOf, prAuc, precisionOf } from './labelled.ts';
import { memoryOf } from './memory-of.ts';
import type { EvaluationOrder } from './order.ts';
import { robustZScores, scalesOf } from './plain.ts';
import { eventsOf, type InjectedSet, injectedSet, type Lane, laneOf, mean, randomRecall } from './recall.ts';
import { worseSegments } from './segments.ts';

/** Clean windows and injected anomalies below which nothing can be told. */
export const LEAST_CLEAN = 128;
export const LEAST_EVENTS = 12;
/** Entities from which whole entities are drawn again; with fewer, stretches of their windows. */
const LEAST_ENTITIES = 8;
const BLOCKS = 4;

/** What a comparison found; refs are the caller's. */
export interface Judged {
  evaluation: Omit<Evaluation, 'candidate' | 'champion'>;
  /** Precision among as many windows as are labelled anomalous; null on another basis. */
  precision: { candidate: number; champion: number | null } | null;
}

/**
 * Judges candidate, champion, robust z and chance on the same windows, through the code that serves. Faults: those of
 * reading the candidate (artifact_corrupt, artifact_mismatch, artifact_version), too_little_data. A champion that cannot be
 * read counts as none, so that it can be replaced.
 */
export function compare(order: EvaluationOrder, clock: Pick<Clock, 'elapsed'>): Result<Judged> {
  const { config, windows, seed } = order;
  const candidate = verifyModel(order.candidate, config, modelIdOf(order.candidate));
  if (!candidate.ok) return candidate;
  const verified = order.champion && verifyModel(order.champion, config, modelIdOf(order.champion));
  const champion = verified?.ok ? verified.value : null;
  const set = injectedSet(windows, seed);
  const events = eventsOf(set).length;
  const took: number[] = [];
  const ours = laneOfModel(set, config, candidate.value, {
    watch: { elapsed: () => clock.elapsed(), took: (ms) => took.push(ms) },
  });
  if (ours.clean.length < LEAST_CLEAN || events < LEAST_EVENTS)
    return fail('too_little_data', `${ours.clean.length} clean windows with ${events} injected anomalies to judge by`);
  const theirs = champion && laneOfModel(set, config, champion, { knots: order.championKnots });
  const { alertRate } = config.detector;
  const robust = laneOf(set, alertRate, (one) => robustZScores(one, scalesOf(one)));
  const { significance } = config.policy;
  const labelled = labelledOf(windows);
  const quality = labelled
    ? byLabels(labelled, ours, theirs, robust)
    : byInjected(set, ours, theirs, robust, alertRate);
  const compared =
    quality.pair &&
    pairedBootstrap(quality.pair.champion, quality.pair.candidate, quality.pair.labels, quality.pair.statistic, {
      seed,
      coverage: 1 - significance,
      groups: quality.pair.groups,
    });
  const difference = compared?.ok ? compared.value.interval : null;
  const { golden } = order;
  return ok({
    evaluation: {
      basis: labelled ? 'labels' : 'injected',
      windows: labelled ? labelled.labels.length : ours.clean.length,
      positives: labelled ? labelled.positives : events,
      candidateQuality: quality.candidate,
      championQuality: quality.champion,
      difference,
      robustZ: quality.robustZ,
      random: quality.random,
      candidateAlertRatio: alertRatio(ours, config),
      championAlertRatio: theirs && alertRatio(theirs, config),
      artifactBytes: order.candidate.length,
      memoryBytes: memoryOf(candidate.value),
      p99Ms: quantileSorted(Float64Array.from(took).sort(), 0.99),
      worseSegments: theirs ? worseSegments(set, theirs.caught, ours.caught, { seed, significance }) : [],
      golden: golden && {
        candidate: goldenRecall(candidate.value, golden, config),
        champion: champion && goldenRecall(champion, golden, config),
      },
    },
    precision: labelled && {
      candidate: precisionOf(labelled.pick(ours.scores), labelled.labels),
      champion: theirs && precisionOf(labelled.pick(theirs.scores), labelled.labels),
    },
  });
}

export function laneOfModel(
  set: InjectedSet,
  config: StreamConfig,
  model: StreamModel,
  { knots, watch }: { knots?: readonly number[] | undefined; watch?: Stopwatch } = {},
): Lane {
  const judge = new Judge(model, config, knots);
  return laneOf(set, config.detector.alertRate, (windows) => judge.decades(windows, watch));
}

interface Qualities {
  candidate: number;
  champion: number | null;
  robustZ: number;
  random: number;
  /** What the interval of the difference is drawn from; null without a champion. */
  pair: {
    champion: Float64Array;
    candidate: Float64Array;
    labels: ArrayLike<number>;
    groups: ArrayLike<number>;
    statistic: (scores: Float64Array, labels: Float64Array) => number;
  } | null;
}

function byLabels(labelled: Labelled, ours: Lane, theirs: Lane | null, robust: Lane): Qualities {
  const { labels, groups, positives, pick } = labelled;
  const candidate = pick(ours.scores);
  const champion = theirs && pick(theirs.scores);
  return {
    candidate: prAuc(candidate, labels),
    champion: champion && prAuc(champion, labels),
    robustZ: prAuc(pick(robust.scores), labels),
    random: positives / labels.length,
    pair: champion && { champion, candidate, labels, groups, statistic: prAuc },
  };
}

function byInjected(set: InjectedSet, ours: Lane, theirs: Lane | null, robust: Lane, alertRate: number): Qualities {
  return {
    candidate: ours.recall,
    champion: theirs?.recall ?? null,
    robustZ: robust.recall,
    random: randomRecall(set, alertRate),
    pair: theirs && {
      champion: theirs.caught,
      candidate: ours.caught,
      labels: theirs.caught.map(() => 1),
      groups: groupsOf(set),
      statistic: mean,
    },
  };
}

/** Of each event, the entity that it belongs to, or the part of its windows where entities are few. */
function groupsOf(set: InjectedSet): number[] {
  const blocks = set.windows.length >= LEAST_ENTITIES ? 1 : BLOCKS;
  const groups: number[] = [];
  let group = -1;
  for (const { windows, events } of set.injected) {
    const judged = windows.startsMs.length - windows.warmUp;
    let block = -1;
    for (const { from } of events) {
      const of = Math.floor((from * blocks) / judged);
      if (of !== block) group++;
      block = of;
      groups.push(group);
    }
  }
  return groups;
}

/** Clean windows that the model calls anomalous, against what the configuration lets expect. */
function alertRatio({ clean }: Lane, { detector: { alertRate } }: StreamConfig): number {
  const limit = alertDecades(alertRate);
  let alerts = 0;
  for (const decades of clean) if (decades > limit) alerts++;
  return alerts / (clean.length * alertRate);
}
