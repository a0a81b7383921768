import { DISPOSITIONS } from '../../core/types.ts';
import type { PartitionStatus } from '../ports.ts';

/** Rates are taken over about this long. */
export const RATE_WINDOW_MS = 30_000;
/** Checkpoints come every second or so; samples closer together than this say nothing new. */
const MIN_SPAN_MS = 1_000;

interface Seen {
  atMs: number;
  offset: number;
  points: number;
}

/**
 * Throughput of streams from the counters of successive checkpoints: the fold has no clock and keeps totals only. A
 * restart or a replay makes totals go back; the meter then starts anew rather than showing a negative rate.
 */
export class RateMeter {
  readonly #seen = new Map<string, Seen[]>();
  readonly #advancedMs = new Map<string, number>();

  observe(partitions: readonly PartitionStatus[]): void {
    for (const [stream, total] of totals(partitions)) {
      const seen = this.#seen.get(stream) ?? [];
      this.#seen.set(stream, seen);
      const last = seen.at(-1);
      if (last && (total.offset < last.offset || total.points < last.points)) seen.length = 0;
      if (!last || total.offset > last.offset) this.#advancedMs.set(stream, total.atMs);
      if (last && seen.length > 0 && total.atMs - last.atMs < MIN_SPAN_MS) continue;
      seen.push(total);
      while (seen.length > 2 && total.atMs - seen[1]!.atMs >= RATE_WINDOW_MS) seen.shift();
    }
  }

  /** Points a second over the last half minute; null until two checkpoints have been seen. */
  pointsPerS(stream: string): number | null {
    const seen = this.#seen.get(stream);
    const first = seen?.[0];
    const last = seen?.at(-1);
    if (!first || !last || last.atMs - first.atMs < MIN_SPAN_MS) return null;
    return ((last.points - first.points) * 1000) / (last.atMs - first.atMs);
  }

  /** Checkpoint time at which the stream was last seen to have read a record; null when it never has. */
  lastRecordMs(stream: string): number | null {
    return this.#advancedMs.get(stream) ?? null;
  }
}

function totals(partitions: readonly PartitionStatus[]): Map<string, Seen> {
  const byStream = new Map<string, Seen>();
  for (const partition of partitions) {
    let points = 0;
    for (const disposition of DISPOSITIONS) points += partition.counters[disposition];
    const held = byStream.get(partition.stream);
    byStream.set(partition.stream, {
      atMs: Math.max(held?.atMs ?? 0, partition.checkpointedMs),
      offset: (held?.offset ?? 0) + partition.offsetNext,
      points: (held?.points ?? 0) + points,
    });
  }
  return byStream;
}
