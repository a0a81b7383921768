import { precisionAtK } from '../../core/stats/precision-at-k.ts';
import { averagePrecision, bestF1, f1At, rankingCurve, rocAuc } from '../../core/stats/ranking.ts';
import { alarmsAt, bestEventF1, compositeF1, detectionDelay, eventScores } from './events.ts';
import { volumeUnderSurface } from './vus.ts';

/**
 * What is measured of one detector on one series. The first ten need no threshold or look for the best one with the
 * labels in view; the rest are at the threshold that training alone has set. NaN where a figure has no meaning.
 */
export const FIGURES = {
  vus_pr: 'VUS-PR',
  vus_roc: 'VUS-ROC',
  pr_auc: 'PR-AUC',
  roc_auc: 'ROC-AUC',
  precision_at_k: 'Precision@K',
  best_f1: 'best F1',
  composite_f1: 'composite F1',
  event_f1: 'best event F1',
  event_false_alarms: 'false alarms there',
  delay_mean: 'delay there, rows',
  f1_at_threshold: 'F1 at threshold',
  event_f1_at_threshold: 'event F1 at threshold',
  event_recall_at_threshold: 'event recall at threshold',
  delay_at_threshold: 'delay at threshold, rows',
  false_alarms_per_day: 'false alarms an entity-day',
} as const;

export type Figure = keyof typeof FIGURES;
export type Figures = Record<Figure, number>;

/** Figures for sets whose few, very long events a random score finds: only those that rank rows. */
export const RANKING_FIGURES: readonly Figure[] = ['vus_pr', 'vus_roc', 'pr_auc', 'roc_auc', 'precision_at_k'];

const DAY_MS = 86_400_000;

export interface Scored {
  labels: Uint8Array;
  /** Finite, higher is more anomalous. */
  scores: Float64Array;
  /** Rows called anomalous at the threshold from training. */
  alarms: Uint8Array;
}

/** window: of the volume (periodOf); spanMs: event time that the rows cover. */
export function figuresOf({ labels, scores, alarms }: Scored, window: number, spanMs: number): Figures {
  const curve = rankingCurve(labels, scores);
  const volume = volumeUnderSurface(labels, scores, window);
  const events = bestEventF1(labels, scores);
  const atThreshold = eventScores(labels, alarms);
  return {
    vus_pr: volume.vusPr,
    vus_roc: volume.vusRoc,
    pr_auc: averagePrecision(curve),
    roc_auc: rocAuc(curve),
    precision_at_k: precisionAtK(curve),
    best_f1: bestF1(curve).f1,
    composite_f1: compositeF1(labels, scores, curve),
    event_f1: events.f1,
    event_false_alarms: events.falseAlarms,
    delay_mean: detectionDelay(labels, alarmsAt(scores, events.threshold)).mean,
    f1_at_threshold: f1At(labels, alarms),
    event_f1_at_threshold: atThreshold.f1,
    event_recall_at_threshold: atThreshold.recall,
    delay_at_threshold: detectionDelay(labels, alarms).mean,
    false_alarms_per_day: atThreshold.falseAlarms / (spanMs / DAY_MS),
  };
}

/** Normal rows, and how many of them alarmed: what the alert rate is about. */
export interface AlertCount {
  normal: number;
  alarmed: number;
}

export function countAlerts(labels: Uint8Array, alarms: Uint8Array): AlertCount {
  const count = { normal: 0, alarmed: 0 };
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] === 1) continue;
    count.normal++;
    count.alarmed += alarms[i]!;
  }
  return count;
}
