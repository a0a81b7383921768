import type { Fault } from '../core/errors.ts';
import type { Sample } from '../core/types.ts';
import type { DeadLetter, LogRecord, PointAt } from '../ingest/ports.ts';

/**
 * Dead letters kept of one record. The last stands for the bad points after it too: it names none, and like all of them
 * it holds the whole record.
 */
export const LETTERS_PER_RECORD = 64;

/** count: how many letters the record has with this one. */
export function letterOf(
  record: LogRecord,
  where: { stream: string; partition: number; point: number },
  fault: Fault,
  at: PointAt | undefined,
  count: number,
): DeadLetter {
  const { offset, appendMs, key, value, tombstone, headers } = record;
  const known = at !== undefined && (at.entity ?? at.metric ?? at.timeMs) !== undefined;
  return {
    ...where,
    offset,
    fault,
    appendMs,
    key,
    value: tombstone ? null : value,
    ...(known && count < LETTERS_PER_RECORD && { at }),
    ...(headers && { headers }),
  };
}

export const pointOf = ({ entity, names, timeMs }: Sample, i: number): PointAt => ({
  entity,
  metric: names[i]!,
  timeMs,
});
