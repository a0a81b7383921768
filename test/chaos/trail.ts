import { systemClock as clock } from '../../core/clock.ts';
import type { Look } from './check.ts';
import type { Site } from './site.ts';
import type { Workers } from './workers.ts';

const LOOK_MS = 250;

/** What positions looked like all along, and how long nothing moved. */
export class Trail {
  readonly looks: Look[] = [];
  readonly #site: Site;
  readonly #stream: string;
  readonly #workers: Workers;
  #movedMs = 0;
  #sum = -1;
  gapMs = 0;

  constructor(site: Site, stream: string, workers: Workers) {
    this.#workers = workers;
    this.#site = site;
    this.#stream = stream;
  }

  async follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#workers.weigh();
      await this.#look().catch(() => undefined); // nothing can be seen while PostgreSQL is away
      await clock.sleep(LOOK_MS, signal);
    }
  }

  async #look(): Promise<void> {
    type Row = { partition: number; epoch: string; offset_next: string; watermark_ms: number };
    const { rows } = await this.#site.pool.query<Row>(
      `SELECT p.partition, p.epoch, p.offset_next, g.watermark_ms FROM partition_state p
       JOIN partition_generations g ON g.stream = p.stream AND g.partition = p.partition AND g.slot = p.slot
       WHERE p.stream = $1`,
      [this.#stream],
    );
    let sum = 0;
    for (const row of rows) {
      const [offsetNext, epoch] = [Number(row.offset_next), Number(row.epoch)];
      this.looks.push({ partition: row.partition, epoch, offsetNext, watermarkMs: row.watermark_ms });
      sum += offsetNext;
    }
    const nowMs = clock.elapsed();
    if (sum !== this.#sum) {
      if (this.#sum > 0) this.gapMs = Math.max(this.gapMs, nowMs - this.#movedMs);
      this.#sum = sum;
      this.#movedMs = nowMs;
    }
  }
}
