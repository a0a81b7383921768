import type { Clock } from '../../core/clock.ts';
import { TidewatchError } from '../../core/errors.ts';
import type { ServedPartition } from './served-partition.ts';

export interface StallOptions {
  clock: Clock;
  served: () => Iterable<ServedPartition>;
  fail: (cause: TidewatchError) => void;
}

const LOOK_MS = 5_000;
/** A partition whose records wait in memory moves within this, or waits for PostgreSQL, which counts as moving. */
export const STALLED_AFTER_MS = 60_000;

/** Ends a worker that is alive and gets nowhere: its supervisor starts a new one. */
export async function watchForStalls({ clock, served, fail }: StallOptions, signal: AbortSignal): Promise<void> {
  const seen = new WeakMap<ServedPartition, { moves: number; atMs: number }>();
  while (!signal.aborted) {
    const nowMs = clock.elapsed();
    for (const partition of served()) {
      const before = seen.get(partition);
      const { moves, waiting, stream } = partition;
      if (before === undefined || before.moves !== moves || !waiting) seen.set(partition, { moves, atMs: nowMs });
      else if (nowMs - before.atMs > STALLED_AFTER_MS)
        fail(new TidewatchError('stalled', `${stream.name} partition ${partition.partition}`));
    }
    await clock.sleep(LOOK_MS, signal);
  }
}
