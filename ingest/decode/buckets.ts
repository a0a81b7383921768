import type { Fault } from '../../core/errors.ts';
import { LONGEST_ENDING } from '../distribution.ts';
import type { Cumulative } from '../ports.ts';
import { MAX_NAME_LENGTH, quoted } from './limits.ts';
import { badName } from './names.ts';

/** Buckets that a distribution has at most; all of them are kept from point to point. */
export const MAX_BUCKETS = 256;

export type Totals = Pick<Cumulative, 'bounds' | 'totals'>;

/** A distribution, or what is wrong with it. sum: null for none. NaN stands for what was no number. */
export function distribution(
  name: string,
  count: number,
  sum: number | null,
  bounds: readonly number[],
  buckets: readonly number[],
): Totals | Fault {
  const shape = (what: string): Fault => ({ code: 'record_shape', detail: `${quoted(name)} has ${what}` });
  if (name.length + LONGEST_ENDING > MAX_NAME_LENGTH) return badName('metric', `${name}_count`, '');
  if (sum !== null && !Number.isFinite(sum)) return { code: 'value_not_finite', detail: `the sum of ${quoted(name)}` };
  if (buckets.length > MAX_BUCKETS) return shape(`more than ${MAX_BUCKETS} buckets`);
  if (buckets.length === 0 ? bounds.length > 0 : buckets.length !== bounds.length + 1)
    return shape('another number of buckets than bounds');
  if (!isCount(count) || !buckets.every(isCount)) return shape('a count that is no number from 0');
  if (!bounds.every((bound, i) => Number.isFinite(bound) && (i === 0 || bound > bounds[i - 1]!)))
    return shape('bounds that do not rise');
  return { bounds, totals: [count, sum ?? Number.NaN, ...buckets] };
}

const isCount = (count: number): boolean => count >= 0 && count < Number.POSITIVE_INFINITY;
