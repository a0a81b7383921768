import { ok } from '../../core/errors.ts';
import { unpackInput } from '../figures/evidence.ts';
import { observe } from '../figures/observe.ts';
import type { Observe } from './evidence.ts';

/** An observation from the counts that are its evidence. Faults: evidence_missing, evidence_altered. */
export const observeAgain: Observe = ({ manifest, blobs }) => {
  const input = unpackInput(manifest, (hash) => blobs.get(hash));
  return input.ok ? ok(observe(input.value)) : input;
};
