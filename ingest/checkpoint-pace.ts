/** A checkpoint may take this share of the time: large states are saved less often, and replay stays bounded by it. */
const SHARE = 0.03;
/** Of slow statements too: what is read again after a crash stays within the recovery budget. */
const LONGEST_MS = 15_000;

/** When the next checkpoint of a partition is due. Times are of a clock that only rises. */
export class CheckpointPace {
  readonly #intervalMs: number;
  #startedMs = 0;
  #costMs = 0;

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  started(nowMs: number): void {
    this.#startedMs = nowMs;
  }

  /** What the last one cost, without what was waited for the database. */
  cost(ms: number): void {
    this.#costMs = ms;
  }

  /**
   * Windows end together, so verdicts come in bursts. A checkpoint is best taken right behind one, when the next is
   * furthest away: then half the interval is enough.
   */
  due(nowMs: number, behindBurst: boolean): boolean {
    const everyMs = Math.max(this.#intervalMs, Math.min(this.#costMs / SHARE, LONGEST_MS));
    return nowMs - this.#startedMs >= everyMs * (behindBurst ? 0.5 : 1);
  }
}
