import type { Clock } from '../../core/clock.ts';
import type { Verdict } from '../../core/types.ts';
import { wireEntity } from './wire.ts';

export const COALESCE_MS = 250;
/** Entities in one message, the most severe of them; more than a page shows would only slow it down. */
export const MAX_ENTITIES_PER_MESSAGE = 500;

type WireEntity = ReturnType<typeof wireEntity>;

/** Gathers verdicts and hands over at most one message per COALESCE_MS: the newest state of each entity. */
export class VerdictFeed {
  readonly #clock: Clock;
  readonly #emit: (message: { entities: WireEntity[]; more: number }) => void;
  readonly #newest = new Map<string, WireEntity>();
  readonly #closing = new AbortController();
  #waiting = false;

  constructor(clock: Clock, emit: (message: { entities: WireEntity[]; more: number }) => void) {
    this.#clock = clock;
    this.#emit = emit;
  }

  push(verdicts: readonly Verdict[]): void {
    for (const verdict of verdicts) {
      const key = `${verdict.stream}\n${verdict.entity}`;
      const held = this.#newest.get(key);
      const entity = wireEntity(verdict);
      if (!held || held.lastWindowEndMs <= entity.lastWindowEndMs) this.#newest.set(key, entity);
    }
    if (this.#waiting || this.#newest.size === 0) return;
    this.#waiting = true;
    void this.#clock.sleep(COALESCE_MS, this.#closing.signal).then(() => this.#flush());
  }

  close(): void {
    this.#closing.abort();
    this.#newest.clear();
  }

  #flush(): void {
    this.#waiting = false;
    if (this.#newest.size === 0) return;
    const all = [...this.#newest.values()].sort((a, b) => (b.severity ?? 0) - (a.severity ?? 0));
    this.#newest.clear();
    const entities = all.slice(0, MAX_ENTITIES_PER_MESSAGE);
    this.#emit({ entities, more: all.length - entities.length });
  }
}
