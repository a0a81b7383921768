import type { Fault } from '../core/errors.ts';
import type { LogEvent, Sample } from '../core/types.ts';
import { MAX_TIME_MS } from './decode/limits.ts';
import type { Cumulative, DecodeSink, LogRecord, PointAt, RecordHeaders } from './ports.ts';

/**
 * A record that was dead-lettered is sent again verbatim with these headers; docs/reference/deadletters.md has them.
 * Points: JSON list of `[entity, metric, time]`, null standing for any. Appended: when the log first accepted it,
 * in milliseconds, since that is the time of a point that has none of its own.
 */
export const POINTS_HEADER = 'tidewatch.points';
export const APPENDED_HEADER = 'tidewatch.appended';
const OURS: ReadonlySet<string> = new Set([POINTS_HEADER, APPENDED_HEADER]);

/** Bytes of a points header: a record has at most 64 dead letters, and few names are long. */
export const MAX_POINTS_BYTES = 64 << 10;

/** null stands for any. */
export type PointPick = readonly [entity: string | null, metric: string | null, timeMs: number | null];
export const ANY_POINT: PointPick = [null, null, null];

export const pickOf = ({ entity, metric, timeMs }: PointAt): PointPick => [
  entity ?? null,
  metric ?? null,
  timeMs ?? null,
];

/** Headers of the record that goes out: the original ones, then ours. picks null: all of the record, log events too. */
export function redrivenHeaders(
  original: RecordHeaders,
  picks: readonly PointPick[] | null,
  appendedMs: number | null,
): RecordHeaders {
  const headers = original.filter(([name]) => !OURS.has(name));
  if (picks !== null) {
    const json = Buffer.from(JSON.stringify(picks));
    headers.push([POINTS_HEADER, json.length > MAX_POINTS_BYTES ? Buffer.from(JSON.stringify([ANY_POINT])) : json]);
  }
  if (appendedMs !== null) headers.push([APPENDED_HEADER, Buffer.from(String(appendedMs))]);
  return headers;
}

/** The picks that headers name: null without any, [] when they are damaged. The last header of a name counts. */
export function picksOf(headers: RecordHeaders | undefined): readonly PointPick[] | null {
  const bytes = lastOf(headers, POINTS_HEADER);
  if (bytes === undefined) return null;
  if (bytes === null || bytes.length > MAX_POINTS_BYTES) return [];
  try {
    const picks: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return Array.isArray(picks) && picks.every(isPick) ? picks : [];
  } catch {
    return []; // what cannot be read selects nothing
  }
}

/** When the record was first appended; null where headers do not say, or say what cannot be. */
export function appendedOf(headers: RecordHeaders | undefined): number | null {
  const bytes = lastOf(headers, APPENDED_HEADER);
  if (!bytes || bytes.length > 15) return null;
  const text = Buffer.from(bytes).toString('latin1');
  return /^\d+$/.test(text) && Number(text) <= MAX_TIME_MS ? Number(text) : null;
}

export interface Picked {
  /** Passes on what was picked. */
  sink: DecodeSink;
  /** Append time to decode with. */
  appendMs: number;
}

/** null for all records but re-driven ones. */
export function pickedFrom({ headers, appendMs }: LogRecord, sink: DecodeSink): Picked | null {
  if (headers === undefined) return null;
  const picks = picksOf(headers);
  const appended = appendedOf(headers);
  if (picks === null && appended === null) return null;
  return {
    sink: picks === null ? sink : new PickedPoints(picks, sink),
    appendMs: Math.min(appended ?? appendMs, appendMs),
  };
}

/**
 * Lets through the points that a pick names, and their faults. The others were accounted for when the record first
 * came, and so were its log events.
 */
class PickedPoints implements DecodeSink {
  readonly #picks: readonly PointPick[];
  readonly #to: DecodeSink;
  readonly #sample: Sample = { entity: '', timeMs: 0, names: [], values: [] };

  constructor(picks: readonly PointPick[], to: DecodeSink) {
    this.#picks = picks;
    this.#to = to;
  }

  sample({ entity, timeMs, names, values }: Sample): void {
    const picked = this.#sample;
    picked.entity = entity;
    picked.timeMs = timeMs;
    picked.names.length = picked.values.length = 0;
    for (const [i, metric] of names.entries()) {
      if (!this.#isPicked(entity, metric, timeMs)) continue;
      picked.names.push(metric);
      picked.values.push(values[i]!);
    }
    if (picked.names.length > 0) this.#to.sample(picked);
  }

  cumulative(point: Cumulative): void {
    if (this.#isPicked(point.entity, point.metric, point.timeMs)) this.#to.cumulative(point);
  }

  event(_event: LogEvent): void {
    // counted when the record first came
  }

  /** A record that is unusable by now as a whole says so. */
  fault(fault: Fault, at?: PointAt): void {
    if (at === undefined || this.#isPicked(at.entity, at.metric, at.timeMs)) this.#to.fault(fault, at);
  }

  #isPicked(entity: string | undefined, metric: string | undefined, timeMs: number | undefined): boolean {
    for (const [e, m, t] of this.#picks)
      if ((e === null || e === entity) && (m === null || m === metric) && (t === null || t === timeMs)) return true;
    return false;
  }
}

function isPick(pick: unknown): pick is PointPick {
  if (!Array.isArray(pick) || pick.length !== 3) return false;
  const [entity, metric, timeMs] = pick as unknown[];
  const isNameOrAny = (part: unknown) => part === null || typeof part === 'string';
  return isNameOrAny(entity) && isNameOrAny(metric) && (timeMs === null || Number.isSafeInteger(timeMs));
}

/** undefined where no header has the name. */
function lastOf(headers: RecordHeaders | undefined, name: string): Uint8Array | null | undefined {
  return headers?.findLast(([known]) => known === name)?.[1];
}
