import { TidewatchError } from '../../core/errors.ts';
import type { Label } from '../controller/ports.ts';

/** A label over more is a mistake: it would change what a whole training reads. */
export const MAX_LABEL_SPAN_MS = 31 * 86_400_000;
export const MAX_NOTE_CHARS = 4_000;

/** Throws TidewatchError request_invalid. */
export function checkLabel({ id, fromMs, toMs, weight, note }: Label): void {
  const wrong = (what: string) => new TidewatchError('request_invalid', `label ${id}: ${what}`);
  if (!Number.isSafeInteger(fromMs) || !Number.isSafeInteger(toMs)) throw wrong('fromMs and toMs are whole numbers');
  if (toMs <= fromMs) throw wrong('it ends before it begins');
  if (toMs - fromMs > MAX_LABEL_SPAN_MS) throw wrong('it covers more than 31 days');
  if (!Number.isFinite(weight) || weight < 1) throw wrong(`weight is ${weight}, at least 1 wanted`);
  if (note.length > MAX_NOTE_CHARS) throw wrong(`the note is longer than ${MAX_NOTE_CHARS} characters`);
}
