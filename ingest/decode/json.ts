import type { ErrorCode } from '../../core/errors.ts';

/** JSON.parse without its exception. V8 parses without recursion, so depth alone does not end it; memory would. */
export function parseJson(text: string): { ok: true; value: unknown } | { ok: false; why: ErrorCode } {
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch (cause) {
    return { ok: false, why: cause instanceof RangeError ? 'record_too_deep' : 'record_not_json' };
  }
}

/** A string, to be passed over, or one of the words that are numbers elsewhere. */
const STRING_OR_WORD = /"(?:[^"\\]|\\[^])*"|-?\b(?:NaN|Infinity)\b/g;

/**
 * The text with NaN and Infinity, as Python and others write them, turned into a number beyond every finite one: then
 * the measurement is refused for what it is, and its neighbours are kept.
 */
export function finiteJson(text: string): string {
  if (!text.includes('NaN') && !text.includes('Infinity')) return text;
  return text.replace(STRING_OR_WORD, (piece) => (piece.startsWith('"') ? piece : '1e999'));
}
