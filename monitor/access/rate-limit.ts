/** Callers remembered at most; beyond it the one that was quiet longest is forgotten, which only does it a favour. */
const MAX_CALLERS = 10_000;

/** Requests that a caller may make at once, and how many more each second. */
export interface Rate {
  burst: number;
  perSecond: number;
}
export const READ_RATE: Rate = { burst: 200, perSecond: 50 };
export const WRITE_RATE: Rate = { burst: 20, perSecond: 2 };

/** A token bucket for each caller. Times are monotonic. */
export class RateLimit {
  readonly #rate: Rate;
  /** Newest use last. */
  readonly #buckets = new Map<string, { left: number; atMs: number }>();

  constructor(rate: Rate) {
    this.#rate = rate;
  }

  /** 0 when the request may go on, else the milliseconds after which it may. */
  take(caller: string, nowMs: number): number {
    const { burst, perSecond } = this.#rate;
    const before = this.#buckets.get(caller) ?? { left: burst, atMs: nowMs };
    const left = Math.min(burst, before.left + ((nowMs - before.atMs) / 1000) * perSecond);
    this.#buckets.delete(caller);
    this.#buckets.set(caller, { left: left < 1 ? left : left - 1, atMs: nowMs });
    if (this.#buckets.size > MAX_CALLERS) this.#buckets.delete(this.#buckets.keys().next().value!);
    return left < 1 ? Math.ceil(((1 - left) / perSecond) * 1000) : 0;
  }
}
