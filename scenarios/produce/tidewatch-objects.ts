import { timeOfNumber, timeOfText } from '../../ingest/decode/time.ts';

const decoder = new TextDecoder('utf-8', { fatal: true });
const encoder = new TextEncoder();

type Fields = Record<string, unknown>;

/** A piece of a Tidewatch JSON record: an object, or the text of what is none, for whoever refuses it. */
type Part = { fields: Fields } | { fields: null; text: string };
interface Taken {
  parts: Part[];
  /** How they stood beside each other. */
  separator: ',' | '\n';
}

/**
 * A record of several entities as one record an entity, in the order in which they occur; '' for what names none.
 * null when it cannot be taken apart.
 */
export function splitByEntity(value: Uint8Array): Map<string, Uint8Array> | null {
  const taken = takeApart(value);
  if (taken === null) return null;
  const byEntity = new Map<string, Part[]>();
  for (const part of taken.parts) {
    const named = part.fields?.entity;
    const entity = typeof named === 'string' ? named : '';
    const known = byEntity.get(entity);
    if (known === undefined) byEntity.set(entity, [part]);
    else known.push(part);
  }
  const out = new Map<string, Uint8Array>();
  for (const [entity, parts] of byEntity) {
    const bytes = putTogether(parts, taken.separator);
    if (bytes === null) return null;
    out.set(entity, bytes);
  }
  return out;
}

/** The record with its event times moved; what has no readable time stays as it is, and is refused as it was. */
export function shiftTimes(value: Uint8Array, shiftMs: number): Uint8Array {
  const taken = takeApart(value);
  if (taken === null) return value;
  let shifted = false;
  for (const { fields } of taken.parts) {
    if (fields === null) continue;
    // totals are counted since a time of the same clock
    for (const field of ['time', 'since']) {
      const timeMs = readTime(fields[field]);
      if (Number.isNaN(timeMs)) continue;
      fields[field] = timeMs + shiftMs;
      shifted = true;
    }
  }
  return (shifted ? putTogether(taken.parts, taken.separator) : null) ?? value;
}

/** null for what is neither an object, nor a list, nor lines, such as bytes that are no UTF-8. */
function takeApart(value: Uint8Array): Taken | null {
  const text = textOf(value);
  if (text === null) return null;
  const whole = tryParse(text);
  if (whole !== undefined) {
    const items: unknown[] = Array.isArray(whole) ? whole : [whole];
    // a list within the list may nest deeper than can be written
    if (items.some(Array.isArray)) return null;
    return {
      parts: items.map((item) => (isFields(item) ? { fields: item } : { fields: null, text: JSON.stringify(item) })),
      separator: ',',
    };
  }
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.length < 2 ? null : { parts: lines.map((line) => partOf(tryParse(line), line)), separator: '\n' };
}

const partOf = (json: unknown, text: string): Part => (isFields(json) ? { fields: json } : { fields: null, text });

const isFields = (json: unknown): json is Fields => json !== null && typeof json === 'object' && !Array.isArray(json);

/** null when it nests deeper than JSON can be written. */
function putTogether(parts: readonly Part[], separator: Taken['separator']): Uint8Array | null {
  try {
    const texts = parts.map((part) => (part.fields === null ? part.text : JSON.stringify(part.fields)));
    const text = texts.join(separator);
    return encoder.encode(separator === ',' && texts.length > 1 ? `[${text}]` : text);
  } catch (cause) {
    if (cause instanceof RangeError) return null;
    throw cause;
  }
}

const readTime = (time: unknown): number =>
  typeof time === 'number' ? timeOfNumber(time) : typeof time === 'string' ? timeOfText(time) : Number.NaN;

function textOf(value: Uint8Array): string | null {
  try {
    return decoder.decode(value);
  } catch {
    return null; // the caller leaves it as it is
  }
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // it may be one object a line
  }
}
