import { fail, ok, type Result } from '../errors.ts';

/** What the kernels refuse, in one place, so that every figure refuses alike. Each names the first offender. */

/** Fails for an empty sample (sample_empty) or one with NaN or infinity (sample_not_finite). */
export function checkSample(values: ArrayLike<number>, what: string): Result<null> {
  if (values.length === 0) return fail('sample_empty', `${what} holds no values`);
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) return fail('sample_not_finite', `${what}[${i}] is ${values[i]}`);
  }
  return ok(null);
}

/** The sum of counts ≥ 0, which is > 0: whole ones for which the sum is exact. count_invalid, sample_empty. */
export function checkCounts(counts: ArrayLike<number>, what: string): Result<number> {
  let sum = 0;
  for (let i = 0; i < counts.length; i++) {
    const count = counts[i]!;
    if (!Number.isInteger(count) || count < 0) return fail('count_invalid', `${what}[${i}] is ${count}`);
    sum += count;
  }
  if (sum > Number.MAX_SAFE_INTEGER) return fail('count_invalid', `${what} sum to ${sum}`);
  return sum === 0 ? fail('sample_empty', `${what} are all 0`) : ok(sum);
}

/** Fails when two lists that belong together differ in length (bins_mismatch). */
export function checkSameLength(a: ArrayLike<number>, b: ArrayLike<number>, what: string): Result<null> {
  return a.length === b.length ? ok(null) : fail('bins_mismatch', `${what}: ${a.length} and ${b.length}`);
}

/** Fails for the first value outside [0, 1] or not finite. */
export function checkProbabilities(values: ArrayLike<number>, what: string): Result<null> {
  const finite = checkSample(values, what);
  if (!finite.ok) return finite;
  for (let i = 0; i < values.length; i++) {
    if (values[i]! < 0 || values[i]! > 1)
      return fail('argument_invalid', `${what}[${i}] is ${values[i]}, wanted 0 to 1`);
  }
  return ok(null);
}

/** Fails unless every label is 0 or 1 and there are as many as probabilities, which lie in [0, 1]. */
export function checkLabelled(probabilities: ArrayLike<number>, labels: ArrayLike<number>): Result<null> {
  const bad = checkSameLength(probabilities, labels, 'probabilities and labels');
  if (!bad.ok) return bad;
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] !== 0 && labels[i] !== 1)
      return fail('argument_invalid', `labels[${i}] is ${labels[i]}, wanted 0 or 1`);
  }
  return checkProbabilities(probabilities, 'probabilities');
}

/** Fails unless there is a finite weight above 0 for each row; no weights at all are fine. */
export function checkWeights(weights: ArrayLike<number> | undefined, rows: number): Result<null> {
  if (weights === undefined) return ok(null);
  if (weights.length !== rows) return fail('bins_mismatch', `weights: ${weights.length} for ${rows} rows`);
  for (let i = 0; i < rows; i++) {
    if (!Number.isFinite(weights[i])) return fail('sample_not_finite', `weights[${i}] is ${weights[i]}`);
    if (!(weights[i]! > 0)) return fail('argument_invalid', `weights[${i}] is ${weights[i]}, wanted above 0`);
  }
  return ok(null);
}
