/** What is on its way to a log: out in the order of append times, in the order sent among equals. */
export class Transit<T extends { appendMs: number }> {
  #sent: T[] = [];

  send(item: T): void {
    this.#sent.push(item);
  }

  /** Everything appended before nowMs. Nothing sent later may be appended earlier than that. */
  *due(nowMs: number): Generator<T> {
    const due = this.#sent.filter((item) => item.appendMs < nowMs).sort((a, b) => a.appendMs - b.appendMs);
    this.#sent = this.#sent.filter((item) => item.appendMs >= nowMs);
    yield* due;
  }
}
