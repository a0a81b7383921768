import { fail, type Result } from '../../core/errors.ts';
import type { Log, LogRecord, NewRecord } from '../../ingest/ports.ts';

/**
 * A log that refuses new records while its reader is too far behind. Retention removes the oldest segments whether they
 * were read or not, so what could not be read in time must not be accepted in the first place.
 */
export class BoundedLog implements Log {
  readonly #log: Log;
  readonly #maxLagRecords: number;
  readonly #readTo: () => number;

  constructor(log: Log, maxLagRecords: number, readTo: () => number) {
    this.#log = log;
    this.#maxLagRecords = maxLagRecords;
    this.#readTo = readTo;
  }

  async append(records: readonly NewRecord[]): Promise<Result<number>> {
    const lag = this.#log.end() - this.#readTo();
    if (lag > this.#maxLagRecords) return fail('overloaded', `${lag} records wait to be scored`);
    return this.#log.append(records);
  }

  read(fromOffset: number, maxBytes: number): Promise<LogRecord[]> {
    return this.#log.read(fromOffset, maxBytes);
  }

  waitFor(offset: number, signal: AbortSignal): Promise<void> {
    return this.#log.waitFor(offset, signal);
  }

  refresh(): Promise<boolean> {
    return this.#log.refresh();
  }

  start(): number {
    return this.#log.start();
  }

  end(): number {
    return this.#log.end();
  }

  close(): Promise<void> {
    return this.#log.close();
  }
}
