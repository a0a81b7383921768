import { parseDuration } from '../core/config/duration.ts';
import { TidewatchError } from '../core/errors.ts';

/** A span of event time: from the newest back by so much, or between two times, the later of which may be left open. */
export type Span = { lastMs: number } | { fromMs: number; toMs: number };

/** `7d`, `FROM..TO` or `FROM..` with ISO times, UTC where they name no zone; null for other text. Throws config_invalid. */
export function spanOf(text: string): Span | null {
  const lastMs = parseDuration(text);
  if (lastMs > 0) return { lastMs };
  const sides = /^(\d{4}-\d\d-\d\d[^.]*(?:\.\d+Z?)?)\.\.(.*)$/.exec(text);
  if (sides === null) return null;
  const [from, to] = [sides[1]!, sides[2]!];
  const span = { fromMs: timeOf(from), toMs: to === '' ? Number.MAX_SAFE_INTEGER : timeOf(to) };
  if (!(span.fromMs < span.toMs))
    throw new TidewatchError('config_invalid', `${text}: two ISO times, the earlier one first`);
  return span;
}

function timeOf(text: string): number {
  const zoned = /T.*(Z|[+-]\d\d:?\d\d)$/.test(text) || !text.includes('T') ? text : `${text}Z`;
  return Date.parse(zoned);
}
