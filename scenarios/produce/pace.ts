import type { Clock } from '../../core/clock.ts';

/** As fast as the brokers take it. */
export const MAX_SPEED = Number.POSITIVE_INFINITY;

/**
 * When the records of a recording are due: the first one at once, the others as far behind it as they were appended
 * then, by a speed. What is overdue, after brokers were away, is due at once.
 */
export class Pace {
  readonly #clock: Clock;
  readonly speed: number;
  #firstMs = Number.NaN;
  #startedMs = 0;

  /** speed: 1 is the original pace, 10 ten times as fast. */
  constructor(clock: Clock, speed: number) {
    this.#clock = clock;
    this.speed = speed;
  }

  /** Milliseconds until a record is due, 0 or less when it is. */
  waitMs(appendMs: number): number {
    if (this.speed === MAX_SPEED) return 0;
    if (Number.isNaN(this.#firstMs)) {
      this.#firstMs = appendMs;
      this.#startedMs = this.#clock.elapsed();
    }
    return this.#startedMs + (appendMs - this.#firstMs) / this.speed - this.#clock.elapsed();
  }
}
