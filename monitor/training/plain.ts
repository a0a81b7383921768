import { quantileSorted } from '../../core/stats/quantile.ts';
import { parseFeatureName } from '../../ingest/feature-name.ts';
import type { EntityWindows } from './entity-windows.ts';

/** MAD × this estimates a normal's standard deviation (Rousseeuw and Croux 1993). */
const MAD_TO_SD = 1.4826;

/** Median and robust standard deviation of each feature over the warm-up and the clean rows; the scale of an entity. */
export interface Scales {
  median: Float64Array;
  spread: Float64Array;
  /** 1 for features that are inputs without evidence of their own. */
  context: Uint8Array;
}

/** Scales from the rows before the judged ones, so that nothing judged is known; constants have a spread of 0. */
export function scalesOf({ features, values, warmUp }: EntityWindows): Scales {
  const n = features.length;
  const scales = { median: new Float64Array(n), spread: new Float64Array(n), context: new Uint8Array(n) };
  for (let c = 0; c < n; c++) {
    scales.context[c] = parseFeatureName(features[c]!).context ? 1 : 0;
    const column: number[] = [];
    for (let i = 0; i < warmUp; i++) {
      const x = values[i * n + c]!;
      if (Number.isFinite(x)) column.push(x);
    }
    if (column.length === 0) continue;
    const sorted = Float64Array.from(column).sort();
    const median = quantileSorted(sorted, 0.5);
    const mad = quantileSorted(sorted.map((x) => Math.abs(x - median)).sort(), 0.5) * MAD_TO_SD;
    const mean = column.reduce((a, b) => a + b, 0) / column.length;
    const sd = Math.sqrt(column.reduce((a, b) => a + (b - mean) ** 2, 0) / column.length);
    scales.median[c] = median;
    scales.spread[c] = mad > 0 ? mad : sd;
  }
  return scales;
}

/** Largest |robust z| of every judged row: what a detector of one line reaches, without a model and without memory. */
export function robustZScores({ features, values, warmUp, startsMs }: EntityWindows, scales: Scales): Float64Array {
  const n = features.length;
  const scores = new Float64Array(startsMs.length - warmUp);
  for (let i = 0; i < scores.length; i++) {
    for (let c = 0; c < n; c++) {
      if (scales.context[c] === 1) continue;
      const z = Math.abs(values[(i + warmUp) * n + c]! - scales.median[c]!) / (scales.spread[c]! || 1);
      if (z > scores[i]!) scores[i] = z;
    }
  }
  return scores;
}
