/**
 * What forecasting remembers of one entity: the last six rows, and exponential means of everything before them. The
 * means lag six rows behind, so one ring serves both forecasts. All of it lies in one Float64Array, so that an entity
 * costs one allocation and saves as it is.
 *
 * Layout for C features: ring of six rows of cleaned values, ring of six rows of tails, sums of the means with
 * half-lives of 10 and 60 rows (values) and 1,000 rows (tails), then the three weights and the row count.
 */
export const GAP_ROWS = 6;
export const LAG_ROWS = 3;
const DECAY_10 = 2 ** (-1 / 10);
const DECAY_60 = 2 ** (-1 / 60);
const DECAY_1000 = 2 ** (-1 / 1000);

export const historySize = (features: number): number => (2 * GAP_ROWS + 3) * features + 4;

/** Rows seen so far. */
export const rowsOf = (history: Float64Array): number => history[history.length - 1]!;

/** Offset of the values `back` rows ago (1 … 6); rows before the first are 0. */
export function slotAt(history: Float64Array, features: number, back: number): number {
  return ((((rowsOf(history) - back) % GAP_ROWS) + GAP_ROWS) % GAP_ROWS) * features;
}

/** Offset of the sums of the values' means, 10 rows first; divide by meanWeight. */
export const sumsAt = (features: number): number => 2 * GAP_ROWS * features;
export const weight10 = (history: Float64Array): number => history[history.length - 4]! || 1;
export const weight60 = (history: Float64Array): number => history[history.length - 3]! || 1;

/** Decades that a feature has been out of band on average over the last thousand rows, six rows ago. */
export function chronicTail(history: Float64Array, features: number, c: number): number {
  const weight = history[history.length - 2]!;
  return weight > 0 ? history[sumsAt(features) + 2 * features + c]! / weight : 0;
}

/** Opens a row: what happened six rows ago enters the means. Call once before the forecasts of the row are read. */
export function openRow(history: Float64Array, features: number): void {
  if (rowsOf(history) < GAP_ROWS) return;
  const old = slotAt(history, features, GAP_ROWS);
  const sums = sumsAt(features);
  for (let c = 0; c < features; c++) {
    const x = history[old + c]!;
    history[sums + c] = history[sums + c]! * DECAY_10 + x;
    history[sums + features + c] = history[sums + features + c]! * DECAY_60 + x;
    history[sums + 2 * features + c] =
      history[sums + 2 * features + c]! * DECAY_1000 + history[GAP_ROWS * features + old + c]!;
  }
  const end = history.length;
  history[end - 4] = history[end - 4]! * DECAY_10 + 1;
  history[end - 3] = history[end - 3]! * DECAY_60 + 1;
  history[end - 2] = history[end - 2]! * DECAY_1000 + 1;
}

/** Closes a row: its values and tails take the place of those of six rows ago. */
export function closeRow(history: Float64Array, features: number, values: Float64Array, tails: Float64Array): void {
  const slot = slotAt(history, features, GAP_ROWS);
  for (let c = 0; c < features; c++) {
    history[slot + c] = values[c]!;
    history[GAP_ROWS * features + slot + c] = tails[c]!;
  }
  history[history.length - 1]! += 1;
}
