import { fail, ok, type Result } from '../errors.ts';
import { Random } from '../random.ts';
import { checkSameLength, checkSample } from './check.ts';
import { quantileSorted } from './quantile.ts';

/** Resamples of an interval, and the share of them that it holds. */
const RESAMPLES = 2_000;
const COVERAGE = 0.95;

export type Interval = readonly [low: number, high: number];

/**
 * Percentile bootstrap (Efron 1979) of a statistic over units drawn with replacement, units being entities or families.
 * NaN for fewer than two units: one tells nothing about the others.
 */
export function bootstrap<T>(units: readonly T[], statistic: (drawn: readonly T[]) => number, seed: number): Interval {
  if (units.length < 2) return [Number.NaN, Number.NaN];
  const random = new Random(seed).fork('bootstrap');
  const drawn: T[] = new Array(units.length);
  const results: number[] = [];
  for (let r = 0; r < RESAMPLES; r++) {
    for (let i = 0; i < units.length; i++) drawn[i] = units[random.below(units.length)]!;
    const value = statistic(drawn);
    if (Number.isFinite(value)) results.push(value);
  }
  if (results.length === 0) return [Number.NaN, Number.NaN];
  const sorted = Float64Array.from(results).sort();
  return [quantileSorted(sorted, (1 - COVERAGE) / 2), quantileSorted(sorted, (1 + COVERAGE) / 2)];
}

export interface PairedDifference {
  /** statistic(challenger) − statistic(champion) on all rows. */
  difference: number;
  interval: Interval;
  /** Share of resamples in which the challenger is better; a tie counts half. */
  challengerBetter: number;
  /** Resamples in which the statistic had a meaning. */
  resamples: number;
}

/**
 * Paired bootstrap of the difference of a statistic between two models on the same rows (Efron and Tibshirani 1993,
 * ch. 16): both are judged on the same drawn rows, so what makes rows hard cancels out.
 *
 * statistic: of scores and labels of the drawn rows, higher is better; NaN where it has no meaning (no anomaly drawn).
 * groups: of each row, ascending numbers from 0 without a gap (entities, incidents); whole groups are drawn, since rows
 * of one group are not independent. Without it each row is its own. The lists given to statistic are used again after
 * it returns. Faults: sample_empty, sample_not_finite, bins_mismatch, argument_invalid.
 */
export function pairedBootstrap(
  champion: Float64Array,
  challenger: Float64Array,
  labels: ArrayLike<number>,
  statistic: (scores: Float64Array, labels: Float64Array) => number,
  options: { seed: number; resamples?: number; coverage?: number; groups?: ArrayLike<number> },
): Result<PairedDifference> {
  const { seed, resamples = RESAMPLES, coverage = COVERAGE, groups } = options;
  for (const check of [
    checkSample(champion, 'scores of the champion'),
    checkSample(challenger, 'scores of the challenger'),
    checkSameLength(champion, challenger, 'scores of both models'),
    checkSameLength(champion, labels, 'scores and labels'),
    checkSameLength(champion, groups ?? champion, 'scores and groups'),
  ]) {
    if (!check.ok) return check;
  }
  if (!(coverage > 0 && coverage < 1)) return fail('argument_invalid', `coverage is ${coverage}, wanted 0 to 1`);
  if (!Number.isInteger(resamples) || resamples < 1) return fail('argument_invalid', `resamples are ${resamples}`);
  const members = rowsOfGroups(champion.length, groups);
  if (!members.ok) return members;
  const rows = members.value;
  const truth = Float64Array.from(labels);
  const difference = statistic(challenger, truth) - statistic(champion, truth);
  if (Number.isNaN(difference)) return fail('sample_empty', 'the statistic has no meaning on these rows');

  const random = new Random(seed).fork('paired bootstrap');
  let buffers = [0, 1, 2].map(() => new Float64Array(champion.length));
  const picked = new Uint32Array(rows.length);
  const differences = new Float64Array(resamples);
  let found = 0;
  let better = 0;
  for (let r = 0; r < resamples; r++) {
    let size = 0;
    for (let g = 0; g < rows.length; g++) {
      picked[g] = random.below(rows.length);
      size += rows[picked[g]!]!.length;
    }
    if (size > buffers[0]!.length) buffers = buffers.map(() => new Float64Array(size * 2));
    const [first, second, known] = buffers.map((buffer) => buffer.subarray(0, size)) as [
      Float64Array,
      Float64Array,
      Float64Array,
    ];
    let at = 0;
    for (const group of picked) {
      for (const row of rows[group]!) {
        first[at] = champion[row]!;
        second[at] = challenger[row]!;
        known[at++] = truth[row]!;
      }
    }
    const d = statistic(second, known) - statistic(first, known);
    if (Number.isNaN(d)) continue;
    differences[found++] = d;
    better += d > 0 ? 1 : d === 0 ? 0.5 : 0;
  }
  if (found === 0) return fail('sample_empty', 'the statistic has no meaning in any resample');
  const sorted = differences.subarray(0, found).sort();
  const interval: Interval = [quantileSorted(sorted, (1 - coverage) / 2), quantileSorted(sorted, (1 + coverage) / 2)];
  return ok({ difference, interval, challengerBetter: better / found, resamples: found });
}

function rowsOfGroups(rows: number, groups?: ArrayLike<number>): Result<number[][]> {
  if (!groups) return ok(Array.from({ length: rows }, (_, i) => [i]));
  const members: number[][] = [];
  for (let i = 0; i < rows; i++) {
    const group = groups[i]!;
    if (group === members.length) members.push([]);
    const of = members[group];
    if (!of) return fail('argument_invalid', `groups[${i}] is ${group}, wanted numbers in order from 0 without a gap`);
    of.push(i);
  }
  return ok(members);
}
