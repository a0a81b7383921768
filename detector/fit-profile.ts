import { GAP_ROWS, historySize, LAG_ROWS, pushRow, slotAt } from './history.ts';
import { fitKnots, KNOTS, quantileSorted } from './knots.ts';
import { emptyProfile, type Profile, widthOf } from './profile.ts';
import { solveRidge } from './ridge.ts';

/** Ridge penalty on scaled inputs, as a share of a row: the flat part of what was measured on recorded telemetry. */
const RIDGE = 0.05;
/** A standard deviation below this is rounding noise of a constant series; it counts as 1. */
const MIN_SD = 1e-6;
const CLIP = 10;

/** Rows of one entity in time order, row-major, NaN = missing. */
export interface Series {
  features: readonly string[];
  metrics: readonly string[];
  context: Uint8Array;
  rows: number;
  values: Float64Array;
}

/** Fits scale, forecasts and tails to the rows of one entity. Needs more than GAP_ROWS rows. */
export function fitProfile(series: Series, cross: boolean): Profile {
  const profile = emptyProfile(series.features, series.metrics, series.context, cross);
  fitScale(series, profile);
  const scaled = scaleRows(series, profile);
  fitForecasts(series.rows, scaled, profile);
  fitTails(series, scaled, profile);
  return profile;
}

function fitScale(series: Series, profile: Profile): void {
  const n = profile.features.length;
  for (let c = 0; c < n; c++) {
    const column: number[] = [];
    for (let row = 0; row < series.rows; row++) {
      const x = series.values[row * n + c]!;
      if (!Number.isNaN(x)) column.push(x);
    }
    if (column.length === 0) continue;
    let mean = 0;
    for (const x of column) mean += x;
    mean /= column.length;
    let m2 = 0;
    for (const x of column) m2 += (x - mean) * (x - mean);
    const sd = Math.sqrt(m2 / column.length);
    profile.mean[c] = mean;
    profile.sd[c] = sd < MIN_SD ? 1 : sd;
    const sorted = Float64Array.from(column).sort();
    const median = quantileSorted(sorted, 0.5);
    profile.median[c] = median;
    for (let i = 0; i < sorted.length; i++) sorted[i] = Math.abs(sorted[i]! - median);
    profile.mad[c] = quantileSorted(sorted.sort(), 0.5);
  }
}

/** Unclipped scaled rows; a missing value continues the one before it, as it does in service. */
function scaleRows(series: Series, profile: Profile): Float64Array {
  const n = profile.features.length;
  const scaled = new Float64Array(series.rows * n);
  for (let row = 0; row < series.rows; row++) {
    for (let c = 0; c < n; c++) {
      const z = (series.values[row * n + c]! - profile.mean[c]!) / profile.sd[c]!;
      scaled[row * n + c] = Number.isNaN(z) ? (row > 0 ? clip(scaled[(row - 1) * n + c]!) : 0) : z;
    }
  }
  return scaled;
}

const clip = (z: number): number => (z > CLIP ? CLIP : z < -CLIP ? -CLIP : z);

/** Calls back for every row with the history before it. */
function walk(
  rows: number,
  n: number,
  scaled: Float64Array,
  visit: (row: number, history: Float64Array) => void,
): void {
  const history = new Float64Array(historySize(n));
  const clipped = new Float64Array(n);
  for (let row = 0; row < rows; row++) {
    visit(row, history);
    for (let c = 0; c < n; c++) clipped[c] = clip(scaled[row * n + c]!);
    pushRow(history, n, clipped);
  }
}

/** Inputs of the two forecasts, gathered side by side: [t−1, t−2, t−3] and [six rows back: value, mean10, mean60]. */
function gather(history: Float64Array, n: number, lags: Float64Array, gap: Float64Array): void {
  for (let back = 1; back <= LAG_ROWS; back++) {
    const slot = slotAt(history, n, back);
    for (let c = 0; c < n; c++) lags[(back - 1) * n + c] = history[slot + c]!;
  }
  const slot = slotAt(history, n, GAP_ROWS);
  for (let i = 0; i < 3 * n; i++) gap[i] = history[slot + i]!;
}

function fitForecasts(rows: number, scaled: Float64Array, profile: Profile): void {
  const n = profile.features.length;
  const width = widthOf(profile);
  const inputs = [new Float64Array(3 * n), new Float64Array(3 * n)] as const;
  // One system for all features when they share their inputs, else one of three unknowns each.
  const systems = profile.cross ? 1 : n;
  const outputs = profile.cross ? n : 1;
  const gram = [0, 1].map(() => new Float64Array(systems * width * width)) as [Float64Array, Float64Array];
  const cross = [0, 1].map(() => new Float64Array(systems * width * outputs)) as [Float64Array, Float64Array];
  walk(rows, n, scaled, (row, history) => {
    gather(history, n, inputs[0], inputs[1]);
    for (const p of [0, 1] as const) {
      if (profile.cross) accumulateShared(gram[p], cross[p], inputs[p], width, scaled, row * n, n);
      else accumulateOwn(gram[p], cross[p], inputs[p], scaled, row * n, n);
    }
  });
  for (const p of [0, 1] as const) {
    const weights = p === 0 ? profile.lags : profile.gap;
    for (let i = 0; i < gram[p].length; i++) gram[p][i]! /= rows;
    for (let i = 0; i < cross[p].length; i++) cross[p][i]! /= rows;
    for (let s = 0; s < systems; s++) {
      const b = cross[p].subarray(s * width * outputs, (s + 1) * width * outputs);
      const a = gram[p].subarray(s * width * width, (s + 1) * width * width);
      for (let i = 0; i < width; i++) for (let j = i + 1; j < width; j++) a[i * width + j] = a[j * width + i]!;
      solveRidge(a, width, RIDGE, b, outputs);
      for (let o = 0; o < outputs; o++)
        for (let i = 0; i < width; i++) weights[(s + o) * width + i] = b[i * outputs + o]!;
    }
  }
}

function accumulateShared(
  gram: Float64Array,
  cross: Float64Array,
  f: Float64Array,
  width: number,
  scaled: Float64Array,
  at: number,
  n: number,
): void {
  for (let i = 0; i < width; i++) {
    const x = f[i]!;
    if (x === 0) continue;
    const g = i * width;
    for (let j = 0; j <= i; j++) gram[g + j]! += x * f[j]!;
    const b = i * n;
    for (let c = 0; c < n; c++) cross[b + c]! += x * clip(scaled[at + c]!);
  }
}

function accumulateOwn(
  gram: Float64Array,
  cross: Float64Array,
  f: Float64Array,
  scaled: Float64Array,
  at: number,
  n: number,
): void {
  for (let c = 0; c < n; c++) {
    const target = clip(scaled[at + c]!);
    for (let i = 0; i < 3; i++) {
      const x = f[i * n + c]!;
      for (let j = 0; j <= i; j++) gram[c * 9 + i * 3 + j]! += x * f[j * n + c]!;
      cross[c * 3 + i]! += x * target;
    }
  }
}

function fitTails(series: Series, scaled: Float64Array, profile: Profile): void {
  const n = profile.features.length;
  const width = widthOf(profile);
  const inputs = [new Float64Array(3 * n), new Float64Array(3 * n)] as const;
  const residuals = Array.from({ length: 2 * n }, () => new Float64Array(series.rows));
  const counts = new Int32Array(2 * n);
  walk(series.rows, n, scaled, (row, history) => {
    if (row < GAP_ROWS) return;
    gather(history, n, inputs[0], inputs[1]);
    for (const p of [0, 1] as const) {
      const weights = p === 0 ? profile.lags : profile.gap;
      for (let c = 0; c < n; c++) {
        if (Number.isNaN(series.values[row * n + c]!)) continue;
        let forecast = 0;
        if (profile.cross) for (let i = 0; i < width; i++) forecast += weights[c * width + i]! * inputs[p][i]!;
        else for (let i = 0; i < 3; i++) forecast += weights[c * 3 + i]! * inputs[p][i * n + c]!;
        const k = p * n + c;
        residuals[k]![counts[k]!++] = Math.abs(scaled[row * n + c]! - forecast);
      }
    }
  });
  for (let k = 0; k < 2 * n; k++) fitKnots(residuals[k]!.subarray(0, counts[k]!), profile.knots, k * KNOTS);
}
