/**
 * Measures of a ranking. labels: 1 = anomalous, 0 = normal; scores: finite, higher = more anomalous, same length. Every
 * measure is point-wise and never point-adjusted; NaN where it has no meaning (no anomaly, or nothing else).
 */

/**
 * Rows called anomalous at each distinct score, from the highest down; ties are called together. Counts, or sums of the
 * rows' weights.
 */
export interface RankingCurve {
  falsePositives: Float64Array;
  truePositives: Float64Array;
  thresholds: Float64Array;
}

/** weights: how many rows each stands for, finite and above 0; 1 by default. */
export function rankingCurve(
  labels: ArrayLike<number>,
  scores: Float64Array,
  weights?: ArrayLike<number>,
): RankingCurve {
  const n = scores.length;
  const order = Uint32Array.from({ length: n }, (_, i) => i).sort((a, b) => scores[b]! - scores[a]!);
  const curve = {
    falsePositives: new Float64Array(n),
    truePositives: new Float64Array(n),
    thresholds: new Float64Array(n),
  };
  let points = 0;
  let hits = 0;
  let others = 0;
  for (let i = 0; i < n; i++) {
    const row = order[i]!;
    const weight = weights ? weights[row]! : 1;
    if (labels[row] === 1) hits += weight;
    else others += weight;
    if (i + 1 < n && scores[order[i + 1]!] === scores[row]) continue;
    curve.truePositives[points] = hits;
    curve.falsePositives[points] = others;
    curve.thresholds[points++] = scores[row]!;
  }
  return {
    falsePositives: curve.falsePositives.subarray(0, points),
    truePositives: curve.truePositives.subarray(0, points),
    thresholds: curve.thresholds.subarray(0, points),
  };
}

/** Area under the ROC curve by trapezoids; half a point for a tie. */
export function rocAuc({ falsePositives: fp, truePositives: tp }: RankingCurve): number {
  const positives = tp.at(-1) ?? 0;
  const negatives = fp.at(-1) ?? 0;
  if (positives === 0 || negatives === 0) return Number.NaN;
  let area = 0;
  let f = 0;
  let t = 0;
  for (let i = 0; i < tp.length; i++) {
    area += ((fp[i]! - f) / negatives) * ((tp[i]! + t) / positives / 2);
    f = fp[i]!;
    t = tp[i]!;
  }
  return area;
}

/** Average precision: the area under the precision-recall curve without interpolation. */
export function averagePrecision({ falsePositives: fp, truePositives: tp }: RankingCurve): number {
  const positives = tp.at(-1) ?? 0;
  if (positives === 0) return Number.NaN;
  let sum = 0;
  let before = 0;
  for (let i = 0; i < tp.length; i++) {
    sum += (((tp[i]! - before) / positives) * tp[i]!) / (tp[i]! + fp[i]!);
    before = tp[i]!;
  }
  return sum;
}

export const f1Of = (truePositives: number, falsePositives: number, positives: number): number =>
  (2 * truePositives) / (truePositives + falsePositives + positives);

/** The largest F1 over all thresholds: what a threshold chosen with the labels in view would reach. */
export function bestF1({ falsePositives: fp, truePositives: tp, thresholds }: RankingCurve): {
  f1: number;
  threshold: number;
} {
  const positives = tp.at(-1) ?? 0;
  if (positives === 0) return { f1: Number.NaN, threshold: Number.NaN };
  let f1 = Number.NEGATIVE_INFINITY;
  let threshold = Number.NaN;
  for (let i = 0; i < tp.length; i++) {
    const at = f1Of(tp[i]!, fp[i]!, positives);
    if (at > f1) {
      f1 = at;
      threshold = thresholds[i]!;
    }
  }
  return { f1, threshold };
}

/** Point-wise F1 of a set of alarms. */
export function f1At(labels: ArrayLike<number>, alarms: ArrayLike<number>): number {
  let hits = 0;
  let called = 0;
  let positives = 0;
  for (let i = 0; i < labels.length; i++) {
    positives += labels[i]!;
    called += alarms[i]!;
    hits += labels[i]! * alarms[i]!;
  }
  return positives === 0 ? Number.NaN : f1Of(hits, called - hits, positives);
}
