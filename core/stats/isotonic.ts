import { fail, ok, type Result } from '../errors.ts';
import { brierScore } from './calibration-error.ts';
import { checkLabelled, checkProbabilities, checkSameLength, checkSample, checkWeights } from './check.ts';

/** A non-decreasing map: the value at each score, linear between them, constant beyond the ends. */
export interface IsotonicMap {
  scores: Float64Array;
  values: Float64Array;
}

/**
 * Isotonic regression by pooling adjacent violators (Ayer et al. 1955): the non-decreasing map nearest to the labels in
 * squares. scores: any order, ties pooled first; labels: finite; weights > 0, 1 by default.
 * sample_empty, sample_not_finite, bins_mismatch, argument_invalid.
 */
export function fitIsotonic(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  weights?: ArrayLike<number>,
): Result<IsotonicMap> {
  for (const check of [
    checkSample(scores, 'scores'),
    checkSample(labels, 'labels'),
    checkSameLength(scores, labels, 'scores and labels'),
    checkSameLength(scores, weights ?? scores, 'scores and weights'),
    checkSample(weights ?? scores, 'weights'),
  ]) {
    if (!check.ok) return check;
  }
  const order = Uint32Array.from({ length: scores.length }, (_, i) => i).sort(
    (a, b) => scores[a]! - scores[b]! || a - b,
  );
  const blocks: { low: number; high: number; sum: number; weight: number }[] = [];
  const mean = (at: number) => blocks[at]!.sum / blocks[at]!.weight;
  for (let at = 0; at < order.length; at++) {
    const i = order[at]!;
    const weight = weights ? weights[i]! : 1;
    if (!(weight > 0)) return fail('argument_invalid', `weights[${i}] is ${weight}, wanted above 0`);
    if (blocks.at(-1)?.high !== scores[i]) blocks.push({ low: scores[i]!, high: scores[i]!, sum: 0, weight: 0 });
    blocks.at(-1)!.sum += weight * labels[i]!;
    blocks.at(-1)!.weight += weight;
    // A tie may still change the last block, so it is pooled once its score is complete.
    if (at + 1 < order.length && scores[order[at + 1]!] === scores[i]) continue;
    while (blocks.length > 1 && mean(blocks.length - 2) >= mean(blocks.length - 1)) {
      const upper = blocks.pop()!;
      const into = blocks.at(-1)!;
      into.high = upper.high;
      into.sum += upper.sum;
      into.weight += upper.weight;
    }
  }
  const ends: [score: number, value: number][] = [];
  for (const [at, { low, high }] of blocks.entries()) {
    ends.push([low, mean(at)]);
    if (high > low) ends.push([high, mean(at)]);
  }
  return ok({ scores: Float64Array.from(ends, ([s]) => s), values: Float64Array.from(ends, ([, v]) => v) });
}

/** The map's value at a score. */
export function applyIsotonic({ scores, values }: IsotonicMap, score: number): number {
  let low = 0;
  let high = scores.length - 1;
  if (score <= scores[0]!) return values[0]!;
  if (score >= scores[high]!) return values[high]!;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (scores[middle]! <= score) low = middle;
    else high = middle;
  }
  const share = (score - scores[low]!) / (scores[high]! - scores[low]!);
  return values[low]! + share * (values[high]! - values[low]!);
}

export interface IsotonicDecision {
  /** The map fitted on all rows when it helps out of sample, else null. */
  map: IsotonicMap | null;
  brierWith: number;
  brierWithout: number;
  /** Of each row: the map's on rows that it was not fitted on when it helps, else those in use now. */
  probabilities: Float64Array;
}

/**
 * Keeps an isotonic map only if it lowers the Brier score on rows that it was not fitted on: k folds that are blocks of
 * consecutive rows, since neighbours in time resemble each other and would leak. without: the probabilities in use now.
 * Rows in order of time, 2 ≤ folds ≤ rows; weights as fitIsotonic. Faults as fitIsotonic and brierScore.
 */
export function decideIsotonic(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  without: ArrayLike<number>,
  folds = 5,
  weights?: ArrayLike<number>,
): Result<IsotonicDecision> {
  for (const check of [
    checkWeights(weights, labels.length),
    checkLabelled(without, labels),
    checkSample(scores, 'scores'),
    checkSameLength(scores, labels, 'scores and labels'),
    checkProbabilities(without, 'probabilities'),
  ]) {
    if (!check.ok) return check;
  }
  const n = scores.length;
  if (!Number.isInteger(folds) || folds < 2 || folds > n)
    return fail('argument_invalid', `folds are ${folds}, wanted 2 to ${n}`);
  const outOfSample = new Float64Array(n);
  for (let f = 0; f < folds; f++) {
    const from = Math.floor((f * n) / folds);
    const to = Math.floor(((f + 1) * n) / folds);
    const fitted = fitIsotonic(
      allBut(scores, from, to),
      allBut(labels, from, to),
      weights && allBut(weights, from, to),
    );
    if (!fitted.ok) return fitted;
    for (let i = from; i < to; i++) outOfSample[i] = Math.min(1, Math.max(0, applyIsotonic(fitted.value, scores[i]!)));
  }
  const brierWith = brierScore(outOfSample, labels, weights);
  if (!brierWith.ok) return brierWith;
  const brierWithout = brierScore(without, labels, weights);
  if (!brierWithout.ok) return brierWithout;
  const all = fitIsotonic(scores, labels, weights);
  if (!all.ok) return all;
  const helps = brierWith.value < brierWithout.value;
  return ok({
    map: helps ? all.value : null,
    brierWith: brierWith.value,
    brierWithout: brierWithout.value,
    probabilities: helps ? outOfSample : Float64Array.from(without),
  });
}

const allBut = (values: ArrayLike<number>, from: number, to: number): Float64Array =>
  Float64Array.from([...Array.from(values).slice(0, from), ...Array.from(values).slice(to)]);
