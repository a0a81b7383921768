import type { Sample } from '../../core/types.ts';
import type { SampleSink } from '../sink.ts';

/** Samples held back at once, over all entities; beyond it the oldest goes on early. */
const MAX_HELD = 100_000;

interface Held {
  sample: Sample;
  dueMs: number;
}

/** Samples on their way, in the order they came in for each entity. */
export class DelayLine {
  readonly #held = new Map<string, Held[]>();
  #count = 0;

  /** Keeps a copy until dueMs; never due before what the entity sent earlier. */
  hold(sample: Sample, dueMs: number, sink: SampleSink): void {
    let queue = this.#held.get(sample.entity);
    if (!queue) {
      queue = [];
      this.#held.set(sample.entity, queue);
    }
    const due = Math.max(dueMs, queue.at(-1)?.dueMs ?? dueMs);
    queue.push({ sample: { ...sample, names: [...sample.names], values: [...sample.values] }, dueMs: due });
    if (++this.#count > MAX_HELD) this.#emit(queue, 1, sample.entity, sink);
  }

  /** Hands on what is due at nowMs, entity after entity. */
  release(nowMs: number, sink: SampleSink): void {
    if (this.#count === 0) return;
    for (const [entity, queue] of this.#held) {
      let due = 0;
      while (due < queue.length && queue[due]!.dueMs <= nowMs) due++;
      if (due > 0) this.#emit(queue, due, entity, sink);
    }
  }

  /** Hands on everything that an entity has on its way. */
  releaseEntity(entity: string, sink: SampleSink): void {
    const queue = this.#held.get(entity);
    if (queue) this.#emit(queue, queue.length, entity, sink);
  }

  #emit(queue: Held[], count: number, entity: string, sink: SampleSink): void {
    const due = queue.splice(0, count);
    this.#count -= due.length;
    if (queue.length === 0) this.#held.delete(entity);
    for (const { sample } of due) if (sample.names.length > 0) sink.sample(sample);
  }
}
