/**
 * What the stream's forest sees of a row: the largest tails of its features in order, with their mean over about ten
 * and sixty rows and their fading peak. All are in decades, and none depends on how many features there are or what they
 * are called, so one small forest serves a whole fleet, and a new entity from its first row.
 */
export const TOP = 5;
export const EVIDENCE = 4 * TOP;
/** Tails in the sum that stands beside the forest. */
const SUMMED = 3;
const DECAY_10 = 2 ** (-1 / 10);
const DECAY_60 = 2 ** (-1 / 60);
const HOLD_DECAY = 2 ** (-1 / 40);

/** Of an evidence state: sums of the two means (TOP each), peaks (TOP), the peak of the sum, the two weights; then of each feature its recent mean and its peak. */
const HEAD = 3 * TOP + 3;
const SUM_PEAK = 3 * TOP;
const WEIGHT_10 = 3 * TOP + 1;
const WEIGHT_60 = 3 * TOP + 2;
export const evidenceSize = (features: number): number => HEAD + 2 * features;

/**
 * Starts a state as if typical rows had gone before (typical: EVIDENCE numbers), for an entity whose history begins in
 * mid-service: a forest that has seen only filled means and peaks takes empty ones for something strange.
 */
export function startEvidence(state: Float64Array, typical: ArrayLike<number>): void {
  state[WEIGHT_10] = 1 / (1 - DECAY_10);
  state[WEIGHT_60] = 1 / (1 - DECAY_60);
  for (let k = 0; k < TOP; k++) {
    state[k] = typical[TOP + k]! * state[WEIGHT_10]!;
    state[TOP + k] = typical[2 * TOP + k]! * state[WEIGHT_60]!;
    state[2 * TOP + k] = typical[3 * TOP + k]!;
    if (k < SUMMED) state[SUM_PEAK]! += typical[3 * TOP + k]!;
  }
}

/**
 * Turns the tails of one row into EVIDENCE numbers in out and moves the state on. Returns the tail sum: the three
 * largest tails with their recent mean and fading peak, which says the same as the forest in one number.
 */
export function gatherEvidence(tails: Float64Array, state: Float64Array, out: Float64Array): number {
  const n = tails.length;
  for (let k = 0; k < TOP; k++) out[k] = 0;
  const weight10 = state[WEIGHT_10]! * DECAY_10 + 1;
  const weight60 = state[WEIGHT_60]! * DECAY_60 + 1;
  state[WEIGHT_10] = weight10;
  state[WEIGHT_60] = weight60;
  for (let c = 0; c < n; c++) {
    const tail = tails[c]!;
    state[HEAD + c] = state[HEAD + c]! * DECAY_10 + tail;
    const faded = state[HEAD + n + c]! * HOLD_DECAY;
    state[HEAD + n + c] = tail > faded ? tail : faded;
    if (tail <= out[TOP - 1]!) continue;
    let k = TOP - 1;
    while (k > 0 && out[k - 1]! < tail) {
      out[k] = out[k - 1]!;
      k--;
    }
    out[k] = tail;
  }
  let sum = 0;
  let mean = 0;
  for (let k = 0; k < TOP; k++) {
    const tail = out[k]!;
    const sum10 = state[k]! * DECAY_10 + tail;
    const sum60 = state[TOP + k]! * DECAY_60 + tail;
    const faded = state[2 * TOP + k]! * HOLD_DECAY;
    const peak = tail > faded ? tail : faded;
    state[k] = sum10;
    state[TOP + k] = sum60;
    state[2 * TOP + k] = peak;
    out[TOP + k] = sum10 / weight10;
    out[2 * TOP + k] = sum60 / weight60;
    out[3 * TOP + k] = peak;
    if (k < SUMMED) {
      sum += tail;
      mean += out[TOP + k]!;
    }
  }
  const faded = state[SUM_PEAK]! * HOLD_DECAY;
  state[SUM_PEAK] = sum > faded ? sum : faded;
  return sum + mean + state[SUM_PEAK]!;
}

/** Part of each feature in the present evidence (tail + recent mean + fading peak) into out; returns their sum. */
export function featureEvidence(tails: Float64Array, state: Float64Array, out: Float64Array): number {
  const n = tails.length;
  const weight = state[WEIGHT_10]!;
  let sum = 0;
  for (let c = 0; c < n; c++) {
    const part = tails[c]! + (weight > 0 ? state[HEAD + c]! / weight : 0) + state[HEAD + n + c]!;
    out[c] = part;
    sum += part;
  }
  return sum;
}
