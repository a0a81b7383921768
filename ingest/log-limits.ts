import type { Fault } from '../core/errors.ts';
import { MAX_NAME_LENGTH, MAX_RECORD_BYTES } from './decode/limits.ts';
import type { NewRecord } from './ports.ts';

/** Bytes of a key: an entity's name in UTF-8 fits. */
export const MAX_KEY_BYTES = 4 * MAX_NAME_LENGTH;

/** What is wrong with records that somebody wants to append, if anything: every log refuses the same ones. */
export function recordFault(records: readonly NewRecord[]): Fault | null {
  for (const { key, value } of records) {
    if (value.length > MAX_RECORD_BYTES)
      return { code: 'record_too_large', detail: `${value.length} bytes, at most ${MAX_RECORD_BYTES}` };
    if (key !== null && key.length > MAX_KEY_BYTES)
      return { code: 'record_too_large', detail: `a key of ${key.length} bytes, at most ${MAX_KEY_BYTES}` };
  }
  return null;
}
