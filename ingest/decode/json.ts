import type { ErrorCode } from '../../core/errors.ts';

/** JSON.parse without its exception. V8 parses without recursion, so depth alone does not end it; memory would. */
export function parseJson(text: string): { ok: true; value: unknown } | { ok: false; why: ErrorCode } {
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch (cause) {
    return { ok: false, why: cause instanceof RangeError ? 'record_too_deep' : 'record_not_json' };
  }
}

const WORDS = ['NaN', 'Infinity', '-Infinity'];
const BEYOND = '1e999';

/**
 * The text with NaN and Infinity, as Python and others write them, turned into a number beyond every finite one: then
 * the measurement is refused for what it is, and its neighbours are kept. One pass: a pattern that skips strings would
 * start anew at every quote of a text whose last string is open.
 */
export function finiteJson(text: string): string {
  if (!text.includes('NaN') && !text.includes('Infinity')) return text;
  let out = '';
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (c === '"') {
      i = endOfString(text, i);
    } else if (c === 'N' || c === 'I' || c === '-') {
      const word = WORDS.find((w) => text.startsWith(w, i));
      if (word === undefined) continue;
      out += text.slice(from, i) + BEYOND;
      i += word.length - 1;
      from = i + 1;
    }
  }
  return out + text.slice(from);
}

function endOfString(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === '"') return i;
  }
  return text.length;
}
