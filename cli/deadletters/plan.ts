import type { StreamConfig } from '../../core/config/stream.ts';
import type { ErrorCode, Fault } from '../../core/errors.ts';
import { lineOfFault } from '../../ingest/decode/influx-line.ts';
import { LOOKS_LIKE } from '../../ingest/decode/sniff.ts';
import type { NewRecord, PointAt } from '../../ingest/ports.ts';
import { ANY_POINT, appendedOf, type PointPick, pickOf, picksOf, redrivenHeaders } from '../../ingest/redriven.ts';
import type { DeadLetterSummary, WholeDeadLetter } from '../../monitor/ports.ts';
import { isAt, lineBytes, type Scan, scan } from './scan.ts';

/** `ready` alone is sent. */
export type Judgement = 'ready' | 'still_bad' | 'window_closed' | 'not_found' | 'sent_before';

export interface Judged {
  letter: DeadLetterSummary;
  judgement: Judgement;
  /** One sentence for a person; '' for ready. */
  why: string;
}

export interface Send {
  record: NewRecord;
  /** Letters that it is sent for. */
  ids: string[];
}

export interface Plan {
  judged: Judged[];
  sends: Send[];
}

/** What holds now: the stream's configuration, the watermark that its partition has saved, and the time. */
export interface Present {
  config: StreamConfig;
  /** null where the partition has saved nothing. */
  watermarkMs: number | null;
  nowMs: number;
  /** Send what was sent before. */
  again: boolean;
}

/** Codes of points that were more than their entity could hold; a total is followed before that is known. */
const OF_WINDOWS: ReadonlySet<string> = new Set<ErrorCode>(['entity_limit', 'metric_limit', 'window_full']);

/** How a letter would be sent: as a line of its own, as a point that is named, or with all points of its record. */
type Way = { line: Uint8Array } | { pick: PointPick } | 'whole';
type Verdict = { way: Way } | { judgement: Exclude<Judgement, 'ready'>; why: string };

/**
 * What becomes of the letters of one record: each is tried with the decoder of today, and those that are ready share
 * one record, or two where some are lines and others are points. record: any of the letters, whole.
 */
export function planRecord(record: WholeDeadLetter, letters: readonly DeadLetterSummary[], present: Present): Plan {
  const appendMs = appendedOf(record.headers) ?? record.appendMs;
  const value = record.value ?? new Uint8Array(0);
  const decodeMs = appendMs ?? record.receivedMs;
  const now = scan(present.config, value, decodeMs);
  const verdicts = letters.map((letter) => judge(letter, value, decodeMs, now, present));
  const judged = letters.map((letter, i): Judged => {
    const verdict = verdicts[i]!;
    return 'way' in verdict ? { letter, judgement: 'ready', why: '' } : { letter, ...verdict };
  });
  const sends: Send[] = [];
  const idsOf = (isOf: (way: Way) => boolean) =>
    letters.flatMap(({ id }, i) => {
      const verdict = verdicts[i]!;
      return 'way' in verdict && isOf(verdict.way) ? [id] : [];
    });
  const put = (ids: string[], bytes: Uint8Array, picks: readonly PointPick[] | null) => {
    const { key, headers } = record;
    if (ids.length > 0)
      sends.push({ record: { key, value: bytes, headers: redrivenHeaders(headers, picks, appendMs) }, ids });
  };
  const ways = verdicts.flatMap((verdict) => ('way' in verdict ? [verdict.way] : []));
  const lines = new Set(ways.flatMap((way) => (typeof way === 'object' && 'line' in way ? [way.line] : [])));
  put(
    idsOf((way) => typeof way === 'object' && 'line' in way),
    joined([...lines]),
    null,
  );
  const isPick = (way: Way) => typeof way === 'object' && 'pick' in way;
  if (ways.includes('whole'))
    put(
      idsOf((way) => way === 'whole' || isPick(way)),
      value,
      allOf(record, letters, now),
    );
  else
    put(
      idsOf(isPick),
      value,
      ways.flatMap((way) => (typeof way === 'object' && 'pick' in way ? [way.pick] : [])),
    );
  return { judged, sends };
}

/** Its log events are left out where it was read before, and so is what an earlier sending left out. */
function allOf(
  record: WholeDeadLetter,
  letters: readonly DeadLetterSummary[],
  { points }: Scan,
): readonly PointPick[] | null {
  const before = picksOf(record.headers);
  if (before !== null) return before;
  const unread = letters.some(({ point, detail }) => point < 0 || detail.includes(LOOKS_LIKE));
  return points.length > 0 && !unread ? [ANY_POINT] : null;
}

function judge(letter: DeadLetterSummary, value: Uint8Array, decodeMs: number, now: Scan, present: Present): Verdict {
  if (letter.redrivenMs !== null && !present.again)
    return { judgement: 'sent_before', why: `sent again ${when(letter.redrivenMs)}; --again repeats it` };
  const at = atOf(letter);
  if (at !== null) {
    const bad = now.faults.find((found) => found.at === undefined || isAt(at, found.at));
    if (bad) return stillBad(bad.fault);
    const points = now.points.filter((point) => isAt(at, point));
    if (points.length === 0)
      return {
        judgement: 'not_found',
        why: 'the record has no such point by now',
      };
    if (OF_WINDOWS.has(letter.code) && points.every(({ total }) => total))
      return { judgement: 'not_found', why: 'it is the rate of a total, which has been counted on from' };
    return inTime(points, present) ?? { way: { pick: pickOf(at) } };
  }
  const lineNumber = present.config.encoding === 'influx' ? lineOfFault(letter.detail) : null;
  const line = lineNumber === null ? null : lineBytes(value, lineNumber);
  if (line !== null && letter.point >= 0) {
    const { faults, points } = scan(present.config, line, decodeMs);
    if (faults.length > 0) return stillBad(faults[0]!.fault);
    return inTime(points, present) ?? { way: { line } };
  }
  const bad =
    letter.point < 0
      ? now.faults.find((found) => found.at === undefined || now.points.length + now.events === 0)
      : now.faults.find(({ fault }) => fault.code === letter.code && letter.detail.startsWith(fault.detail));
  if (bad) return stillBad(bad.fault);
  // a record of log events alone has no window to be in time for
  return (now.points.length > 0 ? inTime(now.points, present) : null) ?? { way: 'whole' };
}

/** Meaning and remedy are what `show` is for. */
const stillBad = ({ code, detail }: Fault): Verdict => ({ judgement: 'still_bad', why: `${code}: ${detail}` });

/** null when at least one of the points would go into an open window. */
function inTime(points: readonly Required<PointAt>[], { config, watermarkMs, nowMs }: Present): Verdict | null {
  const { sizeMs, hopMs, maxSkewMs } = config.window;
  const timely = points.filter(({ timeMs }) => timeMs <= nowMs + maxSkewMs);
  if (timely.length === 0 && points.length > 0)
    return stillBad({ code: 'time_in_future', detail: `${when(points[0]!.timeMs)}, and it is ${when(nowMs)}` });
  if (watermarkMs === null) return null;
  const isOpen = ({ timeMs }: Required<PointAt>) => Math.floor(timeMs / hopMs) * hopMs + sizeMs > watermarkMs;
  if (points.length === 0 || timely.some(isOpen)) return null;
  const newestMs = timely.reduce((newest, { timeMs }) => Math.max(newest, timeMs), Number.NEGATIVE_INFINITY);
  const why = `its window has closed: it is of ${when(newestMs)}, and the partition is at ${when(watermarkMs)}`;
  return { judgement: 'window_closed', why };
}

function atOf({ entity, metric, timeMs }: DeadLetterSummary): PointAt | null {
  if (entity === null && metric === null && timeMs === null) return null;
  return { ...(entity !== null && { entity }), ...(metric !== null && { metric }), ...(timeMs !== null && { timeMs }) };
}

const when = (ms: number): string => (Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : String(ms));

function joined(lines: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(lines.flatMap((line, i) => (i === 0 ? [line] : [Buffer.from('\n'), line])));
}
