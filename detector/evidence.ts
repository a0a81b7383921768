/**
 * What the stream's forest sees of a row: the largest tails of its features in order, with their recent mean and their
 * fading peak. All are in decades, and none depends on how many features there are or what they are called, so one
 * small forest serves a whole fleet, and a new entity from its first row.
 */
export const TOP = 5;
export const EVIDENCE = 3 * TOP;
const EMA_DECAY = 2 ** (-1 / 10);
const HOLD_DECAY = 2 ** (-1 / 40);

/** Doubles of an entity's evidence state for C features: sums of TOP means, TOP peaks, the means' weight, and of each feature its recent mean and peak. */
export const evidenceSize = (features: number): number => 2 * TOP + 1 + 2 * features;

/**
 * Turns the tails of one row into EVIDENCE numbers in out and moves the state on. The per-feature means and peaks are
 * kept for attribution only.
 */
export function gatherEvidence(tails: Float64Array, state: Float64Array, out: Float64Array): void {
  const n = tails.length;
  for (let k = 0; k < TOP; k++) out[k] = 0;
  const perFeature = 2 * TOP + 1;
  const weight = state[2 * TOP]! * EMA_DECAY + (1 - EMA_DECAY);
  state[2 * TOP] = weight;
  for (let c = 0; c < n; c++) {
    const tail = tails[c]!;
    state[perFeature + c] = state[perFeature + c]! * EMA_DECAY + tail * (1 - EMA_DECAY);
    const faded = state[perFeature + n + c]! * HOLD_DECAY;
    state[perFeature + n + c] = tail > faded ? tail : faded;
    if (tail <= out[TOP - 1]!) continue;
    let k = TOP - 1;
    while (k > 0 && out[k - 1]! < tail) {
      out[k] = out[k - 1]!;
      k--;
    }
    out[k] = tail;
  }
  for (let k = 0; k < TOP; k++) {
    const tail = out[k]!;
    const sum = state[k]! * EMA_DECAY + tail * (1 - EMA_DECAY);
    state[k] = sum;
    out[TOP + k] = sum / weight;
    const faded = state[TOP + k]! * HOLD_DECAY;
    const hold = tail > faded ? tail : faded;
    state[TOP + k] = hold;
    out[2 * TOP + k] = hold;
  }
}

/** Weight of each feature's part in the present evidence (tail + recent mean + fading peak) into out; returns their sum. */
export function featureEvidence(tails: Float64Array, state: Float64Array, out: Float64Array): number {
  const n = tails.length;
  const perFeature = 2 * TOP + 1;
  const weight = state[2 * TOP]!;
  let sum = 0;
  for (let c = 0; c < n; c++) {
    const e = tails[c]! + (weight > 0 ? state[perFeature + c]! / weight : 0) + state[perFeature + n + c]!;
    out[c] = e;
    sum += e;
  }
  return sum;
}
