import type { LedgerEntry } from '../store.ts';
import { chained, FIRST_PREVIOUS } from './chain.ts';

/** ok: false says at which entry the chain is broken first, and why. */
export type ChainCheck = { ok: true; entries: number } | { ok: false; entries: number; at: number; why: string };

/**
 * Walks entries oldest first and computes every hash again. before: the entry before the first one given, when a part of
 * the ledger is verified; left out, the chain must begin with entry 1. What was cut off at the end is not seen by a chain
 * alone: whoever kept the newest hash gives it as `head`.
 */
export async function verifyChain(
  entries: Iterable<LedgerEntry> | AsyncIterable<LedgerEntry>,
  { before = null, head }: { before?: Pick<LedgerEntry, 'seq' | 'hash'> | null; head?: string } = {},
): Promise<ChainCheck> {
  let seq = before?.seq ?? 0;
  let previous = before?.hash ?? FIRST_PREVIOUS;
  let count = 0;
  const broken = (at: number, why: string): ChainCheck => ({ ok: false, entries: count, at, why });
  for await (const entry of entries) {
    const at = seq + 1;
    if (entry.seq !== at)
      return broken(at, entry.seq > at ? `entry ${at} is missing` : `entry ${entry.seq} comes again, or out of order`);
    if (entry.previous !== previous) return broken(at, `entry ${at} does not follow the entry before it`);
    const hash = chained(previous, at, entry.decision, entry.evidence, entry.recordedMs);
    if (hash !== entry.hash) return broken(at, `entry ${at} is not what was written: its hash differs`);
    seq = at;
    previous = hash;
    count++;
  }
  if (head !== undefined && head !== previous) return broken(seq + 1, `the newest entries are missing after ${seq}`);
  return { ok: true, entries: count };
}
