import pg from 'pg';
import { storable } from './encode.ts';

/** What pg's Connection offers beneath its typed surface; both are used by its own streaming extensions. */
interface CopyConnection {
  query(text: string): void;
  endCopyFrom(): void;
  stream: { write(bytes: Uint8Array): boolean; cork(): void; uncork(): void };
}

const COPY_DATA = 0x64; // 'd'
const COPY_DATA_BYTES = 5;
const SIGNATURE = Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1');
const MIN_BYTES = 64 * 1024;
const MAX_SHORT = 64;
const FLOAT8 = 701;

/**
 * Rows in the binary format of COPY, written from left to right: row(columns), then that many values. It is one
 * CopyData message from its first byte, so that nothing is copied on its way to the socket.
 */
export class CopyBuffer {
  #bytes: Buffer;
  #view: DataView;
  #at: number;

  constructor(expectedBytes = MIN_BYTES) {
    this.#bytes = Buffer.allocUnsafe(Math.max(expectedBytes, MIN_BYTES));
    this.#view = viewOf(this.#bytes);
    this.#bytes[0] = COPY_DATA;
    this.#bytes.set(SIGNATURE, COPY_DATA_BYTES);
    // no flags, no header extension
    this.#bytes.fill(0, COPY_DATA_BYTES + SIGNATURE.length, COPY_DATA_BYTES + SIGNATURE.length + 8);
    this.#at = COPY_DATA_BYTES + SIGNATURE.length + 8;
  }

  #need(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe((this.#at + bytes) * 2);
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#bytes = larger;
    this.#view = viewOf(larger);
  }

  row(columns: number): void {
    this.#need(2);
    this.#view.setInt16(this.#at, columns);
    this.#at += 2;
  }

  none(): void {
    this.#need(4);
    this.#view.setInt32(this.#at, -1);
    this.#at += 4;
  }

  bool(value: boolean): void {
    this.#need(5);
    this.#view.setInt32(this.#at, 1);
    this.#bytes[this.#at + 4] = value ? 1 : 0;
    this.#at += 5;
  }

  int4(value: number): void {
    this.#need(8);
    this.#view.setInt32(this.#at, 4);
    this.#view.setInt32(this.#at + 4, value);
    this.#at += 8;
  }

  /** An integer up to 2^53. */
  int8(value: number): void {
    this.#need(12);
    this.#view.setInt32(this.#at, 8);
    this.#view.setInt32(this.#at + 4, Math.floor(value / 4294967296));
    this.#view.setUint32(this.#at + 8, value >>> 0);
    this.#at += 12;
  }

  float8(value: number): void {
    this.#need(12);
    this.#view.setInt32(this.#at, 8);
    this.#view.setFloat64(this.#at + 4, value);
    this.#at += 12;
  }

  text(value: string): void {
    this.#need(4 + value.length * 3);
    const bytes = this.#write(value, this.#at + 4);
    this.#view.setInt32(this.#at, bytes);
    this.#at += 4 + bytes;
  }

  jsonb(text: string): void {
    this.#need(5 + text.length * 3);
    this.#bytes[this.#at + 4] = 1; // version of jsonb's binary format
    const bytes = 1 + this.#write(text, this.#at + 5);
    this.#view.setInt32(this.#at, bytes);
    this.#at += 4 + bytes;
  }

  /** float8[], as pg-arrays.ts describes it. */
  float8s(values: Float64Array): void {
    const { length } = values;
    this.#need(24 + length * 12);
    const view = this.#view;
    let at = this.#at;
    view.setInt32(at, (length === 0 ? 12 : 20) + length * 12); // an empty array has no dimension
    view.setInt32(at + 4, length === 0 ? 0 : 1);
    view.setInt32(at + 8, 0);
    view.setInt32(at + 12, FLOAT8);
    at += 16;
    if (length > 0) {
      view.setInt32(at, length);
      view.setInt32(at + 4, 1);
      at += 8;
      for (let i = 0; i < length; i++, at += 12) {
        view.setInt32(at, 8);
        view.setFloat64(at + 4, values[i]!);
      }
    }
    this.#at = at;
  }

  /** Short ASCII, which most names are, is written faster here than by a call into the engine. */
  #write(value: string, at: number): number {
    const bytes = this.#bytes;
    const { length } = value;
    if (length > MAX_SHORT) return bytes.write(storable(value), at);
    for (let i = 0; i < length; i++) {
      const code = value.charCodeAt(i);
      if (code > 0x7f || code === 0) return bytes.write(storable(value), at);
      bytes[at + i] = code;
    }
    return length;
  }

  /** The whole message; nothing can be added any more. */
  finish(): Uint8Array {
    this.row(-1);
    this.#view.setInt32(1, this.#at - 1);
    return this.#bytes.subarray(0, this.#at);
  }
}

const viewOf = (bytes: Buffer): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/**
 * Statements of which one is COPY … FROM STDIN, with its data, for the query method of a pool or a client. Several
 * statements of one text are one transaction. The data follows at once, without waiting for the server to ask for it:
 * a server that failed before the COPY drops it, as the protocol prescribes.
 */
export class CopyQuery extends pg.Query {
  readonly #text: string;
  readonly #data: Uint8Array;

  constructor(text: string, data: Uint8Array) {
    super(text);
    this.#text = text;
    this.#data = data;
    this.submit = (connection) => this.#submit(connection as unknown as CopyConnection);
  }

  #submit(connection: CopyConnection): void {
    connection.stream.cork();
    try {
      connection.query(this.#text);
      connection.stream.write(this.#data);
      connection.endCopyFrom();
    } finally {
      connection.stream.uncork();
    }
  }

  /** Called by pg when the server asks for the data, which is under way. */
  handleCopyInResponse(): void {
    return;
  }
}

/** Runs it; pg types a query of our own as an emitter, but a pool promises its end all the same. */
export const runCopy = async (pool: Pick<pg.Pool, 'query'>, copy: CopyQuery): Promise<void> => {
  await (pool.query(copy) as unknown as Promise<unknown>);
};
