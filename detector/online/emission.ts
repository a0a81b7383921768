/**
 * What is said of a row among its neighbours: evidence above everything of the last fifty to hundred rows is an onset
 * and is said in full; the rest of an episode, and what follows it, is softened. One rule for whatever judged the row.
 * Three doubles: the largest of this block of rows and of the one before, and rows in this block.
 */
const CURRENT = 0;
const PREVIOUS = 1;
const ROWS = 2;
export const EMISSION = 3;

const BLOCK_ROWS = 50;
const SOFT = 0.7;

/** The decades to emit; the state moves on by a row. */
export function emit(state: Float64Array, at: number, decades: number): number {
  const onset = decades > Math.max(state[at + CURRENT]!, state[at + PREVIOUS]!);
  if (decades > state[at + CURRENT]!) state[at + CURRENT] = decades;
  state[at + ROWS]! += 1;
  if (state[at + ROWS] === BLOCK_ROWS) {
    state[at + PREVIOUS] = state[at + CURRENT]!;
    state[at + CURRENT] = 0;
    state[at + ROWS] = 0;
  }
  return onset ? decades : SOFT * decades;
}

export function flawOfEmission(state: Float64Array, at: number): string | null {
  const rows = state[at + ROWS]!;
  if (!(Number.isInteger(rows) && rows >= 0 && rows < BLOCK_ROWS)) return `rows in a block are ${rows}`;
  return state[at + CURRENT]! >= 0 && state[at + PREVIOUS]! >= 0 ? null : 'largest evidence is negative';
}
