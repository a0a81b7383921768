/** Wakes those who wait for an offset: every waiter at or below it, at once, by the event itself. */
export class OffsetSignal {
  #waiters: { offset: number; wake: () => void }[] = [];

  /** Resolves when `reached` is called with an end above the offset, or when the signal aborts. */
  wait(offset: number, end: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted || offset < end) return Promise.resolve();
    return new Promise((resolve) => {
      const waiter = { offset, wake: resolve };
      const abort = () => {
        this.#waiters = this.#waiters.filter((w) => w !== waiter);
        resolve();
      };
      waiter.wake = () => {
        signal.removeEventListener('abort', abort);
        resolve();
      };
      signal.addEventListener('abort', abort, { once: true });
      this.#waiters.push(waiter);
    });
  }

  reached(end: number): void {
    if (this.#waiters.length === 0) return;
    const ready = this.#waiters.filter((w) => w.offset < end);
    this.#waiters = this.#waiters.filter((w) => w.offset >= end);
    for (const { wake } of ready) wake();
  }
}
