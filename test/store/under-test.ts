import { TidewatchError } from '../../core/errors.ts';
import type { Incident, IntervalProfile, Verdict } from '../../core/types.ts';
import type { DeadLetter, PartitionStore } from '../../ingest/ports.ts';

/** The truth behind one partition, and what a test may do to it. */
export interface StoreUnderTest {
  /** A store as another process would open it. Default: partition 0. */
  open(partition?: number): FaultyStore;
  damageState(which: 'newest' | 'both'): Promise<void>;
  verdicts(): Promise<Verdict[]>;
  incidents(): Promise<Incident[]>;
  deadLetters(): Promise<DeadLetter[]>;
  profiles(): Promise<IntervalProfile[]>;
  lostRanges(): Promise<{ fromOffset: number; toOffset: number }[]>;
}

export interface FaultyStore {
  store: PartitionStore;
  failNext(fault: 'request' | 'answer'): void;
}

export const bytes = (...values: number[]) => Uint8Array.from(values);

/** Repeats a call as the partition loop does while the database is away. */
export async function insist<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof TidewatchError) || error.code !== 'database_unavailable') throw error;
    }
  }
}
