/** What a breaker is told of one batch of folded records. */
export interface Batch {
  /** Windows that the forest judged or should have judged. */
  windows: number;
  /** Of those, the ones for which it failed. */
  failed: number;
  /** Time that folding the batch took. */
  foldMs: number;
}

export interface BreakerLimits {
  /** Share of failed windows at which it trips. */
  errors: number;
  /** Time a window at which it trips; the budget of a decision. */
  windowMs: number;
  /** Windows that are looked at together: fewer say nothing. */
  windows: number;
  /** Rest before the forest is tried again; doubled after each trial that failed, up to the longest. */
  restMs: number;
  longestRestMs: number;
}

/** 1 % of errors or 50 ms a window, over a hundred windows; tried again after half a minute, at last each ten minutes. */
export const BREAKER_LIMITS: BreakerLimits = {
  errors: 0.01,
  windowMs: 50,
  windows: 100,
  restMs: 30_000,
  longestRestMs: 600_000,
};

/** closed: the forest serves; open: the fallback does; trial: the forest serves again until enough windows were seen. */
export type BreakerState = 'closed' | 'open' | 'trial';

/**
 * Steps down to the fallback when the forest fails or is too slow, and tries it again later: a circuit breaker (Nygard,
 * Release It!, 2007). It only says what ought to be: the change takes effect as a control entry. Times are monotonic.
 */
export class Breaker {
  readonly #limits: BreakerLimits;
  #state: BreakerState = 'closed';
  #windows = 0;
  #failed = 0;
  #foldMs = 0;
  #restMs: number;
  #openedMs = 0;
  #reason = '';

  constructor(limits: BreakerLimits = BREAKER_LIMITS) {
    this.#limits = limits;
    this.#restMs = limits.restMs;
  }

  get state(): BreakerState {
    return this.#state;
  }

  /** Why it is open, or was last. */
  get reason(): string {
    return this.#reason;
  }

  /** Takes what a batch came to; nowMs: when. */
  batch({ windows, failed, foldMs }: Batch, nowMs: number): void {
    if (this.#state === 'open') return;
    this.#windows += windows;
    this.#failed += failed;
    this.#foldMs += foldMs;
    if (this.#windows < this.#limits.windows) return;
    const fault = this.#fault();
    if (fault !== null) this.#trip(fault, nowMs);
    else {
      this.#state = 'closed';
      this.#restMs = this.#limits.restMs;
    }
    this.#windows = this.#failed = this.#foldMs = 0;
  }

  #fault(): string | null {
    const { errors, windowMs } = this.#limits;
    if (this.#failed > errors * this.#windows)
      return `the forest failed on ${this.#failed} of ${this.#windows} windows`;
    const each = this.#foldMs / this.#windows;
    if (each > windowMs) return `a window took ${each.toFixed(1)} ms, ${windowMs} are allowed`;
    return null;
  }

  #trip(fault: string, nowMs: number): void {
    if (this.#state === 'trial') this.#restMs = Math.min(2 * this.#restMs, this.#limits.longestRestMs);
    this.#state = 'open';
    this.#openedMs = nowMs;
    this.#reason = fault;
  }

  /** Time passes: after its rest the forest is tried. */
  tick(nowMs: number): void {
    if (this.#state === 'open' && nowMs - this.#openedMs >= this.#restMs) this.#state = 'trial';
  }
}
