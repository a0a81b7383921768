import { type Fault, fail } from '../../core/errors.ts';
import { MAX_NAME_LENGTH, quoted } from './limits.ts';

/** Names under which JavaScript keeps its own things; nobody's data may write there. */
export function isForbiddenKey(key: string): boolean {
  return (
    (key.length === 9 && (key === '__proto__' || key === 'prototype')) || (key.length === 11 && key === 'constructor')
  );
}

/**
 * Whether a text can name an entity or a metric: 1 to 256 UTF-16 units, no control characters, no unpaired surrogate.
 * PostgreSQL stores no NUL, and an unpaired surrogate would be another name after its way through UTF-8.
 */
export function isName(text: string): boolean {
  if (text.length === 0 || text.length > MAX_NAME_LENGTH) return false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c < 0x20 || c === 0x7f) return false;
    if (c >= 0xd800 && c <= 0xdfff) return text.isWellFormed() && !hasControl(text);
  }
  return true;
}

function hasControl(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) < 0x20 || text.charCodeAt(i) === 0x7f) return true;
  return false;
}

export function badName(what: 'entity' | 'metric', text: string, where: string): Fault {
  const why = text.length === 0 ? 'is empty' : text.length > MAX_NAME_LENGTH ? `has ${text.length} characters` : '';
  return fail('name_invalid', `${where}${what} ${why === '' ? `${quoted(text)} has control characters` : why}`).fault;
}
