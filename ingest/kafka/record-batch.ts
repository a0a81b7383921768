import type { RecordHeaders } from '../ports.ts';

/** Byte positions in the head of a batch: Kafka's message format, version 2 (KIP-98). */
const AT = {
  length: 8,
  magic: 16,
  attributes: 21,
  firstTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  records: 57,
} as const;
const HEAD_BYTES = 61;
/** What the length of a batch does not count: itself and the offset before it. */
const UNCOUNTED_BYTES = 12;
const MAGIC = 2;
const CODEC = 0x07;
const LOG_APPEND_TIME = 0x08;
/** Of a transaction, or a marker of one. */
const TRANSACTIONAL = 0x30;
/** 49 bits: far more milliseconds or offsets than any batch spans. */
const VARINT_BYTES_MAX = 7;
/** The least bytes of a record: seven fields of one byte. */
const RECORD_BYTES_MIN = 7;

export type Decompress = (attributes: number, bytes: Buffer) => Promise<Buffer>;

/** The bytes are not what this file reads; kafkajs itself may, or says what is wrong with them. */
class NotPlain extends Error {}

/** What the records of one batch have in common. */
interface Batch {
  readonly bytes: Buffer;
  readonly firstOffset: number;
  /** Deltas of times count from it. */
  readonly baseMs: number;
  /** As far as kafkajs asks for it. */
  readonly context: object;
}

/**
 * One record of a fetch: where it lies in the bytes of its batch. Tens of thousands of these wait in a queue, so it is one
 * small object, and all else is made when it is asked for: kafkajs has offsets and times as texts, a log as numbers.
 */
export class FetchedRecord {
  readonly #batch: Batch;
  readonly #offsetDelta: number;
  readonly #deltaMs: number;
  readonly #keyAt: number;
  /** -1 for null, as of the value. */
  readonly #keyBytes: number;
  readonly #valueAt: number;
  readonly #valueBytes: number;
  readonly #headersAt: number;
  /** 0 without headers. */
  readonly #headersBytes: number;

  /** The cursor has entered the record. */
  constructor(batch: Batch, cursor: Cursor, appended: boolean) {
    this.#batch = batch;
    cursor.skip(1); // attributes, of which there are none
    const deltaMs = cursor.varint();
    this.#deltaMs = appended ? 0 : deltaMs;
    this.#offsetDelta = cursor.varint();
    this.#keyBytes = cursor.pass();
    this.#keyAt = cursor.at - Math.max(0, this.#keyBytes);
    this.#valueBytes = cursor.pass();
    this.#valueAt = cursor.at - Math.max(0, this.#valueBytes);
    this.#headersAt = cursor.at;
    this.#headersBytes = cursor.passHeaders();
  }

  get offsetNumber(): number {
    return this.#batch.firstOffset + this.#offsetDelta;
  }

  get timestampMs(): number {
    return this.#batch.baseMs + this.#deltaMs;
  }

  /** Of key, value and headers. */
  get sizeBytes(): number {
    return Math.max(0, this.#keyBytes) + Math.max(0, this.#valueBytes) + this.#headersBytes;
  }

  get offset(): string {
    return String(this.offsetNumber);
  }

  get timestamp(): string {
    return String(this.timestampMs);
  }

  get key(): Buffer | null {
    return this.#keyBytes < 0 ? null : this.#batch.bytes.subarray(this.#keyAt, this.#keyAt + this.#keyBytes);
  }

  get value(): Buffer | null {
    return this.#valueBytes < 0 ? null : this.#batch.bytes.subarray(this.#valueAt, this.#valueAt + this.#valueBytes);
  }

  /** In their order, those of one name too; null without any. */
  get headerList(): RecordHeaders | null {
    if (this.#headersBytes === 0) return null;
    const cursor = new Cursor(this.#batch.bytes, this.#headersAt, this.#headersAt + this.#headersBytes);
    const out: [string, Uint8Array | null][] = [];
    for (let count = cursor.varint(); count > 0; count--)
      out.push([cursor.bytes()?.toString('utf8') ?? 'null', cursor.bytes()]);
    return out;
  }

  /** As kafkajs has them: a list where a name is there more than once. */
  get headers(): Record<string, Buffer | null | (Buffer | null)[]> {
    const lists = new Map<string, (Buffer | null)[]>();
    for (const [name, value] of this.headerList ?? [])
      lists.set(name, [...(lists.get(name) ?? []), value as Buffer | null]);
    return Object.fromEntries([...lists].map(([name, values]) => [name, values.length === 1 ? values[0]! : values]));
  }

  get isControlRecord(): boolean {
    return false;
  }

  get magicByte(): number {
    return MAGIC;
  }

  get attributes(): number {
    return 0;
  }

  get batchContext(): object {
    return this.#batch.context;
  }
}

/** Reads the fields of records from left to right, within the bounds of one. */
class Cursor {
  readonly #bytes: Buffer;
  #at: number;
  /** End of the record that is being read. */
  #end: number;
  readonly #last: number;

  constructor(bytes: Buffer, at: number, end: number) {
    this.#bytes = bytes;
    this.#at = at;
    this.#end = this.#last = end;
  }

  /** Zigzag, seven bits a byte, the lowest first. */
  varint(): number {
    const bytes = this.#bytes;
    let at = this.#at;
    let byte = bytes[at++]!;
    let value = byte & 0x7f;
    if (byte > 0x7f) {
      for (let i = 1, factor = 128; byte > 0x7f; i++, factor *= 128) {
        if (i === VARINT_BYTES_MAX) throw new NotPlain();
        byte = bytes[at++]!;
        value += (byte & 0x7f) * factor;
      }
    }
    // beyond the end a byte is undefined, which is no number greater than any
    if (at > this.#end) throw new NotPlain();
    this.#at = at;
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  get at(): number {
    return this.#at;
  }

  skip(bytes: number): void {
    this.#at += bytes;
  }

  /** Passes over bytes with their length before them; the length, -1 for null. */
  pass(): number {
    const length = this.varint();
    if (length === -1) return length;
    const end = this.#at + length;
    if (length < 0 || end > this.#end) throw new NotPlain();
    this.#at = end;
    return length;
  }

  bytes(): Buffer | null {
    const length = this.pass();
    return length === -1 ? null : this.#bytes.subarray(this.#at - length, this.#at);
  }

  /** Goes into the next record. */
  enter(): void {
    this.#end = this.#last;
    const length = this.varint();
    this.#end = this.#at + length;
    if (length < RECORD_BYTES_MIN - 1 || this.#end > this.#last) throw new NotPlain();
  }

  /** Passes over what is left of the record, which is its headers; their length, 0 without any. */
  passHeaders(): number {
    const start = this.#at;
    const count = this.varint();
    if (count < 0 || count > this.#end - start) throw new NotPlain();
    for (let i = 0; i < count; i++) {
      this.pass();
      this.pass();
    }
    // what a later version may add
    this.#at = this.#end;
    return count === 0 ? 0 : this.#end - start;
  }
}

/**
 * The records of the batches of one partition in an answer to a fetch, of which the last may be cut off: what kafkajs
 * makes of them, in a quarter of its time. null for what is not plain: older formats, transactions and their markers,
 * numbers beyond a double, and damaged bytes. Throws what `decompress` throws.
 */
export async function fetchedRecords(bytes: Buffer, decompress: Decompress): Promise<FetchedRecord[] | null> {
  const out: FetchedRecord[] = [];
  for (let at = 0; at + HEAD_BYTES <= bytes.length; ) {
    const end = at + UNCOUNTED_BYTES + bytes.readInt32BE(at + AT.length);
    const attributes = bytes.readInt16BE(at + AT.attributes);
    if (bytes[at + AT.magic] !== MAGIC || (attributes & TRANSACTIONAL) !== 0 || end < at + HEAD_BYTES) return null;
    if (end > bytes.length) break;
    const body = bytes.subarray(at + HEAD_BYTES, end);
    const count = bytes.readInt32BE(at + AT.records);
    const plain = (attributes & CODEC) === 0 || count <= 0 ? body : await decompress(attributes, body);
    try {
      readBatch(bytes.subarray(at, at + HEAD_BYTES), attributes, count, plain, out);
    } catch (cause) {
      if (cause instanceof NotPlain) return null;
      throw cause;
    }
    at = end;
  }
  return out;
}

function readBatch(head: Buffer, attributes: number, count: number, body: Buffer, out: FetchedRecord[]): void {
  // kafkajs makes an error of more records than bytes; fewer than none are none
  if (count > body.length / RECORD_BYTES_MIN) throw new NotPlain();
  const firstOffset = exact(head.readBigInt64BE(0));
  const firstMs = exact(head.readBigInt64BE(AT.firstTimestamp));
  const maxMs = exact(head.readBigInt64BE(AT.maxTimestamp));
  const context = { producerId: String(head.readBigInt64BE(AT.producerId)), inTransaction: false };
  const appended = (attributes & LOG_APPEND_TIME) !== 0;
  const batch: Batch = { bytes: body, firstOffset, baseMs: appended ? maxMs : firstMs, context };
  const cursor = new Cursor(body, 0, body.length);
  for (let i = 0; i < count; i++) {
    cursor.enter();
    out.push(new FetchedRecord(batch, cursor, appended));
  }
}

function exact(value: bigint): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new NotPlain();
  return number;
}
