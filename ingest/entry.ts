import { crc32 } from 'node:zlib';
import { headersBytes, readHeaders, writeHeaders } from './entry-headers.ts';
import type { LogRecord, NewRecord } from './ports.ts';

/**
 * The framing that recordings and the file log share, little-endian: marker, length of the body, CRC-32 over length
 * and body, then the body. A body is its kind, then for a record offset, append time, length of the key (−1: none),
 * key, headers where a bit of the kind says so, and value, for a control entry its JSON text. A reader that does not know
 * a bit of the kind refuses the entry.
 */
const MARKER = 0x31657754; // "Twe1"
const MARKER_BYTES = Buffer.from('Twe1', 'latin1');
export const HEAD_BYTES = 12;
const RECORD_HEAD = 21;
/** A record of the largest value and a key of the same size, with room to spare. */
export const MAX_ENTRY_BYTES = 4 << 20;

const HEADER = 0;
const RECORD = 1;
const CONTROL = 2;
/** Set on the first entry of what was written together: all before it was durable when it was written. */
const BATCH_START = 0x80;
/** Set on a record whose value was null. */
const TOMBSTONE = 0x40;
/** Set on a record with headers. */
const HEADERS = 0x20;

export type Entry =
  | { kind: 'header'; json: string }
  | { kind: 'record'; record: LogRecord; batchStart: boolean }
  | { kind: 'control'; json: string };

/** `torn`: the bytes end inside the entry. `bad`: they cannot be one. size: bytes of the whole entry. */
export type ReadEntry = { ok: true; entry: Entry; size: number } | { ok: false; why: 'torn' | 'bad'; detail: string };

export function recordBytes({ key, value, headers }: NewRecord): number {
  return HEAD_BYTES + RECORD_HEAD + (key?.length ?? 0) + (headers?.length ? headersBytes(headers) : 0) + value.length;
}

/** Writes a record at a position of a buffer with room for it; returns the position behind. */
export function writeRecord(into: Buffer, at: number, record: LogRecord, batchStart = false): number {
  const { key, value, headers, tombstone } = record;
  const withHeaders = headers !== undefined && headers.length > 0;
  let p = at + HEAD_BYTES;
  into[p] =
    RECORD |
    (batchStart ? BATCH_START : 0) |
    (tombstone && value.length === 0 ? TOMBSTONE : 0) |
    (withHeaders ? HEADERS : 0);
  into.writeDoubleLE(record.offset, p + 1);
  into.writeDoubleLE(record.appendMs, p + 9);
  into.writeInt32LE(key === null ? -1 : key.length, p + 17);
  p += RECORD_HEAD;
  if (key !== null) {
    into.set(key, p);
    p += key.length;
  }
  if (withHeaders) p = writeHeaders(into, p, headers);
  into.set(value, p);
  return frame(into, at, p + value.length);
}

export function encodeRecord(record: LogRecord): Buffer {
  const bytes = Buffer.allocUnsafe(recordBytes(record));
  writeRecord(bytes, 0, record);
  return bytes;
}

export function encodeJson(kind: 'header' | 'control', json: string): Buffer {
  const size = Buffer.byteLength(json);
  const bytes = Buffer.allocUnsafe(HEAD_BYTES + 1 + size);
  bytes[HEAD_BYTES] = kind === 'header' ? HEADER : CONTROL;
  bytes.write(json, HEAD_BYTES + 1);
  frame(bytes, 0, bytes.length);
  return bytes;
}

function frame(bytes: Buffer, at: number, end: number): number {
  bytes.writeUInt32LE(MARKER, at);
  bytes.writeUInt32LE(end - at - HEAD_BYTES, at + 4);
  bytes.writeUInt32LE(checksum(bytes, at, end), at + 8);
  return end;
}

function checksum(bytes: Buffer, at: number, end: number): number {
  return crc32(bytes.subarray(at + HEAD_BYTES, end), crc32(bytes.subarray(at + 4, at + 8)));
}

/** The entry at a position. Its key and value are views of the bytes. Never throws. */
export function readEntry(bytes: Buffer, at: number): ReadEntry {
  if (bytes.length - at < HEAD_BYTES) return no('torn', `${bytes.length - at} bytes of ${HEAD_BYTES} are left`);
  if (bytes.readUInt32LE(at) !== MARKER) return no('bad', 'no entry begins here');
  const length = bytes.readUInt32LE(at + 4);
  if (length === 0 || length > MAX_ENTRY_BYTES) return no('bad', `an entry of ${length} bytes`);
  const from = at + HEAD_BYTES;
  const end = from + length;
  if (end > bytes.length) return no('torn', `${bytes.length - from} bytes of ${length} are left`);
  if (checksum(bytes, at, end) !== bytes.readUInt32LE(at + 8)) return no('bad', 'its checksum differs');
  const entry = body(bytes, from, end);
  return entry === null ? no('bad', `an entry of kind ${bytes[from]}`) : { ok: true, entry, size: HEAD_BYTES + length };
}

function body(bytes: Buffer, from: number, end: number): Entry | null {
  const first = bytes[from]!;
  const kind = first & ~BATCH_START;
  if (kind === HEADER) return { kind: 'header', json: bytes.toString('utf8', from + 1, end) };
  if (kind === CONTROL) return { kind: 'control', json: bytes.toString('utf8', from + 1, end) };
  if ((kind & ~(TOMBSTONE | HEADERS)) !== RECORD || end - from < RECORD_HEAD) return null;
  const offset = bytes.readDoubleLE(from + 1);
  const appendMs = bytes.readDoubleLE(from + 9);
  const keyLength = bytes.readInt32LE(from + 17);
  const keyEnd = from + RECORD_HEAD + Math.max(0, keyLength);
  if (keyLength < -1 || keyEnd > end || !Number.isSafeInteger(offset) || offset < 0) return null;
  if (!Number.isFinite(appendMs)) return null;
  const key = keyLength < 0 ? null : bytes.subarray(from + RECORD_HEAD, keyEnd);
  const found = first & HEADERS ? readHeaders(bytes, keyEnd, end) : undefined;
  if (found === null) return null;
  const record: LogRecord = { offset, appendMs, key, value: bytes.subarray(found?.end ?? keyEnd, end) };
  if (found !== undefined) record.headers = found.headers;
  if (first & TOMBSTONE) {
    if (record.value.length > 0) return null;
    record.tombstone = true;
  }
  return { kind: 'record', record, batchStart: (first & BATCH_START) !== 0 };
}

function no(why: 'torn' | 'bad', detail: string): ReadEntry {
  return { ok: false, why, detail };
}

/** Position of the next whole entry at or behind `from` that `wanted` accepts, or −1. */
export function findEntry(bytes: Buffer, from: number, wanted: (entry: Entry) => boolean = () => true): number {
  for (let at = bytes.indexOf(MARKER_BYTES, from); at >= 0; at = bytes.indexOf(MARKER_BYTES, at + 1)) {
    const read = readEntry(bytes, at);
    if (read.ok && wanted(read.entry)) return at;
  }
  return -1;
}
