import { Random } from '../../core/random.ts';
import { quantileSorted } from '../../core/stats/quantile.ts';
import type { Matrix } from './table-file.ts';

/** MAD × this estimates a normal's standard deviation (Rousseeuw and Croux 1993). */
const MAD_TO_SD = 1.4826;
/** A spread below this is that of a constant. */
const LEAST_SPREAD = 1e-9;
/** Earlier values that the running robust z compares a value with, and how many it needs. */
const RUNNING_ROWS = 200;
const RUNNING_LEAST = 10;
/** Where the running robust z alarms (Iglewicz and Hoaglin 1993). */
export const RUNNING_LIMIT = 3.5;

export interface BaselineScores {
  scores: Float64Array;
  alarms: Uint8Array;
}

/** Uniform scores: what a measure gives to a detector that knows nothing. */
export function randomBaseline(rows: number, seed: number, entity: string, alertRate: number): BaselineScores {
  const random = new Random(seed).fork(`random ${entity}`);
  const scores = Float64Array.from({ length: rows }, () => random.next());
  return { scores, alarms: Uint8Array.from(scores, (score) => (score > 1 - alertRate ? 1 : 0)) };
}

function centreOf(column: Float64Array): { median: number; spread: number } {
  const sorted = column.slice().sort();
  const median = quantileSorted(sorted, 0.5);
  const mad = quantileSorted(sorted.map((x) => Math.abs(x - median)).sort(), 0.5) * MAD_TO_SD;
  if (mad > 0) return { median, spread: mad };
  const mean = column.reduce((a, b) => a + b, 0) / column.length;
  const sd = Math.sqrt(column.reduce((a, b) => a + (b - mean) ** 2, 0) / column.length);
  return { median, spread: sd > LEAST_SPREAD ? sd : 1 };
}

/** Largest |x − median| / spread over the columns, both from the train rows; alarms beyond what so few train rows had. */
export function robustZBaseline(train: Matrix, test: Matrix, alertRate: number): BaselineScores {
  const { columns } = train;
  const centres = Array.from({ length: columns }, (_, c) =>
    centreOf(Float64Array.from({ length: train.rows }, (_, r) => train.values[r * columns + c]!)),
  );
  const largest = (matrix: Matrix) =>
    Float64Array.from({ length: matrix.rows }, (_, r) => {
      let z = 0;
      for (let c = 0; c < columns; c++) {
        const { median, spread } = centres[c]!;
        z = Math.max(z, Math.abs(matrix.values[r * columns + c]! - median) / spread);
      }
      return z;
    });
  const limit = quantileSorted(largest(train).sort(), 1 - alertRate);
  const scores = largest(test);
  return { scores, alarms: Uint8Array.from(scores, (z) => (z > limit ? 1 : 0)) };
}

/** The same for one series without training: against the median and spread of the values before. A missing value scores 0. */
export function runningRobustZ(values: Float64Array): BaselineScores {
  const scores = new Float64Array(values.length);
  const recent: number[] = [];
  const sorted: number[] = [];
  for (let i = 0; i < values.length; i++) {
    const x = values[i]!;
    if (Number.isNaN(x)) continue;
    if (recent.length >= RUNNING_LEAST) {
      const median = quantileSorted(sorted, 0.5);
      const deviations = Float64Array.from(sorted, (v) => Math.abs(v - median)).sort();
      const spread = quantileSorted(deviations, 0.5) * MAD_TO_SD;
      const mean = deviations.reduce((a, b) => a + b, 0) / deviations.length;
      scores[i] = Math.abs(x - median) / Math.max(spread > 0 ? spread : mean, LEAST_SPREAD * (1 + Math.abs(median)));
    }
    recent.push(x);
    sorted.splice(positionOf(sorted, x), 0, x);
    if (recent.length > RUNNING_ROWS) sorted.splice(positionOf(sorted, recent.shift()!), 1);
  }
  return { scores, alarms: Uint8Array.from(scores, (z) => (z > RUNNING_LIMIT ? 1 : 0)) };
}

/** First place at which a value stands, or would stand, in ascending order. */
function positionOf(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
