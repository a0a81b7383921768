import { quantileSorted } from '../core/stats/quantile.ts';
import { CLIP, dot, gatherGap, newRow, observe } from './forecast.ts';
import { closeRow, GAP_ROWS, historySize, LAG_ROWS, openRow, slotAt } from './history.ts';
import { fitKnots, KNOTS } from './knots.ts';
import { emptyProfile, type Profile } from './profile.ts';
import { Ridge } from './ridge.ts';

/** Ridge penalty on scaled inputs, as a share of a row: the flat part of what was measured on recorded telemetry. */
const RIDGE = 0.05;
/** A standard deviation below this is rounding noise of a constant series; it counts as 1. */
const MIN_SD = 1e-6;
/** Share of training residuals within which values enter the history as they are. */
const WIDTH_QUANTILE = 0.999;
/** Keeps the width of a constant feature above rounding error. */
const MIN_WIDTH = 1e-9;

/** Rows of one entity in time order, row-major, NaN = missing. */
export interface Series {
  features: readonly string[];
  metrics: readonly string[];
  /** CONTEXT and NON_NEGATIVE of profile.ts, per feature. */
  traits: Uint8Array;
  rows: number;
  values: Float64Array;
}

/** Fits scale, forecasts and tails to the rows of one entity. Needs more than GAP_ROWS rows. */
export function fitProfile(series: Series, cross: boolean): Profile {
  const profile = emptyProfile(series.features, series.metrics, series.traits, cross);
  fitScale(series, profile);
  const scaled = scaleRows(series, profile);
  fitForecasts(series.rows, scaled, profile);
  fitWidth(series, scaled, profile);
  fitTails(series, profile);
  return profile;
}

function fitScale(series: Series, profile: Profile): void {
  const n = profile.features.length;
  const views = { mean: profile.mean, sd: profile.sd, median: profile.median, mad: profile.mad };
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
    views.mean[c] = mean;
    views.sd[c] = sd < MIN_SD ? 1 : sd;
    const sorted = Float64Array.from(column).sort();
    const median = quantileSorted(sorted, 0.5);
    views.median[c] = (median - mean) / views.sd[c]!;
    for (let i = 0; i < sorted.length; i++) sorted[i] = Math.abs(sorted[i]! - median);
    views.mad[c] = quantileSorted(sorted.sort(), 0.5) / views.sd[c]!;
  }
}

/** Unclipped scaled rows; a missing value continues the one before it, as it does in service. */
function scaleRows(series: Series, profile: Profile): Float64Array {
  const n = profile.features.length;
  const { mean, sd } = profile;
  const scaled = new Float64Array(series.rows * n);
  for (let row = 0; row < series.rows; row++) {
    for (let c = 0; c < n; c++) {
      const z = (series.values[row * n + c]! - mean[c]!) / sd[c]!;
      scaled[row * n + c] = Number.isNaN(z) ? (row > 0 ? clip(scaled[(row - 1) * n + c]!) : 0) : z;
    }
  }
  return scaled;
}

const clip = (z: number): number => (z > CLIP ? CLIP : z < -CLIP ? -CLIP : z);

/** Rows as the fit of the forecasts sees them: plain, clipped, each with the history before it opened. */
function walk(
  rows: number,
  n: number,
  scaled: Float64Array,
  visit: (row: number, history: Float64Array) => void,
): void {
  const history = new Float64Array(historySize(n));
  const clipped = new Float64Array(n);
  const noTails = new Float64Array(n);
  for (let row = 0; row < rows; row++) {
    openRow(history, n);
    visit(row, history);
    for (let c = 0; c < n; c++) clipped[c] = clip(scaled[row * n + c]!);
    closeRow(history, n, clipped, noTails);
  }
}

/** The three rows before, side by side. */
function gatherLags(history: Float64Array, n: number, out: Float64Array): void {
  for (let back = 1; back <= LAG_ROWS; back++) {
    const slot = slotAt(history, n, back);
    for (let c = 0; c < n; c++) out[(back - 1) * n + c] = history[slot + c]!;
  }
}

function fitForecasts(rows: number, scaled: Float64Array, profile: Profile): void {
  const n = profile.features.length;
  const systems = [new Ridge(n, profile.cross), new Ridge(n, profile.cross)] as const;
  const inputs = [new Float64Array(3 * n), new Float64Array(3 * n)] as const;
  const target = new Float64Array(n);
  walk(rows, n, scaled, (row, history) => {
    gatherLags(history, n, inputs[0]);
    gatherGap(history, n, inputs[1]);
    if (row < GAP_ROWS) inputs[1].fill(0);
    for (let c = 0; c < n; c++) target[c] = clip(scaled[row * n + c]!);
    systems[0].add(inputs[0], target);
    systems[1].add(inputs[1], target);
  });
  systems[0].solve(RIDGE, profile.lags);
  systems[1].solve(RIDGE, profile.gap);
}

/** Width of the gap forecast's residuals on the plain history: beyond it a value is cleaned before it is remembered. */
function fitWidth(series: Series, scaled: Float64Array, profile: Profile): void {
  const n = profile.features.length;
  const { cross, gap, width } = profile;
  const input = new Float64Array(3 * n);
  const residuals = Array.from({ length: n }, () => new Float64Array(series.rows));
  const counts = new Int32Array(n);
  walk(series.rows, n, scaled, (row, history) => {
    if (row < GAP_ROWS) return;
    gatherGap(history, n, input);
    for (let c = 0; c < n; c++) {
      if (Number.isNaN(series.values[row * n + c]!)) continue;
      const forecast = cross
        ? dot(gap, c * 3 * n, input, 3 * n)
        : gap[c * 3]! * input[c]! + gap[c * 3 + 1]! * input[n + c]! + gap[c * 3 + 2]! * input[2 * n + c]!;
      residuals[c]![counts[c]!++] = Math.abs(scaled[row * n + c]! - forecast);
    }
  });
  for (let c = 0; c < n; c++) {
    const sorted = residuals[c]!.subarray(0, counts[c]!).sort();
    width[c] = (sorted.length === 0 ? 0 : quantileSorted(sorted, WIDTH_QUANTILE)) + MIN_WIDTH;
  }
}

/** Knots of both forecasts' residuals, from the very code that serves: its history is cleaned as it goes. */
function fitTails(series: Series, profile: Profile): void {
  const n = profile.features.length;
  const history = new Float64Array(historySize(n));
  const row = newRow(n);
  const residuals = Array.from({ length: 2 * n }, () => new Float64Array(series.rows));
  const counts = new Int32Array(2 * n);
  for (let i = 0; i < series.rows; i++) {
    observe(profile, history, series.values.subarray(i * n, (i + 1) * n), row);
    if (i < GAP_ROWS) continue;
    for (let k = 0; k < 2 * n; k++) {
      const residual = row.residuals[k]!;
      if (!Number.isNaN(residual)) residuals[k]![counts[k]!++] = residual;
    }
  }
  const { knots } = profile;
  for (let k = 0; k < 2 * n; k++) fitKnots(residuals[k]!.subarray(0, counts[k]!), knots, k * KNOTS);
}
