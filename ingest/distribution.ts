import type { Sample } from '../core/types.ts';

const QUANTILES = [
  ['_p50', 0.5],
  ['_p90', 0.9],
  ['_p99', 0.99],
] as const;
/** Characters that the longest name of a distribution's measurements has more than the metric itself. */
export const LONGEST_ENDING = '_count'.length;

/**
 * Puts the measurements of a distribution into a sample: count, sum and quantiles of what was observed in between.
 * counts: count, sum (NaN for none), then one for each bucket, or none of them. seconds: what count and sum are divided
 * by. Quantiles are left out when nothing was observed.
 */
export function addDistribution(
  sample: Pick<Sample, 'names' | 'values'>,
  metric: string,
  counts: ArrayLike<number>,
  bounds: readonly number[],
  seconds: number,
): void {
  const brace = metric.endsWith('}') ? metric.indexOf('{') : -1;
  const name = brace < 0 ? metric : metric.slice(0, brace);
  const attributes = brace < 0 ? '' : metric.slice(brace);
  const put = (ending: string, value: number) => {
    if (!Number.isFinite(value)) return;
    sample.names.push(name + ending + attributes);
    sample.values.push(value);
  };
  put('_count', counts[0]! / seconds);
  put('_sum', counts[1]! / seconds);
  let observed = 0;
  for (let i = 2; i < counts.length; i++) observed += counts[i]!;
  if (observed > 0) for (const [ending, q] of QUANTILES) put(ending, quantile(q, counts, observed, bounds));
}

/** Name of a distribution's count: `latency{route=/a}` → `latency_count{route=/a}`. */
export function countName(metric: string): string {
  const brace = metric.endsWith('}') ? metric.indexOf('{') : -1;
  return brace < 0 ? `${metric}_count` : `${metric.slice(0, brace)}_count${metric.slice(brace)}`;
}

/**
 * Estimate by linear interpolation inside the bucket in which the quantile falls, as Prometheus' histogram_quantile
 * does it: the lowest bucket begins at 0 when its bound is positive, and is its bound otherwise; what lies above the
 * last bound is taken for that bound.
 */
function quantile(q: number, counts: ArrayLike<number>, observed: number, bounds: readonly number[]): number {
  const rank = q * observed;
  let below = 0;
  for (let bucket = 0; bucket < bounds.length; bucket++) {
    const count = counts[bucket + 2]!;
    if (count > 0 && below + count >= rank) {
      const high = bounds[bucket]!;
      if (bucket === 0 && high <= 0) return high;
      const low = bucket === 0 ? 0 : bounds[bucket - 1]!;
      return low + ((high - low) * (rank - below)) / count;
    }
    below += count;
  }
  return bounds.length === 0 ? Number.NaN : bounds[bounds.length - 1]!;
}
