import type { Clock } from '../core/clock.ts';
import { fail, ok, type Result } from '../core/errors.ts';
import { recordFault } from './log-limits.ts';
import type { Log, LogRecord, NewRecord } from './ports.ts';
import { OffsetSignal } from './signal.ts';

/** A log without a disk, for replays and tests. Bounded by the number of records, the oldest go first. */
export class MemoryLog implements Log {
  readonly #clock: Clock;
  readonly #maxRecords: number;
  readonly #signal = new OffsetSignal();
  #records: LogRecord[] = [];
  #start = 0;
  #lastMs = 0;
  #closed = false;

  constructor(clock: Clock, maxRecords = 1_000_000) {
    this.#clock = clock;
    this.#maxRecords = maxRecords;
  }

  async append(records: readonly NewRecord[]): Promise<Result<number>> {
    if (this.#closed) return fail('overloaded', 'the log is closed');
    const fault = recordFault(records);
    if (fault !== null) return { ok: false, fault };
    const first = this.end();
    this.#lastMs = Math.max(this.#lastMs, this.#clock.now());
    for (const { key, value, tombstone, headers } of records) {
      this.#records.push({
        offset: this.end(),
        appendMs: this.#lastMs,
        key: key === null ? null : key.slice(),
        value: value.slice(),
        ...(tombstone && { tombstone }),
        ...(headers?.length && {
          headers: headers.map(([name, bytes]) => [name, bytes === null ? null : bytes.slice()]),
        }),
      });
    }
    const excess = this.#records.length - this.#maxRecords;
    if (excess > 0) {
      this.#records.splice(0, excess);
      this.#start += excess;
    }
    this.#signal.reached(this.end());
    return ok(first);
  }

  async read(fromOffset: number, maxBytes: number): Promise<LogRecord[]> {
    const out: LogRecord[] = [];
    let bytes = 0;
    for (let i = Math.max(0, fromOffset - this.#start); i < this.#records.length; i++) {
      const record = this.#records[i]!;
      out.push(record);
      bytes += record.value.length + (record.key?.length ?? 0);
      if (bytes >= maxBytes) break;
    }
    return out;
  }

  waitFor(offset: number, signal: AbortSignal): Promise<void> {
    return this.#signal.wait(offset, this.#closed ? Number.POSITIVE_INFINITY : this.end(), signal);
  }

  refresh(): Promise<boolean> {
    return Promise.resolve(true);
  }

  start(): number {
    return this.#start;
  }

  end(): number {
    return this.#start + this.#records.length;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#signal.reached(Number.POSITIVE_INFINITY);
  }
}
