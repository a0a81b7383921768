import type { Attribution, Source } from '../core/types.ts';

/** How one row of an entity was judged. A scratch object: the fold keeps one and every scorer writes into it. */
export class Assessment {
  source: Source = 'fallback';
  /** Raw score of the source. */
  score = 0;
  /** Evidence against normality in decades of tail probability. */
  decades = 0;
  /** Too little history for the decades to be trusted. */
  probation = false;
  /** The histories behind it have filled, so its alerts are as frequent as calibration says. */
  warm = true;
  /** The source speaks up once and softens what follows, so one anomalous window is enough for an incident. */
  onset = false;
  /** The forest was asked and threw. */
  failed = false;
  /** More features are missing than in training. */
  gap = false;
  /** Evidence against the threshold of the entity; above 1 is anomalous. */
  severity = 0;
  /** Per feature: its part of the evidence, and the band in which it was expected (NaN = none). */
  weights = new Float64Array(0);
  low = new Float64Array(0);
  high = new Float64Array(0);

  reset(features: number): void {
    if (this.weights.length !== features) {
      this.weights = new Float64Array(features);
      this.low = new Float64Array(features);
      this.high = new Float64Array(features);
    }
    this.weights.fill(0);
    this.low.fill(Number.NaN);
    this.high.fill(Number.NaN);
    this.score = 0;
    this.decades = 0;
    this.probation = false;
    this.warm = true;
    this.onset = false;
    this.failed = false;
    this.gap = false;
    this.severity = 0;
  }
}

/** Attributions kept with a verdict. */
const MOST = 8;

/**
 * Shares of the evidence by metric, largest first. A metric with several features speaks through the one with the
 * largest part. Shares of all metrics sum to 1; those beyond the first MOST are merged into the last.
 */
export function attribute(assessment: Assessment, metrics: readonly string[], values: Float64Array): Attribution[] {
  const best = new Map<string, number>();
  let sum = 0;
  for (let c = 0; c < metrics.length; c++) {
    const weight = assessment.weights[c]!;
    const held = best.get(metrics[c]!);
    if (held === undefined || weight > assessment.weights[held]!) best.set(metrics[c]!, c);
    sum += weight;
  }
  if (!(sum > 0)) return [];
  const shares = new Map<string, number>();
  for (let c = 0; c < metrics.length; c++)
    shares.set(metrics[c]!, (shares.get(metrics[c]!) ?? 0) + assessment.weights[c]! / sum);
  const ranked = [...best.entries()]
    .map(([metric, c]) => ({
      metric,
      share: shares.get(metric)!,
      value: values[c]!,
      expectedLow: assessment.low[c]!,
      expectedHigh: assessment.high[c]!,
    }))
    .sort((a, b) => b.share - a.share || (a.metric < b.metric ? -1 : 1));
  if (ranked.length <= MOST) return ranked;
  const kept = ranked.slice(0, MOST);
  let rest = 1;
  for (const a of kept) rest -= a.share;
  kept[MOST - 1]!.share += Math.max(0, rest);
  return kept;
}
