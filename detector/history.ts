/**
 * What forecasting remembers of one entity: the last six rows of scaled values with the exponential means as they were
 * then. All of it lies in one Float64Array, so that an entity costs one allocation and saves as it is.
 *
 * Layout for C features: 6 ring slots of [value × C, mean10 × C, mean60 × C], then the running sums of the two means
 * (C each), then their weights, the row count.
 */
export const GAP_ROWS = 6;
export const LAG_ROWS = 3;
const DECAY_10 = 2 ** (-1 / 10);
const DECAY_60 = 2 ** (-1 / 60);

export const historySize = (features: number): number => GAP_ROWS * 3 * features + 2 * features + 3;

/** Offset of the ring slot that holds the row `back` rows ago (1 … 6); rows before the first are 0. */
export function slotAt(history: Float64Array, features: number, back: number): number {
  const rows = history[historySize(features) - 1]!;
  return ((((rows - back) % GAP_ROWS) + GAP_ROWS) % GAP_ROWS) * 3 * features;
}

/** Appends a row of scaled, clipped values. */
export function pushRow(history: Float64Array, features: number, scaled: Float64Array): void {
  const end = historySize(features);
  const rows = history[end - 1]!;
  const slot = (rows % GAP_ROWS) * 3 * features;
  const sums = GAP_ROWS * 3 * features;
  const weight10 = history[end - 3]! * DECAY_10 + (1 - DECAY_10);
  const weight60 = history[end - 2]! * DECAY_60 + (1 - DECAY_60);
  for (let c = 0; c < features; c++) {
    const x = scaled[c]!;
    const sum10 = history[sums + c]! * DECAY_10 + x * (1 - DECAY_10);
    const sum60 = history[sums + features + c]! * DECAY_60 + x * (1 - DECAY_60);
    history[sums + c] = sum10;
    history[sums + features + c] = sum60;
    history[slot + c] = x;
    history[slot + features + c] = sum10 / weight10;
    history[slot + 2 * features + c] = sum60 / weight60;
  }
  history[end - 3] = weight10;
  history[end - 2] = weight60;
  history[end - 1] = rows + 1;
}
