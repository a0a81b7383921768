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

/** Cumulative points of one entity, writer and time as one object of Tidewatch JSON. */
export class TotalsObject {
  readonly #head: string;
  readonly #parts: string[] = [];
  #sizeChars = 0;

  constructor(point: Cumulative) {
    this.#head = headOf(point);
  }

  /** False when the point belongs into another object. */
  add(point: Cumulative): boolean {
    if (this.#sizeChars > MAX_OBJECT_CHARS || headOf(point) !== this.#head) return false;
    const part = `${JSON.stringify(point.metric)}:${JSON.stringify(totalOf(point))}`;
    this.#parts.push(part);
    this.#sizeChars += part.length;
    return true;
  }

  get points(): number {
    return this.#parts.length;
  }

  get json(): string {
    return `${this.#head},"totals":{${this.#parts.join(',')}}}`;
  }
}

/** Size from which a new object is begun, so that records stay small. */
const MAX_OBJECT_CHARS = 32 << 10;

function headOf({ entity, timeMs, startMs, source }: Cumulative): string {
  const since = startMs === 0 ? {} : { since: startMs };
  return JSON.stringify({ entity, time: timeMs, ...since, ...(source === '' ? {} : { source }) }).slice(0, -1);
}

function totalOf({ bounds, totals }: Cumulative): unknown {
  const [count, sum, ...buckets] = totals;
  if (bounds === null) return count;
  return { count, ...(Number.isNaN(sum) ? {} : { sum }), ...(buckets.length === 0 ? {} : { bounds, buckets }) };
}

const numberOf = (json: unknown): number => (typeof json === 'number' ? json : Number.NaN);

/** What is no list has one bad item, and is refused for it. */
function listOf(json: unknown): number[] {
  if (json === undefined) return [];
  return Array.isArray(json) ? json.slice(0, MAX_BUCKETS + 1).map(numberOf) : [Number.NaN];
}
