import type pg from 'pg';
import type { Clock } from '../../core/clock.ts';
import { Fleet } from '../lib/fleet.ts';
import { PARTITIONS } from './load.ts';

const POLL_MS = 5;
const QUERY = `SELECT partition, window_start_ms::float8 AS start FROM verdicts
WHERE stream = $1 AND entity = ANY($2) AND window_start_ms > $3`;

export interface Seen {
  partition: number;
  windowStartMs: number;
  /** When another client had it from PostgreSQL. */
  atMs: number;
}

/**
 * Watches when verdicts become visible to another client of the database, which is when they are durable: one entity of
 * each partition stands for all, since the windows of a partition that end together are written together.
 */
export class Visible {
  readonly #pool: pg.Pool;
  readonly #stream: string;
  readonly #clock: Clock;
  readonly #entities: string[];
  readonly #newest = new Map<number, number>();
  readonly seen: Seen[] = [];

  constructor(pool: pg.Pool, stream: string, entities: number, clock: Clock) {
    this.#pool = pool;
    this.#stream = stream;
    this.#clock = clock;
    this.#entities = new Fleet(entities, 1).entities.slice(0, PARTITIONS);
  }

  /** What has become visible since the last look. */
  async look(): Promise<Seen[]> {
    const since = this.#newest.size < PARTITIONS ? 0 : Math.min(...this.#newest.values());
    const values = [this.#stream, this.#entities, since];
    const { rows } = await this.#pool.query<{ partition: number; start: number }>({
      name: 'look',
      text: QUERY,
      values,
    });
    const atMs = this.#clock.now();
    const fresh = rows
      .filter(({ partition, start }) => start > (this.#newest.get(partition) ?? 0))
      .map(({ partition, start }) => ({ partition, windowStartMs: start, atMs }));
    for (const { partition, windowStartMs } of fresh)
      this.#newest.set(partition, Math.max(windowStartMs, this.#newest.get(partition) ?? 0));
    this.seen.push(...fresh);
    return fresh;
  }

  /** Looks every few milliseconds until the condition holds; throws when it does not in time. */
  async until(holds: (fresh: readonly Seen[]) => boolean, withinMs: number, what: string): Promise<void> {
    const endMs = this.#clock.elapsed() + withinMs;
    for (;;) {
      if (holds(await this.look())) return;
      if (this.#clock.elapsed() > endMs) throw new Error(`${what}: not within ${withinMs / 1000} s`);
      await this.#clock.sleep(POLL_MS);
    }
  }
}
