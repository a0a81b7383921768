import type { Fault } from '../core/errors.ts';
import { MAX_NAME_LENGTH, MAX_RECORD_BYTES } from './decode/limits.ts';
import { headersBytes } from './entry-headers.ts';
import type { NewRecord } from './ports.ts';

/** Bytes of a key: an entity's name in UTF-8 fits. */
export const MAX_KEY_BYTES = 4 * MAX_NAME_LENGTH;

/** Bytes of the headers of one record: far more than traces and dead letters need. */
export const MAX_HEADERS_BYTES = 1 << 20;

/** What is wrong with records that somebody wants to append, if anything: every log refuses the same ones. */
export function recordFault(records: readonly NewRecord[]): Fault | null {
  for (const { key, value, headers } of records) {
    if (value.length > MAX_RECORD_BYTES)
      return { code: 'record_too_large', detail: `${value.length} bytes, at most ${MAX_RECORD_BYTES}` };
    if (key !== null && key.length > MAX_KEY_BYTES)
      return { code: 'record_too_large', detail: `a key of ${key.length} bytes, at most ${MAX_KEY_BYTES}` };
    if (headers !== undefined && headersBytes(headers) > MAX_HEADERS_BYTES)
      return { code: 'record_too_large', detail: `headers of more than ${MAX_HEADERS_BYTES} bytes` };
  }
  return null;
}
