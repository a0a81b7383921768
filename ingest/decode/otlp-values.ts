import type { Fault } from '../../core/errors.ts';
import { MAX_DEPTH, MAX_TAGS, quoted } from './limits.ts';
import { badName, isForbiddenKey, isName } from './names.ts';
import { timeOfNumber } from './time.ts';

export type Fields = Readonly<Record<string, unknown>>;

const NANOS_PER_MS = 1_000_000;
const DIGITS = /^-?\d{1,20}$/;
const NOT_FINITE = new Set(['NaN', 'Infinity', '-Infinity']);
const TWO_32 = 4294967296;

/** An object's fields; null for anything else. */
export function fieldsOf(value: unknown): Fields | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : null;
}

/** A repeated field: what is absent is empty, as it is on the wire; null for what is no list. */
export function listOf(value: unknown): readonly unknown[] | null {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : null;
}

/** Whether the message has the field set itself: Protobuf's messages inherit their defaults. */
export const has = (message: Fields, key: string): boolean =>
  Object.hasOwn(message, key) && message[key] !== null && message[key] !== undefined;

/** A 64-bit integer: a Long of Protobuf, or decimal text or a number of JSON. NaN for anything else; 0 when absent. */
export function integerOf(value: unknown): number {
  if (value === undefined || value === null) return 0;
  if (typeof value === 'number') return Number.isInteger(value) ? value : Number.NaN;
  if (typeof value === 'string') return DIGITS.test(value) ? Number(value) : Number.NaN;
  const long = fieldsOf(value);
  if (long === null || typeof long.low !== 'number' || typeof long.high !== 'number') return Number.NaN;
  return (long.unsigned === true ? long.high >>> 0 : long.high) * TWO_32 + (long.low >>> 0);
}

/** A double; JSON may write those that are not finite as text. Null for what is no number at all. */
export function doubleOf(value: unknown): number | null {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && NOT_FINITE.has(value) ? Number(value) : null;
}

/** Whole milliseconds of a time in nanoseconds; 0 when it is absent or zero, which means unknown; NaN for no instant. */
export function millisOf(value: unknown): number {
  // A double holds these nanoseconds to some 256 of them; milliseconds are cut from a text by its digits.
  if (typeof value === 'string' && value.length > 6 && DIGITS.test(value))
    return timeOfNumber(Number(value.slice(0, -6)));
  const nanos = integerOf(value);
  return nanos === 0 ? 0 : timeOfNumber(nanos / NANOS_PER_MS);
}

/** Text of an attribute's value or of a log's body; null when it is nested too deeply. */
export function textOf(value: unknown): string | null {
  const plain = plainOf(value, 1);
  if (plain === undefined) return null;
  return typeof plain === 'string' ? plain : plain === null ? '' : JSON.stringify(plain);
}

/** An AnyValue as plain JSON, null for an empty one, undefined when it nests deeper than the limit. */
function plainOf(value: unknown, depth: number): unknown {
  const any = fieldsOf(value);
  if (any === null) return null;
  if (depth > MAX_DEPTH) return undefined;
  if (has(any, 'stringValue')) return typeof any.stringValue === 'string' ? any.stringValue.toWellFormed() : null;
  if (has(any, 'boolValue')) return any.boolValue === true;
  if (has(any, 'intValue')) return integerOf(any.intValue);
  if (has(any, 'doubleValue')) return String(doubleOf(any.doubleValue));
  const items = listOf(fieldsOf(any.arrayValue)?.values);
  if (has(any, 'arrayValue')) return plainList((items ?? []).map((item) => plainOf(item, depth + 1)));
  if (!has(any, 'kvlistValue')) return null;
  const pairs = (listOf(fieldsOf(any.kvlistValue)?.values) ?? []).map((pair) => fieldsOf(pair) ?? {});
  const values = plainList(pairs.map((pair) => plainOf(pair.value, depth + 1)));
  return values && Object.fromEntries(pairs.map((pair, i) => [String(pair.key), values[i]]));
}

const plainList = (items: unknown[]): unknown[] | undefined => (items.includes(undefined) ? undefined : items);

/** Attributes of a resource by their names, as texts. Those that cannot be read are left out. */
export function attributesOf(value: unknown): Map<string, string> {
  const out = new Map<string, string>();
  for (const item of listOf(value) ?? []) {
    const pair = fieldsOf(item);
    const text = textOf(pair?.value);
    if (typeof pair?.key === 'string' && text !== null && out.size < MAX_TAGS) out.set(pair.key, text);
  }
  return out;
}

/** A metric's name with its point's attributes behind it, sorted: `latency{method=GET,route=/a}`. */
export function seriesName(metric: string, attributes: unknown): string | Fault {
  if (isForbiddenKey(metric)) return { code: 'key_forbidden', detail: `the metric ${metric}` };
  const list = listOf(attributes);
  if (list === null) return { code: 'record_shape', detail: `attributes of ${quoted(metric)} are no list` };
  if (list.length > MAX_TAGS) {
    return { code: 'record_shape', detail: `${quoted(metric)} has more than ${MAX_TAGS} attributes` };
  }
  const pairs: string[] = [];
  for (const item of list) {
    const pair = fieldsOf(item);
    if (typeof pair?.key !== 'string') {
      return { code: 'record_shape', detail: `an attribute of ${quoted(metric)} has no key` };
    }
    const text = textOf(pair.value);
    if (text === null) return { code: 'record_too_deep', detail: `an attribute of ${quoted(metric)}` };
    pairs.push(`${pair.key}=${text}`);
  }
  const name = pairs.length === 0 ? metric : `${metric}{${pairs.sort().join(',')}}`;
  return isName(name) ? name : badName('metric', name, '');
}
