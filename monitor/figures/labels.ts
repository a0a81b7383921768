import { bootstrap } from '../../core/stats/bootstrap.ts';
import { brierScore, expectedCalibrationError, reliability } from '../../core/stats/calibration-error.ts';
import { chiSquare } from '../../core/stats/chi-square.ts';
import { binned, emptyHistogram } from '../../core/stats/histogram.ts';
import { applyIsotonic, decideIsotonic } from '../../core/stats/isotonic.ts';
import { precisionAtKWithInterval } from '../../core/stats/precision-at-k.ts';
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

/**
 * What labels say of the detector. Severities become probabilities by an isotonic map where that lowers the Brier score
 * out of sample, and by their place beside the boundary else. Intervals are bootstrapped over entities.
 */
export function labelFigures(labels: readonly LabelledWindow[]): Figures {
  const inTime = [...labels].sort((a, b) => a.windowStartMs - b.windowStartMs || (a.entity < b.entity ? -1 : 1));
  const positives = inTime.filter(({ anomalous }) => anomalous).length;
  if (inTime.length < MIN_LABELS || Math.min(positives, inTime.length - positives) < MIN_OF_EACH) return NONE;
  const severities = Float64Array.from(inTime, ({ severity }) => severity);
  const truths = Uint8Array.from(inTime, ({ anomalous }) => (anomalous ? 1 : 0));
  const plain = severities.map(plainProbability);
  const decided = decideIsotonic(severities, truths, plain, FOLDS);
  const map = decided.ok ? decided.value.map : null;
  const probabilities = map === null ? plain : severities.map((s) => Math.min(1, Math.max(0, applyIsotonic(map, s))));
  const brier = brierScore(probabilities, truths);
  const table = reliability(probabilities, truths, BINS, 'equal_mass');
  const curve = rankingCurve(truths, severities);
  const precision = precisionAtKWithInterval(curve, Math.min(K, inTime.length));
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

function bounds(labels: readonly LabelledWindow[]): { interval?: readonly [number, number] } {
  const byEntity = new Map<string, LabelledWindow[]>();
  for (const label of labels) {
    const of = byEntity.get(label.entity);
    if (of === undefined) byEntity.set(label.entity, [label]);
    else of.push(label);
  }
  const [low, high] = bootstrap(
    [...byEntity.values()],
    (drawn) => {
      const all = drawn.flat();
      const truths = Uint8Array.from(all, ({ anomalous }) => (anomalous ? 1 : 0));
      return averagePrecision(
        rankingCurve(
          truths,
          Float64Array.from(all, ({ severity }) => severity),
        ),
      );
    },
    SEED,
  );
  return Number.isFinite(low) && Number.isFinite(high) ? { interval: [low, high] } : {};
}

/** Whether the newer half of the labels is of other kinds than the older one. */
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
