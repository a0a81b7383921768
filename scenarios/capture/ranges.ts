import { fail, ok, type Result } from '../../core/errors.ts';
import type { KafkaAdmin, OffsetRange } from '../../ingest/kafka/ports.ts';

/** A place in a log: an offset, an instant, or one of its ends. */
export type Bound = { offset: number } | { timeMs: number } | 'start' | 'end';

/** An offset in digits, a time of ISO 8601 (UTC without a zone), `start` or `end`. */
export function parseBound(text: string): Result<Bound> {
  if (text === 'start' || text === 'end') return ok(text);
  if (/^\d{1,15}$/.test(text)) return ok({ offset: Number(text) });
  const iso = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)?)?$/.exec(text);
  const timeMs =
    iso === null ? Number.NaN : Date.parse(iso[1] !== undefined && iso[4] === undefined ? `${text}Z` : text);
  if (!Number.isNaN(timeMs)) return ok({ timeMs });
  return fail('request_invalid', `got ${text}, wanted an offset, a time such as 2026-01-05T12:00Z, start or end`);
}

/**
 * What to capture: [from, to) within what the log has. A time is that of the first record appended then or later.
 * Faults: topic_missing, not_found for a partition, request_invalid for a range that is none, and those of the admin.
 */
export async function captureRanges(
  admin: Pick<KafkaAdmin, 'offsets' | 'offsetsAt'>,
  topic: string,
  partition: number | null,
  from: Bound,
  to: Bound,
): Promise<Result<OffsetRange[]>> {
  const offsets = await admin.offsets(topic);
  if (!offsets.ok) return offsets;
  const wanted = offsets.value.filter((range) => partition === null || range.partition === partition);
  if (wanted.length === 0)
    return fail('not_found', `partition ${partition} of ${topic}; it has 0 to ${offsets.value.length - 1}`);
  const [starts, ends] = [await resolver(admin, topic, from), await resolver(admin, topic, to)];
  if (!starts.ok) return starts;
  if (!ends.ok) return ends;
  const ranges: OffsetRange[] = [];
  for (const range of wanted) {
    const within = (offset: number) => Math.min(range.end, Math.max(range.start, offset));
    const [start, end] = [within(starts.value(range)), within(ends.value(range))];
    if (start > end)
      return fail('request_invalid', `partition ${range.partition}: from offset ${start} to ${end} is no range`);
    ranges.push({ partition: range.partition, start, end });
  }
  return ok(ranges);
}

async function resolver(
  admin: Pick<KafkaAdmin, 'offsetsAt'>,
  topic: string,
  bound: Bound,
): Promise<Result<(range: OffsetRange) => number>> {
  if (bound === 'start') return ok((range) => range.start);
  if (bound === 'end') return ok((range) => range.end);
  if ('offset' in bound) return ok(() => bound.offset);
  const at = await admin.offsetsAt(topic, bound.timeMs);
  return at.ok ? ok((range) => at.value.get(range.partition) ?? range.end) : at;
}
