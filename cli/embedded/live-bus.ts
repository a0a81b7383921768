import type { Outputs } from '../../ingest/ports.ts';
import type { Live, LiveEvent, StreamStatus } from '../../monitor/ports.ts';

/** What the process tells its open pages, as soon as it is durable. */
export class LiveBus implements Live {
  readonly #listeners = new Set<(event: LiveEvent) => void>();
  readonly #streams: () => StreamStatus[];

  constructor(streams: () => StreamStatus[]) {
    this.#streams = streams;
  }

  streams(): StreamStatus[] {
    return this.#streams();
  }

  subscribe(listener: (event: LiveEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  flushed(outputs: Outputs): void {
    if (outputs.verdicts.length > 0) this.#tell({ kind: 'verdicts', verdicts: outputs.verdicts });
    for (const incident of outputs.incidents) this.#tell({ kind: 'incident', incident });
  }

  statusChanged(): void {
    this.#tell({ kind: 'status', streams: this.#streams() });
  }

  #tell(event: LiveEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}
