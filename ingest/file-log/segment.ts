import { join } from 'node:path';
import { type Entry, findEntry, HEAD_BYTES, MAX_ENTRY_BYTES, readEntry } from '../entry.ts';
import type { LogRecord } from '../ports.ts';
import type { LogFile, LogFiles } from './files.ts';

const MAGIC = Buffer.from('TWSEG001', 'latin1');
export const SEGMENT_HEAD_BYTES = 16;
/** Distance of the marks by which a read finds its place. */
const INDEX_EVERY_BYTES = 64 << 10;
/** Read at once while a segment is looked through. */
const SCAN_BYTES = 1 << 20;
const NAME = /^(\d{20})\.segment$/;

/** Bytes that are no record though records follow. toOffset: the first offset that is whole again. */
export interface Damage {
  file: string;
  position: number;
  detail: string;
  fromOffset: number;
  toOffset: number;
}

export interface Scan {
  /** Where the whole records end; what is behind was never acknowledged. */
  end: number;
  nextOffset: number;
  firstMs: number;
  lastMs: number;
  torn: string | null;
  damage: Damage[];
}

/** One file of the log: a head, then entries. Positions are bytes from the start of the file. */
export class Segment {
  readonly path: string;
  readonly base: number;
  readonly file: LogFile;
  /** Bytes that are durable; the file may hold more while it is written. */
  size = SEGMENT_HEAD_BYTES;
  firstMs = Number.NaN;
  #offsets: number[] = [];
  #positions: number[] = [];
  /** Where the last reader stopped: the next one mostly goes on there. */
  #cursor: [position: number, offset: number] = [SEGMENT_HEAD_BYTES, 0];
  #readers = 0;
  #removed = false;

  private constructor(path: string, base: number, file: LogFile) {
    this.path = path;
    this.base = base;
    this.file = file;
    this.#cursor[1] = base;
  }

  static nameOf(base: number): string {
    return `${String(base).padStart(20, '0')}.segment`;
  }

  static baseOf(name: string): number {
    const match = NAME.exec(name);
    return match === null ? -1 : Number(match[1]);
  }

  static async create(files: LogFiles, dir: string, base: number): Promise<Segment> {
    const path = join(dir, Segment.nameOf(base));
    const file = await files.open(path);
    try {
      await file.truncate(0);
      await file.write(head(base), 0);
      await file.sync();
      await files.syncDir(dir);
    } catch (cause) {
      await file.close();
      await files.remove(path);
      throw cause;
    }
    return new Segment(path, base, file);
  }

  /** null when the head is not whole: the file was just being made. */
  static async open(files: LogFiles, dir: string, base: number): Promise<Segment | null> {
    const path = join(dir, Segment.nameOf(base));
    const file = await files.open(path);
    const bytes = Buffer.alloc(SEGMENT_HEAD_BYTES);
    await file.read(bytes, 0);
    if (!bytes.equals(head(base))) {
      await file.close();
      return null;
    }
    const segment = new Segment(path, base, file);
    segment.size = await file.size();
    const first = Buffer.alloc(64);
    const got = await file.read(first, SEGMENT_HEAD_BYTES);
    // Kind, offset and append time lie at the front of the body; the checksum is looked at when records are read.
    if (got >= HEAD_BYTES + 17) segment.firstMs = first.readDoubleLE(HEAD_BYTES + 9);
    return segment;
  }

  /** Looks at every entry: where they end, and what is broken before that end. */
  async scan(): Promise<Scan> {
    const result: Scan = {
      end: SEGMENT_HEAD_BYTES,
      nextOffset: this.base,
      firstMs: Number.NaN,
      lastMs: 0,
      torn: null,
      damage: [],
    };
    await this.#walk(SEGMENT_HEAD_BYTES, this.base, SCAN_BYTES, {
      record: (record, end) => {
        result.end = end;
        result.nextOffset = record.offset + 1;
        if (Number.isNaN(result.firstMs)) result.firstMs = record.appendMs;
        result.lastMs = record.appendMs;
        return true;
      },
      damage: (damage) => result.damage.push(damage),
      torn: (detail) => {
        result.torn = detail;
      },
    });
    this.firstMs = result.firstMs;
    return result;
  }

  /** Records from an offset on, at least one if there is one; damage in between is reported and stepped over. */
  async read(fromOffset: number, maxBytes: number, onDamage: (damage: Damage) => void): Promise<LogRecord[]> {
    const out: LogRecord[] = [];
    let bytes = 0;
    const [position, offset] = this.#near(fromOffset);
    const chunk = Math.min(SCAN_BYTES, Math.max(INDEX_EVERY_BYTES, maxBytes));
    await this.#walk(position, offset, chunk, {
      record: (record) => {
        if (record.offset < fromOffset) return true;
        out.push(record);
        bytes += record.value.length + (record.key?.length ?? 0);
        return bytes < maxBytes;
      },
      damage: onDamage,
      torn: () => undefined,
    });
    return out;
  }

  async #walk(
    from: number,
    offset: number,
    chunkBytes: number,
    on: {
      record: (record: LogRecord, end: number) => boolean;
      damage: (damage: Damage) => void;
      torn: (detail: string) => void;
    },
  ): Promise<void> {
    this.#readers++;
    try {
      let at = from;
      let next = offset;
      let wanted = chunkBytes;
      while (at < this.size) {
        const chunk = Buffer.allocUnsafe(Math.min(wanted, this.size - at));
        const got = await this.file.read(chunk, at);
        const bytes = chunk.subarray(0, got);
        const last = at + got >= this.size || got === 0;
        let p = 0;
        for (;;) {
          const read = readEntry(bytes, p);
          if (read.ok && read.entry.kind === 'record' && read.entry.record.offset >= next) {
            const { record } = read.entry;
            // A hole that left no broken bytes: whole records went missing.
            if (record.offset > next) on.damage(this.#damage(at + p, 'records are missing', next, record.offset));
            this.#mark(record.offset, at + p);
            p += read.size;
            next = record.offset + 1;
            this.#cursor = [at + p, next];
            if (!on.record(record, at + p)) return;
            continue;
          }
          if (!read.ok && read.why === 'torn' && !last) break;
          const detail = read.ok ? 'an entry out of order' : read.detail;
          const whole = await this.#resync(at + p + 1, next);
          if (whole === null) {
            if (at + p < this.size) on.torn(`byte ${at + p}: ${detail}`);
            return;
          }
          on.damage(this.#damage(at + p, detail, next, whole.offset));
          next = whole.offset;
          p = whole.position - at;
          break;
        }
        wanted = p === 0 ? Math.min(wanted * 2, 2 * MAX_ENTRY_BYTES) : chunkBytes;
        at += p;
      }
    } finally {
      await this.#leave();
    }
  }

  /**
   * The next whole record behind a broken place that proves the place was once durable: one that begins a batch, since
   * a batch is written only after the one before it is on disk. Without such a record the rest was never acknowledged.
   */
  async #resync(from: number, next: number): Promise<{ position: number; offset: number } | null> {
    const bytes = Buffer.allocUnsafe(this.size - from < 0 ? 0 : this.size - from);
    const got = await this.file.read(bytes, from);
    const rest = bytes.subarray(0, got);
    const follows = (entry: Entry) => entry.kind === 'record' && entry.record.offset >= next;
    const proof = findEntry(rest, 0, (entry) => follows(entry) && entry.kind === 'record' && entry.batchStart);
    if (proof < 0) return null;
    const at = findEntry(rest, 0, follows);
    const found = readEntry(rest, at);
    if (!found.ok || found.entry.kind !== 'record') return null;
    return { position: from + at, offset: found.entry.record.offset };
  }

  #damage(position: number, detail: string, fromOffset: number, toOffset: number): Damage {
    return { file: this.path, position, detail, fromOffset, toOffset };
  }

  /** Remembers a position, one for each 64 KiB, in rising order. */
  #mark(offset: number, position: number): void {
    const last = this.#positions.at(-1) ?? -INDEX_EVERY_BYTES;
    if (position < last + INDEX_EVERY_BYTES) return;
    this.#offsets.push(offset);
    this.#positions.push(position);
  }

  /** What was appended; its records begin at offset and position. */
  appended(offset: number, position: number, end: number, firstMs: number): void {
    if (Number.isNaN(this.firstMs)) this.firstMs = firstMs;
    this.#mark(offset, position);
    this.size = end;
  }

  #near(offset: number): [position: number, offset: number] {
    if (this.#cursor[1] === offset) return this.#cursor;
    let low = 0;
    let high = this.#offsets.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#offsets[middle]! <= offset) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? [SEGMENT_HEAD_BYTES, this.base] : [this.#positions[low - 1]!, this.#offsets[low - 1]!];
  }

  async #leave(): Promise<void> {
    this.#readers--;
    if (this.#removed && this.#readers === 0) await this.file.close();
  }

  /** Closes the file, once nobody reads in it any more. */
  async close(): Promise<void> {
    if (this.#removed) return;
    this.#removed = true;
    if (this.#readers === 0) await this.file.close();
  }
}

function head(base: number): Buffer {
  const bytes = Buffer.alloc(SEGMENT_HEAD_BYTES);
  MAGIC.copy(bytes);
  bytes.writeDoubleLE(base, MAGIC.length);
  return bytes;
}
