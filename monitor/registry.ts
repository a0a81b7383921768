import { TidewatchError } from '../core/errors.ts';

/** A model is one artifact of at most 20 MB. */
export const MAX_ARTIFACT_BYTES = 20_000_000;

/** Throws TidewatchError request_invalid: a registry keeps at least one model of a stream. */
export function checkKept(most: number): void {
  if (!Number.isInteger(most) || most < 1 || most > 10_000)
    throw new TidewatchError('request_invalid', `models to keep: ${most}, wanted a whole number from 1 to 10000`);
}
