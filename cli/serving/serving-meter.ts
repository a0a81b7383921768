import type { Clock } from '../../core/clock.ts';
import {
  LATENCY_BUCKETS,
  latencyBucket,
  type ServingStats,
  type ServingStatsStore,
} from '../../monitor/serving-stats.ts';

/** Grains of a partition that are kept to be written once more; older ones are complete. */
const GRAINS_KEPT = 4;
const PUT_EVERY_MS = 5_000;

interface Counted {
  epoch: number;
  startMs: number;
  windows: number;
  errors: number;
  latency: number[];
  /** Since it was written last. */
  changed: boolean;
}

export interface ServingMeterOptions {
  stream: string;
  partition: number;
  grainMs: number;
}

/** What serving a partition took, by grain of event time; written whole again and again, so that nothing is counted twice. */
export class ServingMeter {
  readonly #o: ServingMeterOptions;
  /** Oldest first. */
  #counted: Counted[] = [];

  constructor(options: ServingMeterOptions) {
    this.#o = options;
  }

  /** latencyMs: NaN where no record is known to have waited. */
  add(epoch: number, atMs: number, batch: { windows: number; errors: number; latencyMs: number }): void {
    const startMs = Math.floor(atMs / this.#o.grainMs) * this.#o.grainMs;
    let of = this.#counted.find((one) => one.epoch === epoch && one.startMs === startMs);
    if (of === undefined) {
      of = {
        epoch,
        startMs,
        windows: 0,
        errors: 0,
        latency: new Array<number>(LATENCY_BUCKETS).fill(0),
        changed: true,
      };
      this.#counted.push(of);
      const written = this.#counted.slice(0, -GRAINS_KEPT).filter(({ changed }) => changed);
      this.#counted = [...written, ...this.#counted.slice(-GRAINS_KEPT)];
    }
    of.windows += batch.windows;
    of.errors += batch.errors;
    if (Number.isFinite(batch.latencyMs)) of.latency[latencyBucket(batch.latencyMs)]!++;
    of.changed = true;
  }

  /** What has changed since the last time; `failed` to be told if it could not be written. */
  take(): { stats: ServingStats[]; failed: () => void } {
    const changed = this.#counted.filter((one) => one.changed);
    const { stream, partition } = this.#o;
    for (const one of changed) one.changed = false;
    return {
      stats: changed.map(({ changed: _, latency, ...rest }) => ({ stream, partition, ...rest, latency: [...latency] })),
      failed: () => {
        for (const one of changed) one.changed = true;
      },
    };
  }
}

/** Writes the meters of a process until the signal aborts, and then once more. trouble: it is tried again. */
export async function keepServingStats(
  meters: () => Iterable<ServingMeter>,
  store: Pick<ServingStatsStore, 'put'>,
  clock: Clock,
  trouble: (cause: unknown) => void,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const ended = signal.aborted;
    for (const meter of meters()) {
      const { stats, failed } = meter.take();
      if (stats.length === 0) continue;
      try {
        await store.put(stats);
      } catch (cause) {
        failed();
        trouble(cause);
      }
    }
    if (ended) return;
    await clock.sleep(PUT_EVERY_MS, signal);
  }
}
