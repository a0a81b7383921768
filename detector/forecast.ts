import {
  chronicTail,
  closeRow,
  GAP_ROWS,
  historySize,
  LAG_ROWS,
  openRow,
  rowsOf,
  slotAt,
  sumsAt,
  weight10,
  weight60,
} from './history.ts';
import { decades, KNOTS } from './knots.ts';
import { CONTEXT, NON_NEGATIVE, type Profile } from './profile.ts';

/** Scaled values are clipped here before they serve as inputs, so that one wild row does not bend later forecasts. */
export const CLIP = 10;
/** A feature that has been out of band by more than this for a thousand rows on average is discounted by the excess. */
const CHRONIC = 2;

export { historySize };

/** Scratch and results of one row, reused from row to row. All arrays have one item a feature. */
export interface Row {
  /** Values as later forecasts will see them: moved to within the band of their own forecast. */
  cleaned: Float64Array;
  /** Decades of the larger residual of the two forecasts; 0 for a missing value and for context features. */
  tails: Float64Array;
  /** The same less what is chronic, which is the evidence. */
  evidence: Float64Array;
  /** Sizes of the residuals in standard deviations, of the lags forecast, then of the gap forecast; NaN where there is none. */
  residuals: Float64Array;
  /** Band that both forecasts hold for normal, 99.9 % of training, in the feature's own unit; NaN = none yet. */
  low: Float64Array;
  high: Float64Array;
  /** Inputs of the gap forecast: value six rows back, and the two means there. */
  gap: Float64Array;
}

export function newRow(features: number): Row {
  const array = () => new Float64Array(features);
  return {
    cleaned: array(),
    tails: array(),
    evidence: array(),
    residuals: new Float64Array(2 * features),
    low: array(),
    high: array(),
    gap: new Float64Array(3 * features),
  };
}

/** Gathers the inputs of the gap forecast side by side: value six rows back, mean of 10 and of 60 rows there. */
export function gatherGap(history: Float64Array, n: number, out: Float64Array): void {
  const old = slotAt(history, n, GAP_ROWS);
  const sums = sumsAt(n);
  const by10 = 1 / weight10(history);
  const by60 = 1 / weight60(history);
  for (let c = 0; c < n; c++) {
    out[c] = history[old + c]!;
    out[n + c] = history[sums + c]! * by10;
    out[2 * n + c] = history[sums + n + c]! * by60;
  }
}

/**
 * Compares one row of feature values with its two causal forecasts and appends it to the history. The lags forecast
 * looks at the three rows before, the gap forecast six rows back, so that what creeps in over a few rows is seen too.
 * What enters the history is cleaned: moved to within the gap forecast's band, so that an anomaly does not become the
 * forecast of its own continuation. A missing value (NaN) has no evidence and is replaced by its forecast.
 */
export function observe(profile: Profile, history: Float64Array, values: Float64Array, row: Row): void {
  const n = profile.features.length;
  const rows = rowsOf(history);
  const { traits, cross, doubles, floats, inputs, meanAt, sdAt, lagsAt, gapAt, knotsAt, widthAt } = profile;
  openRow(history, n);
  gatherGap(history, n, row.gap);
  const lag1 = slotAt(history, n, 1);
  const lag2 = slotAt(history, n, 2);
  const lag3 = slotAt(history, n, LAG_ROWS);
  const { cleaned, tails, evidence, residuals, low, high, gap } = row;
  for (let c = 0; c < n; c++) {
    const mean = doubles[meanAt + c]!;
    const sd = doubles[sdAt + c]!;
    const z = (values[c]! - mean) / sd;
    const wLags = lagsAt + c * inputs;
    const wGap = gapAt + c * inputs;
    tails[c] = evidence[c] = 0;
    residuals[c] = residuals[n + c] = Number.NaN;
    let bandLow = Number.NEGATIVE_INFINITY;
    let bandHigh = Number.POSITIVE_INFINITY;
    let forecast = 0;
    if (rows >= GAP_ROWS) {
      forecast = cross
        ? dot(floats, wGap, gap, 3 * n)
        : floats[wGap]! * gap[c]! + floats[wGap + 1]! * gap[n + c]! + floats[wGap + 2]! * gap[2 * n + c]!;
      const at = knotsAt + (n + c) * KNOTS;
      const reach = floats[at + KNOTS - 1]!;
      bandLow = forecast - reach;
      bandHigh = forecast + reach;
      const residual = Math.abs(z - forecast);
      residuals[n + c] = residual;
      tails[c] = decades(residual, floats, at);
    }
    // Before the first gap forecast there is nothing to be cleaned by.
    cleaned[c] = clean(z, forecast, rows >= GAP_ROWS ? floats[widthAt + c]! : Number.POSITIVE_INFINITY);
    if ((traits[c]! & CONTEXT) !== 0) {
      tails[c] = 0;
    } else if (rows >= LAG_ROWS) {
      const lags = cross
        ? dot3(floats, wLags, n, history, lag1, lag2, lag3)
        : floats[wLags]! * history[lag1 + c]! +
          floats[wLags + 1]! * history[lag2 + c]! +
          floats[wLags + 2]! * history[lag3 + c]!;
      const at = knotsAt + c * KNOTS;
      const reach = floats[at + KNOTS - 1]!;
      if (lags - reach > bandLow) bandLow = lags - reach;
      if (lags + reach < bandHigh) bandHigh = lags + reach;
      const residual = Math.abs(z - lags);
      residuals[c] = residual;
      const tail = decades(residual, floats, at);
      if (tail > tails[c]!) tails[c] = tail;
      const excess = chronicTail(history, n, c) - CHRONIC;
      evidence[c] = excess > 0 ? Math.max(0, tails[c]! - excess) : tails[c]!;
      // Where the bands of the two forecasts do not meet, any value is unlike one of them; the gap between is shown.
      const bottom = mean + sd * Math.min(bandLow, bandHigh);
      low[c] = bottom < 0 && (traits[c]! & NON_NEGATIVE) !== 0 ? 0 : bottom;
      high[c] = mean + sd * Math.max(bandLow, bandHigh);
      continue;
    }
    low[c] = high[c] = Number.NaN;
  }
  closeRow(history, n, cleaned, tails);
}

/** What later forecasts see of a scaled value: clipped, and no further from its forecast than `width`. */
export function clean(z: number, forecast: number, width: number): number {
  if (Number.isNaN(z)) return forecast;
  const clipped = z > CLIP ? CLIP : z < -CLIP ? -CLIP : z;
  const off = clipped - forecast;
  return forecast + (off > width ? width : off < -width ? -width : off);
}

/** Four sums side by side, so that the additions do not wait for each other. */
export function dot(weights: Float32Array, at: number, x: Float64Array, n: number): number {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let i = 0;
  for (; i + 3 < n; i += 4) {
    a += weights[at + i]! * x[i]!;
    b += weights[at + i + 1]! * x[i + 1]!;
    c += weights[at + i + 2]! * x[i + 2]!;
    d += weights[at + i + 3]! * x[i + 3]!;
  }
  for (; i < n; i++) a += weights[at + i]! * x[i]!;
  return a + b + (c + d);
}

/** Products with three rows of the history, each with a sum of its own. */
function dot3(
  weights: Float32Array,
  at: number,
  n: number,
  history: Float64Array,
  r1: number,
  r2: number,
  r3: number,
): number {
  let a = 0;
  let b = 0;
  let c = 0;
  const w2 = at + n;
  const w3 = w2 + n;
  for (let i = 0; i < n; i++) {
    a += weights[at + i]! * history[r1 + i]!;
    b += weights[w2 + i]! * history[r2 + i]!;
    c += weights[w3 + i]! * history[r3 + i]!;
  }
  return a + b + c;
}
