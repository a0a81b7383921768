import { type Fault, TidewatchError } from '../core/errors.ts';

/** A model is one artifact of at most 20 MB. */
export const MAX_ARTIFACT_BYTES = 20_000_000;

/** Throws TidewatchError request_invalid: a registry keeps at least one model of a stream. */
export function checkKept(most: number): void {
  if (!Number.isInteger(most) || most < 1 || most > 10_000)
    throw new TidewatchError('request_invalid', `models to keep: ${most}, wanted a whole number from 1 to 10000`);
}

/** Ids that a message names at most. */
const NAMED = 5;

/** What there is in place of a model that is not; known: newest first. */
export function unknownModel(modelId: string, known: readonly { id: string }[]): Fault {
  const more = known.length > NAMED ? ` and ${known.length - NAMED} older ones` : '';
  const there =
    known.length === 0
      ? 'is no model yet'
      : `are ${known
          .slice(0, NAMED)
          .map(({ id }) => id)
          .join(', ')}${more}`;
  return { code: 'not_found', detail: `model ${modelId}; there ${there}` };
}
