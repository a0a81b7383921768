import { addTotals, type ServingStats, type ServingStatsStore, type ServingTotals } from '../serving-stats.ts';

/** ServingStatsStore without a database; the same behaviour, proved by the same suite. */
export class MemoryServingStats implements ServingStatsStore {
  readonly #rows = new Map<string, ServingStats>();

  async put(stats: readonly ServingStats[]): Promise<void> {
    for (const row of stats)
      this.#rows.set(JSON.stringify([row.stream, row.partition, row.startMs, row.epoch]), {
        ...row,
        latency: [...row.latency],
      });
  }

  async read(stream: string, fromMs: number, toMs: number): Promise<ServingTotals | null> {
    let totals: ServingTotals | null = null;
    for (const row of this.#rows.values())
      if (row.stream === stream && fromMs <= row.startMs && row.startMs < toMs) totals = addTotals(totals, row);
    return totals;
  }
}
