import type { Clock } from '../../core/clock.ts';
import { type Fault, fail, ok, type Result } from '../../core/errors.ts';
import { writeRecord } from '../entry.ts';
import type { NewRecord } from '../ports.ts';
import { faultOfDisk } from './files.ts';
import type { Segments } from './segments.ts';

export interface AppenderOptions {
  clock: Clock;
  maxWaitingBytes: number;
  onDurable: (end: number) => void;
  onTrouble: (fault: Fault) => void;
}

interface Waiting {
  records: readonly NewRecord[];
  bytes: number;
  done: (result: Result<number>) => void;
}

/** Written at once at most; more waits for the next round, which bounds the memory of one. */
const MAX_BATCH_BYTES = 8 << 20;

/**
 * Group commit: one write and one fsync for everything that came while the ones before were under way. A batch is
 * written only when the one before it is on disk, and offsets are given when it is written, so a batch that failed
 * leaves no hole.
 */
export class Appender {
  readonly #segments: Segments;
  readonly #o: AppenderOptions;
  #queue: Waiting[] = [];
  #waitingBytes = 0;
  #running: Promise<void> | null = null;
  /** Bytes behind the last whole batch may lie in the file; they go before anything is written. */
  #dirty = false;

  constructor(segments: Segments, options: AppenderOptions) {
    this.#segments = segments;
    this.#o = options;
  }

  append(records: readonly NewRecord[], bytes: number): Promise<Result<number>> {
    if (this.#waitingBytes > 0 && this.#waitingBytes + bytes > this.#o.maxWaitingBytes) {
      return Promise.resolve(fail('overloaded', `${this.#waitingBytes} bytes wait for the disk`));
    }
    return new Promise((done) => {
      this.#queue.push({ records, bytes, done });
      this.#waitingBytes += bytes;
      this.#running ??= this.#run();
    });
  }

  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    // Whoever appends in the same turn of the event loop shares the first fsync.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const batch = this.#take();
      const result = await this.#commit(batch);
      let offset = result.ok ? result.value : 0;
      for (const { records, bytes, done } of batch) {
        this.#waitingBytes -= bytes;
        done(result.ok ? ok(offset) : result);
        offset += records.length;
      }
      if (result.ok) this.#o.onDurable(this.#segments.end);
    }
    this.#running = null;
  }

  #take(): Waiting[] {
    let bytes = 0;
    let count = 0;
    while (count < this.#queue.length && (count === 0 || bytes + this.#queue[count]!.bytes <= MAX_BATCH_BYTES)) {
      bytes += this.#queue[count++]!.bytes;
    }
    return this.#queue.splice(0, count);
  }

  async #commit(batch: readonly Waiting[]): Promise<Result<number>> {
    const segments = this.#segments;
    const nowMs = Math.max(segments.lastMs, this.#o.clock.now());
    let size = 0;
    for (const { bytes } of batch) size += bytes;
    try {
      await this.#mend();
      await segments.makeRoom(size, nowMs);
      const { active, end } = segments;
      const position = active.size;
      this.#dirty = true;
      const bytes = Buffer.allocUnsafe(size);
      let offset = end;
      let at = 0;
      for (const { records } of batch) {
        for (const record of records) {
          at = writeRecord(bytes, at, { ...record, offset, appendMs: nowMs }, at === 0);
          offset++;
        }
      }
      await active.file.write(bytes, position);
      await active.file.sync();
      this.#dirty = false;
      active.appended(end, position, position + size, nowMs);
      segments.end = offset;
      segments.lastMs = nowMs;
      await this.#retain(nowMs);
      return ok(end);
    } catch (cause) {
      return this.#failed(cause);
    }
  }

  /** The batch is durable by now, whatever becomes of older segments. */
  async #retain(nowMs: number): Promise<void> {
    try {
      await this.#segments.retain(nowMs);
    } catch (cause) {
      this.#o.onTrouble({ code: 'internal', detail: `removing an old segment: ${(cause as Error).message}` });
    }
  }

  /** What a failed batch left is cut off: now, or before the next one if the disk does not even do that. */
  async #mend(): Promise<void> {
    if (!this.#dirty) return;
    const { active } = this.#segments;
    await active.file.truncate(active.size);
    this.#dirty = false;
  }

  async #failed(cause: unknown): Promise<Result<number>> {
    const fault = faultOfDisk(cause, this.#segments.active.path);
    // A file that went away under a running log is no answer to a sender.
    if (fault.code === 'file_missing') fault.code = 'internal';
    try {
      await this.#mend();
    } catch (again) {
      fault.detail += `; cutting it back: ${(again as Error).message}`;
    }
    this.#o.onTrouble(fault);
    return { ok: false, fault };
  }
}
