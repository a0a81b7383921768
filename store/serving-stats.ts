import type pg from 'pg';
import { addTotals, type ServingStats, type ServingStatsStore, type ServingTotals } from '../monitor/serving-stats.ts';
import { guarded } from './pool.ts';

const PUT = `
INSERT INTO serving_stats (stream, start_ms, partition, epoch, windows, errors, latency)
VALUES ($1, $2, $3, $4, $5, $6, $7::int8[])
ON CONFLICT (stream, start_ms, partition, epoch) DO UPDATE SET windows = excluded.windows, errors = excluded.errors,
  latency = excluded.latency`;

const READ = `
SELECT windows, errors, latency FROM serving_stats WHERE stream = $1 AND start_ms >= $2 AND start_ms < $3`;

/** ServingStatsStore on PostgreSQL. Throws TidewatchError database_unavailable. */
export class PostgresServingStats implements ServingStatsStore {
  readonly #pool: Pick<pg.Pool, 'query'>;

  constructor(pool: Pick<pg.Pool, 'query'>) {
    this.#pool = pool;
  }

  put(stats: readonly ServingStats[]): Promise<void> {
    return guarded(async () => {
      for (const { stream, startMs, partition, epoch, windows, errors, latency } of stats)
        await this.#pool.query({
          name: 'tw_put_serving_stats',
          text: PUT,
          values: [stream, startMs, partition, epoch, windows, errors, [...latency]],
        });
    });
  }

  read(stream: string, fromMs: number, toMs: number): Promise<ServingTotals | null> {
    return guarded(async () => {
      type Row = { windows: number; errors: number; latency: (number | string)[] };
      const { rows } = await this.#pool.query<Row>(READ, [stream, Math.ceil(fromMs), Math.ceil(toMs)]);
      let totals: ServingTotals | null = null;
      for (const row of rows) totals = addTotals(totals, { ...row, latency: row.latency.map(Number) });
      return totals;
    });
  }
}
