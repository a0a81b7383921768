/** Two partitions that wrote one entity this close in event time share it; further apart, ownership has moved. */
export const SPLIT_WITHIN_MS = 86_400_000;
/** Names told at once: enough to see what they have in common. */
const MAX_TOLD_AT_ONCE = 100;
/** Remembered as told; beyond that the oldest may be told again. */
const MAX_REMEMBERED = 10_000;

/**
 * Which split entities were told already. One entity on several partitions has two half windows where it should have
 * one whole, so it is told; once a day of event time, because it goes on until somebody gives the records a key.
 */
export class SplitNotices {
  readonly #told = new Map<string, number>();
  #fresh: string[] = [];

  /** atMs: event time at which two partitions were seen to share the entity. */
  notice(entity: string, atMs: number): void {
    const before = this.#told.get(entity);
    if (before !== undefined && Math.abs(atMs - before) <= SPLIT_WITHIN_MS) return;
    if (this.#fresh.length >= MAX_TOLD_AT_ONCE) return;
    this.#told.delete(entity);
    this.#told.set(entity, atMs);
    if (this.#told.size > MAX_REMEMBERED) this.#told.delete(this.#told.keys().next().value!);
    this.#fresh.push(entity);
  }

  /** What was noticed since the last call, sorted; nothing when there is nothing. */
  take(): { split?: readonly string[] } {
    if (this.#fresh.length === 0) return {};
    const split = this.#fresh.sort();
    this.#fresh = [];
    return { split };
  }
}
