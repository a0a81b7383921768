import { canonicalJson } from '../../core/config/hash.ts';
import { sha256Hex } from '../../core/hash.ts';
import type { Decision } from '../types.ts';

/** What the first entry follows. */
export const FIRST_PREVIOUS = '0'.repeat(64);

/**
 * Hash of a ledger entry: SHA-256 of the canonical JSON of all that it says and of the hash of the entry before, so that
 * nothing can be changed, removed or put between without every later hash being another.
 */
export function chained(
  previous: string,
  seq: number,
  decision: Decision,
  evidence: string,
  recordedMs: number,
): string {
  return sha256Hex(canonicalJson({ previous, seq, decision, evidence, recordedMs }));
}
