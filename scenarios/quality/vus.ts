import { type Segment, segmentsOf } from './events.ts';

/** Thresholds at which the volume is sampled: order statistics of the score. */
const THRESHOLDS = 250;

export interface Volume {
  vusPr: number;
  vusRoc: number;
}

/**
 * Volume under the surface (Paparrizos et al. 2022, "Volume under the surface: a new accuracy evaluation measure for
 * time-series anomaly detection"): the areas under the range-tolerant precision-recall and ROC curves, averaged over
 * buffers of 0 … window rows around the events. A row at distance d from an event is anomalous to √(1 − d/w). NaN
 * without an event.
 */
export function volumeUnderSurface(labels: ArrayLike<number>, scores: Float64Array, window: number): Volume {
  const n = scores.length;
  const events = segmentsOf(labels);
  if (events.length === 0) return { vusPr: Number.NaN, vusRoc: Number.NaN };
  const rank = ranksOf(scores);
  const predicted = new Float64Array(THRESHOLDS);
  for (let i = 0; i < n; i++) predicted[rank[i]!]!++;
  const core = new Float64Array(THRESHOLDS);
  let positives = 0;
  for (const { first, last } of events) {
    positives += last - first + 1;
    for (let i = first; i <= last; i++) core[rank[i]!]!++;
  }
  cumulate(predicted);
  cumulate(core);
  const buffer = new Float64Array(THRESHOLDS);
  const exist = new Float64Array(THRESHOLDS);
  let pr = 0;
  let roc = 0;
  for (let w = 0; w <= window; w++) {
    const half = Math.floor(w / 2);
    fillBuffer(events, rank, labels, w, buffer);
    const grown = grow(events, half, n);
    exist.fill(0);
    for (const { first, last } of grown) {
      let earliest = THRESHOLDS;
      for (let i = first; i <= last; i++) if (rank[i]! < earliest) earliest = rank[i]!;
      if (earliest < THRESHOLDS) exist[earliest]!++;
    }
    cumulate(exist);
    let recallBefore = 0;
    let fprBefore = 0;
    for (let k = 0; k < THRESHOLDS; k++) {
      const truePositives = core[k]! + buffer[k]!;
      const total = (2 * positives + buffer[k]!) / 2;
      const recall = Math.min(truePositives / total, 1) * (exist[k]! / grown.length);
      const fpr = (predicted[k]! - truePositives) / (n - total);
      pr += (recall - recallBefore) * (truePositives / predicted[k]!);
      roc += (fpr - fprBefore) * ((recall + recallBefore) / 2);
      recallBefore = recall;
      fprBefore = fpr;
    }
    roc += (1 - fprBefore) * ((1 + recallBefore) / 2);
  }
  return { vusPr: pr / (window + 1), vusRoc: roc / (window + 1) };
}

/** For each row the index of the first threshold, from the highest down, that its score reaches. */
function ranksOf(scores: Float64Array): Uint8Array {
  const n = scores.length;
  const sorted = scores.slice().sort();
  const step = (n - 1) / (THRESHOLDS - 1);
  const thresholds = Float64Array.from({ length: THRESHOLDS }, (_, k) =>
    k === THRESHOLDS - 1 ? sorted[0]! : sorted[n - 1 - Math.floor(k * step)]!,
  );
  return Uint8Array.from(scores, (score) => {
    let low = 0;
    let high = THRESHOLDS - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (thresholds[middle]! <= score) high = middle;
      else low = middle + 1;
    }
    return low;
  });
}

/** Weights of the rows beside events, by the threshold at which they are first predicted, summed from the highest down. */
function fillBuffer(
  events: readonly Segment[],
  rank: Uint8Array,
  labels: ArrayLike<number>,
  w: number,
  out: Float64Array,
): void {
  const half = Math.floor(w / 2);
  out.fill(0);
  for (let e = 0; e < events.length; e++) {
    const { first, last } = events[e]!;
    // A row between two events may lie in both of their buffers: it has the sum of the weights, at most 1, and is
    // counted with the earlier event that reaches it.
    for (let i = last + 1; i <= Math.min(last + half, rank.length - 1); i++) {
      if (labels[i] === 1) continue;
      if (firstReach(events, e, i, half)) out[rank[i]!]! += weightAt(events, e, i, w, half);
    }
    for (let i = Math.max(first - half, 0); i < first; i++) {
      if (labels[i] === 1) continue;
      if (firstReach(events, e, i, half)) out[rank[i]!]! += weightAt(events, e, i, w, half);
    }
  }
  cumulate(out);
}

const reaches = ({ first, last }: Segment, row: number, half: number): boolean =>
  row >= first - half && row <= last + half;

const firstReach = (events: readonly Segment[], e: number, row: number, half: number): boolean => {
  for (let k = e - 1; k >= 0; k--) {
    if (reaches(events[k]!, row, half)) return false;
    if (events[k]!.last + half < row) break;
  }
  return true;
};

function weightAt(events: readonly Segment[], from: number, row: number, w: number, half: number): number {
  let weight = 0;
  for (let k = from; k < events.length && events[k]!.first - half <= row; k++) {
    const { first, last } = events[k]!;
    if (!reaches(events[k]!, row, half)) continue;
    weight += Math.sqrt(1 - (row > last ? row - last : first - row) / w);
  }
  return Math.min(1, weight);
}

/** Events widened by so many rows on each side, joined where they meet. */
function grow(events: readonly Segment[], half: number, n: number): Segment[] {
  const grown: Segment[] = [];
  for (const { first, last } of events) {
    const before = grown.at(-1);
    if (before !== undefined && first - half <= before.last) before.last = Math.min(n - 1, last + half);
    else grown.push({ first: Math.max(0, first - half), last: Math.min(n - 1, last + half) });
  }
  return grown;
}

function cumulate(values: Float64Array): void {
  for (let k = 1; k < values.length; k++) values[k]! += values[k - 1]!;
}

/** Samples and lags that periodOf looks at; a period is within these bounds. */
const PERIOD_SAMPLES = 20_000;
const PERIOD_LAGS = 400;
const PERIOD_MIN = 3;
const PERIOD_MAX = 300;
const DEFAULT_PERIOD = 125;

/**
 * The window of the volume: the lag of the highest peak of the autocorrelation of a series, or 125 when there is none.
 * Computed directly, lag by lag, which needs no transform at this size.
 */
export function periodOf(series: ArrayLike<number>): number {
  const n = Math.min(series.length, PERIOD_SAMPLES);
  let mean = 0;
  for (let i = 0; i < n; i++) mean += series[i]!;
  mean /= n;
  const x = Float64Array.from({ length: n }, (_, i) => series[i]! - mean);
  if (x.every((v) => v === 0)) return DEFAULT_PERIOD;
  const lags = Math.min(PERIOD_LAGS + 1, n);
  const correlation = new Float64Array(lags);
  for (let lag = 0; lag < lags; lag++) {
    let sum = 0;
    for (let i = lag; i < n; i++) sum += x[i]! * x[i - lag]!;
    correlation[lag] = sum;
  }
  let best = -1;
  for (let lag = PERIOD_MIN + 1; lag + 1 < lags; lag++) {
    const here = correlation[lag]!;
    if (!(here > correlation[lag - 1]! && here > correlation[lag + 1]!)) continue;
    if (best < 0 || here >= correlation[best]!) best = lag;
  }
  // The bounds are of the lag counted from the first one looked at, as the measure's authors have it.
  const counted = best - PERIOD_MIN;
  return best < 0 || counted < PERIOD_MIN || counted > PERIOD_MAX ? DEFAULT_PERIOD : best;
}
