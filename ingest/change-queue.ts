import type { ControlChange, ControlEntry } from '../core/types.ts';

interface Waiting {
  change: ControlChange;
  done: (entry: ControlEntry) => void;
  failed: (cause: unknown) => void;
}

/** Changes that somebody outside wants of a partition loop, in the order in which they were asked for. */
export class ChangeQueue {
  readonly #waiting: Waiting[] = [];
  #ended: unknown = null;

  get length(): number {
    return this.#waiting.length;
  }

  /** Resolves with the entry once it is durable; rejects when it is refused or the loop has ended. */
  ask(change: ControlChange): Promise<ControlEntry> {
    return new Promise((done, failed) => {
      if (this.#ended !== null) failed(this.#ended);
      else this.#waiting.push({ change, done, failed });
    });
  }

  /** Hands each change to `accept`. What that throws ends the loop, and with it every change that still waits. */
  async drain(accept: (change: ControlChange) => Promise<ControlEntry | Error>): Promise<void> {
    for (let first = this.#waiting[0]; first; first = this.#waiting[0]) {
      const answer = await accept(first.change);
      if (answer instanceof Error) first.failed(answer);
      else first.done(answer);
      this.#waiting.shift();
    }
  }

  /** Nothing is taken from here on. */
  end(cause: unknown): void {
    this.#ended = cause;
    for (const { failed } of this.#waiting.splice(0)) failed(cause);
  }
}
