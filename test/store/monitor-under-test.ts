import { expect } from 'vitest';
import type { IntervalProfile } from '../../core/types.ts';
import type { Registry } from '../../monitor/controller/ports.ts';
import { chained } from '../../monitor/ledger/chain.ts';
import type { Commit, LedgerEntry, MonitorHold, MonitorStore } from '../../monitor/store.ts';

export interface MonitorUnderTest {
  /** A store as another process would open it. */
  open(): { store: MonitorStore; registry: Registry };
  /** Ends the session of whoever holds. */
  endHolder(): Promise<void>;
  addProfiles(profiles: IntervalProfile[]): Promise<void>;
  setWatermark(partition: number, watermarkMs: number): Promise<void>;
  outboxIds(): Promise<string[]>;
}

export const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener('abort', () => resolve());
  });

/** True when every entry is what its hash says and follows the one before. */
export function chainHolds(entries: readonly LedgerEntry[]): boolean {
  return entries.every(
    (e, i) =>
      e.seq === i + 1 &&
      e.previous === (entries[i - 1]?.hash ?? '0'.repeat(64)) &&
      e.hash === chained(e.previous, e.seq, e.decision, e.evidence, e.recordedMs),
  );
}

export async function held(store: MonitorStore, commits: Commit[]): Promise<MonitorHold> {
  const hold = (await store.hold('a'))!;
  for (const commit of commits) expect(await hold.commit(commit)).toBe('committed');
  return hold;
}
