import type { Attribution } from '../core/types.ts';

/** What PostgreSQL's text cannot hold: NUL, and halves of a surrogate pair. */
const UNSTORABLE = /[\0\p{Surrogate}]/gu;

/** The text as it can be stored; unstorable characters become U+FFFD, because one name must not stop a partition. */
export const storable = (text: string): string => text.replace(UNSTORABLE, '\ufffd');

/** JSON for a jsonb column. Numbers that JSON lacks are kept as text ("NaN", "-Infinity"). */
export function jsonText(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => {
    if (typeof item === 'string') return storable(item);
    if (typeof item === 'number' && !Number.isFinite(item)) return String(item);
    return item;
  });
}

/** Attributions as they come back from jsonb. */
export function readAttributions(stored: unknown): Attribution[] {
  if (!Array.isArray(stored)) return [];
  return stored.map((a: Record<keyof Attribution, unknown>) => ({
    metric: String(a.metric),
    share: Number(a.share),
    value: Number(a.value),
    expectedLow: Number(a.expectedLow),
    expectedHigh: Number(a.expectedHigh),
  }));
}
