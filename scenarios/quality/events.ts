import { quantileSorted } from '../../core/stats/quantile.ts';
import type { RankingCurve } from '../../core/stats/ranking.ts';

/** A run of rows, both ends included. */
export interface Segment {
  first: number;
  last: number;
}

/** Runs of 1. */
export function segmentsOf(flags: ArrayLike<number>): Segment[] {
  const segments: Segment[] = [];
  for (let i = 0; i < flags.length; i++) {
    if (flags[i] !== 1) continue;
    const first = i;
    while (i + 1 < flags.length && flags[i + 1] === 1) i++;
    segments.push({ first, last: i });
  }
  return segments;
}

/** 1 for every row whose score reaches the threshold. */
export const alarmsAt = (scores: Float64Array, threshold: number): Uint8Array =>
  Uint8Array.from(scores, (score) => (score >= threshold ? 1 : 0));

/** Joins alarms that are at most gap quiet rows apart, as an operator would take them for one; in place. */
export function joinAlarms(alarms: Uint8Array, gap: number): Uint8Array {
  let last = -1;
  for (let i = 0; i < alarms.length; i++) {
    if (alarms[i] !== 1) continue;
    if (last >= 0 && i - last - 1 <= gap) alarms.fill(1, last, i);
    last = i;
  }
  return alarms;
}

export interface EventOptions {
  /** Quiet rows that do not end an alarm. */
  gap: number;
  /** An alarm so many rows before an event counts for it. */
  tolerance: number;
  /** Rows of alarm without an event that make one false alarm. */
  unit: number;
}

export const EVENT_OPTIONS: EventOptions = { gap: 10, tolerance: 0, unit: 30 };

export interface EventScores {
  precision: number;
  recall: number;
  f1: number;
  events: number;
  found: number;
  falseAlarms: number;
}

/**
 * Precision and recall of events that long alarms cannot buy: an event counts once, when any row of it is alarmed; a
 * run of alarmed normal rows costs one false alarm for each `unit` rows begun. (With the usual overlap of segments, one
 * alarm over everything would be perfect.)
 */
export function eventScores(
  labels: ArrayLike<number>,
  alarms: Uint8Array,
  options: EventOptions = EVENT_OPTIONS,
): EventScores {
  return scoreEvents(segmentsOf(labels), alarms.slice(), options);
}

/** As eventScores; alarms is scratch. */
function scoreEvents(events: readonly Segment[], alarms: Uint8Array, options: EventOptions): EventScores {
  joinAlarms(alarms, options.gap);
  let found = 0;
  for (const { first, last } of events) {
    if (alarms.subarray(Math.max(0, first - options.tolerance), last + 1).includes(1)) found++;
  }
  for (const { first, last } of events) alarms.fill(0, Math.max(0, first - options.tolerance), last + 1);
  let falseAlarms = 0;
  for (let i = 0; i < alarms.length; i++) {
    if (alarms[i] === 0) continue;
    const first = i;
    while (i + 1 < alarms.length && alarms[i + 1] === 1) i++;
    falseAlarms += Math.ceil((i - first + 1) / options.unit);
  }
  const precision = found + falseAlarms > 0 ? found / (found + falseAlarms) : 0;
  const recall = events.length > 0 ? found / events.length : Number.NaN;
  const f1 = precision + recall > 0 ? (2 * precision * recall) / (precision + recall) : 0;
  return { precision, recall, f1, events: events.length, found, falseAlarms };
}

/** Thresholds that bestEventF1 looks at: so many alarm shares between these, evenly spaced in their logarithm. */
const THRESHOLDS = 200;
const LEAST_SHARE = 1e-4;
const MOST_SHARE = 0.5;

/** The best event F1 over thresholds that alarm on 0.01 % to 50 % of the rows; the lowest such threshold. */
export function bestEventF1(
  labels: ArrayLike<number>,
  scores: Float64Array,
  options: EventOptions = EVENT_OPTIONS,
): EventScores & { threshold: number } {
  const events = segmentsOf(labels);
  const sorted = scores.slice().sort();
  const thresholds = new Set<number>();
  for (let i = THRESHOLDS - 1; i >= 0; i--) {
    const share =
      i === 0
        ? LEAST_SHARE
        : i === THRESHOLDS - 1
          ? MOST_SHARE
          : 10 **
            (Math.log10(LEAST_SHARE) + i * ((Math.log10(MOST_SHARE) - Math.log10(LEAST_SHARE)) / (THRESHOLDS - 1)));
    thresholds.add(quantileSorted(sorted, 1 - share));
  }
  const alarms = new Uint8Array(scores.length);
  let best: (EventScores & { threshold: number }) | null = null;
  for (const threshold of [...thresholds].sort((a, b) => a - b)) {
    for (let i = 0; i < scores.length; i++) alarms[i] = scores[i]! >= threshold ? 1 : 0;
    const at = scoreEvents(events, alarms, options);
    if (best === null || at.f1 > best.f1) best = { ...at, threshold };
  }
  return best!;
}

/**
 * Composite F1 (Garg et al. 2021, "An evaluation of anomaly detection and diagnosis in multivariate time series"): the
 * harmonic mean of event recall and point precision, best over every threshold.
 */
export function compositeF1(labels: ArrayLike<number>, scores: Float64Array, curve: RankingCurve): number {
  const events = segmentsOf(labels);
  if (events.length === 0) return Number.NaN;
  const peaks = events.map(({ first, last }) => scores.subarray(first, last + 1).reduce((a, b) => (b > a ? b : a)));
  peaks.sort((a, b) => b - a);
  let best = 0;
  let found = 0;
  for (let i = 0; i < curve.thresholds.length; i++) {
    while (found < peaks.length && peaks[found]! >= curve.thresholds[i]!) found++;
    const recall = found / peaks.length;
    const precision = curve.truePositives[i]! / (curve.truePositives[i]! + curve.falsePositives[i]!);
    best = Math.max(best, (2 * recall * precision) / Math.max(recall + precision, 1e-12));
  }
  return best;
}

export interface DetectionDelay {
  /** Rows from the start of an event to its first alarm, over the events found; NaN when none was. */
  mean: number;
  median: number;
  p90: number;
  found: number;
  missed: number;
}

export function detectionDelay(labels: ArrayLike<number>, alarms: Uint8Array): DetectionDelay {
  const delays: number[] = [];
  const events = segmentsOf(labels);
  for (const { first, last } of events) {
    const at = alarms.subarray(first, last + 1).indexOf(1);
    if (at >= 0) delays.push(at);
  }
  delays.sort((a, b) => a - b);
  const found = delays.length;
  const quantile = (p: number) => (found === 0 ? Number.NaN : quantileSorted(delays, p));
  const mean = delays.reduce((a, b) => a + b, 0) / found;
  return { mean, median: quantile(0.5), p90: quantile(0.9), found, missed: events.length - found };
}
