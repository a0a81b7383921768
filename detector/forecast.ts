import { GAP_ROWS, historySize, LAG_ROWS, pushRow, slotAt } from './history.ts';
import { decades, KNOTS } from './knots.ts';
import { type Profile, widthOf } from './profile.ts';

/** Scaled values are clipped here before they serve as inputs, so that one wild row does not bend later forecasts. */
const CLIP = 10;

export { historySize };

/** Scratch and results of one row, reused from row to row. All arrays have one item a feature. */
export interface Row {
  scaled: Float64Array;
  /** Decades of the larger residual of the two forecasts; 0 for a missing value and for context features. */
  tails: Float64Array;
  /** Band that both forecasts hold for normal, 99.9 % of training, in the feature's own unit. */
  low: Float64Array;
  high: Float64Array;
}

export function newRow(features: number): Row {
  const array = () => new Float64Array(features);
  return { scaled: array(), tails: array(), low: array(), high: array() };
}

/**
 * Compares one row of feature values with its two causal forecasts and appends it to the history. The lags forecast
 * looks at the three rows before, the gap forecast six rows back, so that what creeps in over a few rows is seen too.
 * A missing value (NaN) has no evidence and continues its last one.
 */
export function observe(profile: Profile, history: Float64Array, values: Float64Array, row: Row): void {
  const n = profile.features.length;
  const rows = history[historySize(n) - 1]!;
  const width = widthOf(profile);
  const last = slotAt(history, n, 1);
  const lag2 = slotAt(history, n, 2);
  const lag3 = slotAt(history, n, LAG_ROWS);
  const gap = slotAt(history, n, GAP_ROWS);
  const { scaled, tails, low, high } = row;
  for (let c = 0; c < n; c++) {
    const mean = profile.mean[c]!;
    const sd = profile.sd[c]!;
    const z = (values[c]! - mean) / sd;
    const missing = Number.isNaN(z);
    tails[c] = 0;
    scaled[c] = missing ? (rows > 0 ? history[last + c]! : 0) : z > CLIP ? CLIP : z < -CLIP ? -CLIP : z;
    low[c] = Number.NEGATIVE_INFINITY;
    high[c] = Number.POSITIVE_INFINITY;
    if (profile.context[c] === 1 || rows < LAG_ROWS) continue;
    const w = c * width;
    let forecast = profile.cross ? dot3(profile.lags, w, n, history, last, lag2, lag3) : 0;
    if (!profile.cross) {
      forecast =
        profile.lags[w]! * history[last + c]! +
        profile.lags[w + 1]! * history[lag2 + c]! +
        profile.lags[w + 2]! * history[lag3 + c]!;
    }
    judge(profile, row, c, 0, z, forecast, missing);
    if (rows < GAP_ROWS) continue;
    forecast = profile.cross
      ? dot3(profile.gap, w, n, history, gap, gap + n, gap + 2 * n)
      : profile.gap[w]! * history[gap + c]! +
        profile.gap[w + 1]! * history[gap + n + c]! +
        profile.gap[w + 2]! * history[gap + 2 * n + c]!;
    judge(profile, row, c, 1, z, forecast, missing);
  }
  for (let c = 0; c < n; c++) {
    // Where the bands of the two forecasts do not meet, any value is unlike one of them; the gap between is shown.
    const a = Math.min(low[c]!, high[c]!);
    const b = Math.max(low[c]!, high[c]!);
    low[c] = profile.mean[c]! + profile.sd[c]! * a;
    high[c] = profile.mean[c]! + profile.sd[c]! * b;
  }
  pushRow(history, n, scaled);
}

function judge(
  profile: Profile,
  row: Row,
  c: number,
  predictor: 0 | 1,
  z: number,
  forecast: number,
  missing: boolean,
): void {
  const at = (predictor * profile.features.length + c) * KNOTS;
  const reach = profile.knots[at + KNOTS - 1]!;
  if (forecast - reach > row.low[c]!) row.low[c] = forecast - reach;
  if (forecast + reach < row.high[c]!) row.high[c] = forecast + reach;
  if (missing) return;
  const tail = decades(Math.abs(z - forecast), profile.knots, at);
  if (tail > row.tails[c]!) row.tails[c] = tail;
}

function dot3(
  weights: Float32Array,
  at: number,
  n: number,
  history: Float64Array,
  a: number,
  b: number,
  c: number,
): number {
  let sum = 0;
  for (let i = 0; i < n; i++) {
    sum +=
      weights[at + i]! * history[a + i]! +
      weights[at + n + i]! * history[b + i]! +
      weights[at + 2 * n + i]! * history[c + i]!;
  }
  return sum;
}
