import { bootstrap } from '../../core/stats/bootstrap.ts';
import { brierScore, expectedCalibrationError, reliability } from '../../core/stats/calibration-error.ts';
import { chiSquare } from '../../core/stats/chi-square.ts';
import { binned, emptyHistogram } from '../../core/stats/histogram.ts';
import { decideIsotonic } from '../../core/stats/isotonic.ts';
import { effectiveRows, precisionAtKWithInterval } from '../../core/stats/precision-at-k.ts';
import { averagePrecision, rankingCurve } from '../../core/stats/ranking.ts';
import type { Figures } from '../observation.ts';
import type { LabelledWindow } from './input.ts';
import { UNKNOWN } from './status.ts';

/** Fewer labels of either kind than this tell nothing. */
export const MIN_LABELS = 20;
export const MIN_OF_EACH = 5;
const K = 10;
const FOLDS = 5;
const BINS = 10;
const SEED = 1;

const NONE: Figures = { chi2_labels: UNKNOWN, ece: UNKNOWN, brier: UNKNOWN, pr_auc: UNKNOWN, precision_at_k: UNKNOWN };

/** A severity as a probability, before labels say better: 1 is the boundary, so it is one half. */
const plainProbability = (severity: number): number => severity / (1 + severity);

/** No label stands for more windows: sums of weights stay exact enough. */
const MAX_WEIGHT = 1e9;
/** A label can be counted when it says how severe the window was, and for how many it stands. */
const countable = ({ severity, weight }: LabelledWindow): boolean =>
  Number.isFinite(severity) && weight >= 1 && weight <= MAX_WEIGHT;

/**
 * What labels say of the detector. Alerts are labelled far more often than quiet windows, so each label counts for as many
 * windows as it stands for (Horvitz and Thompson 1952): the figures are those of all windows, not of those looked at.
 * Severities become probabilities by an isotonic map where that lowers the Brier score out of sample, and by their place
 * beside the boundary else. Intervals are bootstrapped over entities.
 */
export function labelFigures(labels: readonly LabelledWindow[]): Figures {
  const inTime = labels
    .filter(countable)
    .sort((a, b) => a.windowStartMs - b.windowStartMs || (a.entity < b.entity ? -1 : 1));
  const positives = inTime.filter(({ anomalous }) => anomalous).length;
  if (inTime.length < MIN_LABELS || Math.min(positives, inTime.length - positives) < MIN_OF_EACH) return NONE;
  const severities = Float64Array.from(inTime, ({ severity }) => severity);
  const truths = Uint8Array.from(inTime, ({ anomalous }) => (anomalous ? 1 : 0));
  const weights = Float64Array.from(inTime, ({ weight }) => weight);
  const plain = severities.map(plainProbability);
  const decided = decideIsotonic(severities, truths, plain, FOLDS, weights);
  // of the map, those for rows that it was not fitted on: on its own rows any map looks calibrated
  const probabilities = decided.ok ? decided.value.probabilities : plain;
  const brier = brierScore(probabilities, truths, weights);
  const table = reliability(probabilities, truths, BINS, 'equal_mass', weights);
  const curve = rankingCurve(truths, severities, weights);
  const k = Math.min(K, inTime.length);
  const precision = precisionAtKWithInterval(curve, k, undefined, effectiveRows(severities, weights, k));
  const ok = 'ok' as const;
  return {
    chi2_labels: changeOfLabels(inTime),
    ece: table.ok ? { value: expectedCalibrationError(table.value), status: ok, limit: null } : UNKNOWN,
    brier: brier.ok ? { value: brier.value, status: ok, limit: null } : UNKNOWN,
    pr_auc: { value: averagePrecision(curve), status: ok, limit: null, ...bounds(inTime) },
    precision_at_k: precision.ok
      ? { value: precision.value.value, status: ok, limit: null, interval: precision.value.interval }
      : UNKNOWN,
  };
}

/**
 * Average precision when entities are drawn with replacement. Rows are put in order once: a row of an entity that is drawn
 * n times weighs n times as much, which is the same as n copies of it.
 */
function bounds(labels: readonly LabelledWindow[]): { interval?: readonly [number, number] } {
  const rows = [...labels].sort((a, b) => b.severity - a.severity);
  const index = new Map([...new Set(rows.map(({ entity }) => entity))].map((entity, e) => [entity, e]));
  const entityOf = Uint32Array.from(rows, ({ entity }) => index.get(entity)!);
  const weights = Float64Array.from(rows, ({ weight }) => weight);
  const hit = Uint8Array.from(rows, ({ anomalous }) => (anomalous ? 1 : 0));
  const tied = Uint8Array.from(rows, ({ severity }, i) => (rows[i + 1]?.severity === severity ? 1 : 0));
  const times = new Float64Array(index.size);
  const average = (drawn: readonly number[]): number => {
    times.fill(0);
    for (const e of drawn) times[e]!++;
    let [hits, called, before, sum] = [0, 0, 0, 0];
    for (let i = 0; i < weights.length; i++) {
      const mass = weights[i]! * times[entityOf[i]!]!;
      called += mass;
      if (hit[i] === 1) hits += mass;
      if (tied[i] === 1 || hits === before) continue;
      sum += ((hits - before) * hits) / called;
      before = hits;
    }
    return sum / hits;
  };
  const [low, high] = bootstrap([...index.values()], average, SEED);
  return Number.isFinite(low) && Number.isFinite(high) ? { interval: [low, high] } : {};
}

/** Whether the newer half of the labels is of other kinds than the older one: of those looked at, the test needs counts. */
function changeOfLabels(inTime: readonly LabelledWindow[]) {
  const half = inTime.length >> 1;
  const kinds = (of: readonly LabelledWindow[]) => {
    const histogram = emptyHistogram(Float64Array.of(0, 1, 2));
    for (const { anomalous } of of) histogram.counts[anomalous ? 2 : 1]!++;
    return binned(histogram).slice(1, 3);
  };
  const found = chiSquare(kinds(inTime.slice(0, half)), kinds(inTime.slice(half)));
  if (!found.ok) return UNKNOWN;
  const { statistic, pValue } = found.value;
  return { value: statistic, status: pValue < 0.01 ? ('drift' as const) : ('ok' as const), limit: null };
}
