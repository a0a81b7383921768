import type { Fault } from '../../core/errors.ts';
import type { Cumulative } from '../ports.ts';
import { distribution, MAX_BUCKETS, type Totals } from './buckets.ts';
import { quoted } from './limits.ts';
import { isName } from './names.ts';
import { timeOfNumber, timeOfText } from './time.ts';

/**
 * `since` and `source` of Tidewatch JSON: when counting began, and who counts. Both may be left out.
 */
export function readWriter(since: unknown, source: unknown): Pick<Cumulative, 'startMs' | 'source'> | Fault {
  const startMs =
    since === undefined || since === null
      ? 0
      : typeof since === 'number'
        ? timeOfNumber(since)
        : typeof since === 'string'
          ? timeOfText(since)
          : Number.NaN;
  if (Number.isNaN(startMs)) return { code: 'time_invalid', detail: 'since' };
  if (source === undefined || source === null || source === '') return { startMs, source: '' };
  if (typeof source !== 'string' || !isName(source))
    return { code: 'record_shape', detail: 'source is no text of 1 to 256 characters' };
  return { startMs, source };
}

/** One of the `totals`: a number, or a distribution `{"count","sum","bounds","buckets"}` of which all but count may be left out. */
export function readTotal(metric: string, json: unknown): Totals | Fault {
  if (typeof json === 'number') {
    if (Number.isFinite(json)) return { bounds: null, totals: [json] };
    return { code: 'value_not_finite', detail: `${quoted(metric)} is beyond every finite number or NaN` };
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    return { code: 'value_not_number', detail: `${quoted(metric)} is neither a number nor a distribution` };
  const { count, sum, bounds, buckets } = json as Record<string, unknown>;
  return distribution(
    metric,
    numberOf(count),
    sum === undefined ? null : numberOf(sum),
    listOf(bounds),
    listOf(buckets),
  );
}

/** The same as JSON, for a log of Tidewatch JSON. */
export function jsonOfCumulative({ entity, timeMs, startMs, source, metric, bounds, totals }: Cumulative): string {
  const [count, sum, ...buckets] = totals;
  const total =
    bounds === null
      ? count
      : { count, ...(Number.isNaN(sum) ? {} : { sum }), ...(buckets.length === 0 ? {} : { bounds, buckets }) };
  return JSON.stringify({
    entity,
    time: timeMs,
    ...(startMs === 0 ? {} : { since: startMs }),
    ...(source === '' ? {} : { source }),
    totals: { [metric]: total },
  });
}

const numberOf = (json: unknown): number => (typeof json === 'number' ? json : Number.NaN);

/** What is no list has one bad item, and is refused for it. */
function listOf(json: unknown): number[] {
  if (json === undefined) return [];
  return Array.isArray(json) ? json.slice(0, MAX_BUCKETS + 1).map(numberOf) : [Number.NaN];
}
