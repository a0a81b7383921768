import { Random } from '../../core/random.ts';
import { quantileSorted } from '../../detector/knots.ts';

/** Resamples of an interval, and the share of them that it holds. */
const RESAMPLES = 2_000;
const COVERAGE = 0.95;

export type Interval = readonly [low: number, high: number];

/** Mean of the finite values; NaN when there are none. */
export function mean(values: Iterable<number>): number {
  let sum = 0;
  let n = 0;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    sum += value;
    n++;
  }
  return n === 0 ? Number.NaN : sum / n;
}

/** Sample standard deviation; 0 for a single value. */
export function standardDeviation(values: readonly number[]): number {
  if (values.length < 2) return 0;
  const centre = mean(values);
  return Math.sqrt(values.reduce((sum, x) => sum + (x - centre) ** 2, 0) / (values.length - 1));
}

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

/** Groups by key, keys in order. */
export function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return new Map([...groups.entries()].sort(([a], [b]) => (a < b ? -1 : 1)));
}
