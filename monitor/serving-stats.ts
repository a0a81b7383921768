/**
 * What serving took, told by the wall clock and so no part of the fold: each owner of a partition keeps its own totals per
 * grain and writes them whole, again and again; the monitor adds up what all of them wrote.
 */
export interface ServingStats {
  stream: string;
  partition: number;
  /** Start of the grain, event time. */
  startMs: number;
  /** Of the owner's claim: a row each, so that a restart loses nothing and counts nothing twice. */
  epoch: number;
  windows: number;
  /** Windows for which the forest failed. */
  errors: number;
  /** Batches by the time from append to durable verdict, on the buckets of latencyBucket. */
  latency: readonly number[];
}

/** Sums over partitions and owners. */
export type ServingTotals = Pick<ServingStats, 'windows' | 'errors' | 'latency'>;

/** Implemented by store/, and in memory. */
export interface ServingStatsStore {
  /** Idempotent: the newest of an identity replaces the one before. */
  put(stats: readonly ServingStats[]): Promise<void>;
  /** Of grains that start in [fromMs, toMs); null where nothing is known. */
  read(stream: string, fromMs: number, toMs: number): Promise<ServingTotals | null>;
}

/** Eight buckets a doubling, so an answer is at most 9 % high; from 1 ms to 2^20 ms, with the first and the last open. */
const PER_DOUBLING = 8;
export const LATENCY_BUCKETS = 20 * PER_DOUBLING + 1;

export function latencyBucket(latencyMs: number): number {
  const bucket = Math.ceil(Math.log2(Math.max(latencyMs, 1)) * PER_DOUBLING);
  return Math.min(bucket, LATENCY_BUCKETS - 1);
}

/** Upper end of the bucket that holds the quantile, in milliseconds; null without counts. */
export function latencyQuantile(latency: readonly number[], q: number): number | null {
  const total = latency.reduce((sum, n) => sum + n, 0);
  if (total === 0) return null;
  let below = 0;
  for (let bucket = 0; bucket < latency.length; bucket++) {
    below += latency[bucket]!;
    if (below >= q * total) return 2 ** (bucket / PER_DOUBLING);
  }
  return 2 ** ((latency.length - 1) / PER_DOUBLING);
}

export function addTotals(a: ServingTotals | null, b: ServingTotals): ServingTotals {
  const latency = Array.from({ length: LATENCY_BUCKETS }, (_, i) => (a?.latency[i] ?? 0) + (b.latency[i] ?? 0));
  return { windows: (a?.windows ?? 0) + b.windows, errors: (a?.errors ?? 0) + b.errors, latency };
}
