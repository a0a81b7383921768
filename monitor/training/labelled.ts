import { precisionAtK } from '../../core/stats/precision-at-k.ts';
import { averagePrecision, rankingCurve } from '../../core/stats/ranking.ts';
import type { EntityWindows } from './entity-windows.ts';

/** Labelled windows of each kind from which a comparison rests on labels instead of injected anomalies. */
export const LEAST_POSITIVES = 20;
export const LEAST_NEGATIVES = 40;

/** Judged windows with a label, and the entity of each as a number from 0 without a gap. */
export interface Labelled {
  labels: Float64Array;
  groups: Float64Array;
  positives: number;
  /** Picks the scores of these windows from those of all judged rows. */
  pick(scores: readonly Float64Array[]): Float64Array;
}

/** null where people have said too little. */
export function labelledOf(windows: readonly EntityWindows[]): Labelled | null {
  const at: { e: number; i: number }[] = [];
  const labels: number[] = [];
  const groups: number[] = [];
  let group = -1;
  windows.forEach(({ said, warmUp }, e) => {
    let first = true;
    for (let i = warmUp; i < said.length; i++) {
      if (said[i] === 0) continue;
      if (first) group++;
      first = false;
      at.push({ e, i: i - warmUp });
      labels.push(said[i] === 1 ? 1 : 0);
      groups.push(group);
    }
  });
  const positives = labels.reduce((sum, label) => sum + label, 0);
  if (positives < LEAST_POSITIVES || labels.length - positives < LEAST_NEGATIVES) return null;
  return {
    labels: Float64Array.from(labels),
    groups: Float64Array.from(groups),
    positives,
    pick: (scores) => Float64Array.from(at, ({ e, i }) => scores[e]![i]!),
  };
}

export const prAuc = (scores: Float64Array, labels: ArrayLike<number>): number =>
  averagePrecision(rankingCurve(labels, scores));

/** Precision among as many windows as are anomalous. */
export const precisionOf = (scores: Float64Array, labels: ArrayLike<number>): number =>
  precisionAtK(rankingCurve(labels, scores));
