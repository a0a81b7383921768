import type { Clock } from '../../core/clock.ts';
import { fail, type Result } from '../../core/errors.ts';
import type { Log, LogRecord, NewRecord } from '../ports.ts';
import { OffsetSignal } from '../signal.ts';
import type { OffsetRange, OutgoingRecord, Placed } from './ports.ts';
import { offsetOf, type QueuedRecord, sizeOf, taken } from './records.ts';

export interface PartitionLogOptions {
  partition: number;
  clock: Clock;
  /** Where the partition starts and ends now; null while the cluster cannot be reached. */
  learn: () => Promise<OffsetRange | null>;
  /** Makes the consumer fetch from an offset on, and from nowhere else. */
  seek: (offset: number) => void;
  /** Told how many bytes have left the queue. */
  onTaken: (bytes: number) => void;
  /** Sends to this partition; without it the log is read only. */
  send?: (records: readonly OutgoingRecord[]) => Promise<Result<readonly Placed[]>>;
  /** How long a read waits for records that the log holds and that have not arrived yet. */
  readWaitMs?: number;
}

/** What one fetch brought: records from an offset on. */
export interface Fetched {
  records: readonly QueuedRecord[];
  /** The offset that was asked for, and the one behind what was fetched, with markers and aborted records. */
  from: number;
  to: number;
  /** Where the log ended then. */
  end: number;
}

const READ_WAIT_MS = 500;
/** Waits in vain, half a minute of them, after which the consumer is sent again to what the log is said to hold. */
const MISSES_TO_SEEK = 60;

/**
 * One partition of a topic as a log: what the consumer fetched waits in a queue until it is read. Reads in order take
 * from the queue; any other read moves the consumer. Ends with `close`, when the partition is another's.
 */
export class KafkaPartitionLog implements Log {
  readonly #o: PartitionLogOptions;
  readonly #signal = new OffsetSignal();
  #queue: { records: readonly QueuedRecord[]; head: number }[] = [];
  /** Whatever the log holds in [#from, #to) is in the queue. Both null before the first read says where to begin. */
  #from: number | null = null;
  #to: number | null = null;
  /** Behind the last record of what was fetched: markers of transactions may follow it. */
  #recordsTo = 0;
  #misses = 0;
  #start = 0;
  #end = 0;
  #closed = false;

  constructor(options: PartitionLogOptions) {
    this.#o = options;
  }

  get partition(): number {
    return this.#o.partition;
  }

  /** Records were fetched and nobody has read them yet. */
  get waiting(): boolean {
    return this.#queue.length > 0;
  }

  /** Takes what was fetched; returns how many bytes of it wait now. */
  push({ records, from, to, end }: Fetched): number {
    this.#end = Math.max(this.#end, end);
    if (this.#closed || this.#to === null || to <= this.#to) return 0;
    if (from > this.#to) {
      void this.#resync();
      return 0;
    }
    const first = this.#to;
    const head = records.findIndex((record) => offsetOf(record) >= first);
    this.#to = to;
    if (head >= 0) {
      this.#queue.push({ records, head });
      this.#recordsTo = offsetOf(records.at(-1)!) + 1;
      this.#signal.reached(this.#recordsTo);
    }
    return head < 0 ? 0 : bytesOf(records, head, records.length);
  }

  /** The consumer jumped over what is due: retention removed it, which `start` then says, or the fetch was an old one. */
  async #resync(): Promise<void> {
    await this.refresh();
    if (!this.#closed && this.#to !== null) this.#moveTo(Math.max(this.#to, this.#start), true);
  }

  async append(records: readonly NewRecord[]): Promise<Result<number>> {
    if (this.#closed) return fail('overloaded', 'the log is closed');
    if (this.#o.send === undefined) return fail('internal', 'this log is read only');
    const { partition } = this.#o;
    const sent = await this.#o.send(records.map((record) => ({ ...record, partition })));
    if (!sent.ok) return sent;
    const first = sent.value[0]?.firstOffset ?? this.#end;
    this.#end = Math.max(this.#end, first + records.length);
    return { ok: true, value: first };
  }

  async read(fromOffset: number, maxBytes: number): Promise<LogRecord[]> {
    const from = Math.max(fromOffset, this.#start);
    this.#moveTo(from);
    if (this.#queue.length === 0 && this.#to! < this.#end) await this.#arrival(this.#to!);
    const out: LogRecord[] = [];
    let bytes = 0;
    for (let chunk = this.#queue[0]; chunk && bytes < maxBytes; chunk = this.#queue[0]) {
      const { records } = chunk;
      while (chunk.head < records.length && bytes < maxBytes) {
        const record = records[chunk.head++]!;
        bytes += sizeOf(record);
        out.push(taken(record));
      }
      if (chunk.head === records.length) this.#queue.shift();
    }
    if (out.length > 0) this.#from = out.at(-1)!.offset + 1;
    this.#o.onTaken(bytes);
    return out;
  }

  /** Makes the queue begin at an offset, by leaving out what lies before it or by fetching anew. */
  #moveTo(from: number, anew = false): void {
    if (this.#closed) return;
    const there = this.#from !== null && from >= this.#from && from <= this.#to!;
    if (anew || !there) {
      this.#drop(Number.POSITIVE_INFINITY);
      this.#to = this.#recordsTo = from;
      this.#o.seek(from);
    } else this.#drop(from);
    this.#from = from;
  }

  /** Leaves out what lies before an offset. */
  #drop(before: number): void {
    for (let chunk = this.#queue[0]; chunk; chunk = this.#queue[0]) {
      const { records, head } = chunk;
      while (chunk.head < records.length && offsetOf(records[chunk.head]!) < before) chunk.head++;
      this.#o.onTaken(bytesOf(records, head, chunk.head));
      if (chunk.head < records.length) return;
      this.#queue.shift();
    }
  }

  async #arrival(from: number): Promise<void> {
    const wait = new AbortController();
    const timer = this.#o.clock.sleep(this.#o.readWaitMs ?? READ_WAIT_MS, wait.signal);
    await Promise.race([this.waitFor(from, wait.signal), timer]);
    wait.abort();
    if (this.#to! > from) this.#misses = 0;
    else if (++this.#misses % MISSES_TO_SEEK === 0) this.#moveTo(from, true);
  }

  waitFor(offset: number, signal: AbortSignal): Promise<void> {
    // what lies further on is on its way, for others may wait for what comes before it
    if (this.#from === null || offset < this.#from) this.#moveTo(Math.max(offset, this.#start));
    return this.#signal.wait(offset, this.#closed ? Number.POSITIVE_INFINITY : this.#recordsTo, signal);
  }

  async refresh(): Promise<boolean> {
    const range = await this.#o.learn();
    if (range === null) return false;
    this.#start = range.start;
    this.#end = range.end;
    return true;
  }

  start(): number {
    return this.#start;
  }

  /** Markers at the end do not count once they were fetched: nobody can read them, and the log is silent behind them. */
  end(): number {
    return this.#to !== null && this.#to >= this.#end ? Math.min(this.#recordsTo, this.#end) : this.#end;
  }

  async close(): Promise<void> {
    this.#drop(Number.POSITIVE_INFINITY);
    this.#closed = true;
    this.#signal.reached(Number.POSITIVE_INFINITY);
  }
}

function bytesOf(records: readonly QueuedRecord[], from: number, to: number): number {
  let bytes = 0;
  for (let i = from; i < to; i++) bytes += sizeOf(records[i]!);
  return bytes;
}
