/** Something that happens again and again: whoever waits is woken by the next beat, and nobody is remembered after it. */
export class Pulse {
  #wake: () => void = () => undefined;
  #next: Promise<void> = Promise.resolve();

  constructor() {
    this.#renew();
  }

  /** Resolves at the next beat. */
  next(): Promise<void> {
    return this.#next;
  }

  beat(): void {
    const wake = this.#wake;
    this.#renew();
    wake();
  }

  #renew(): void {
    this.#next = new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
