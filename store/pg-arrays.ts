/**
 * One-dimensional arrays in PostgreSQL's binary format (array_recv in arrayfuncs.c): ndim, has-null flag, element
 * type, then length and lower bound, then each element behind its byte length; all big-endian. As parameters they are
 * exact to the bit (NaN, −0, infinities), need no escaping, and are cheaper to write and to read than text.
 */
const BOOL = 16;
const BYTEA = 17;
const INT8 = 20;
const INT4 = 23;
const TEXT = 25;
const FLOAT8 = 701;
const HEADER_BYTES = 20;

function header(elementType: number, length: number, elementBytes: number, hasNull = false): Buffer {
  const buffer = Buffer.allocUnsafe(HEADER_BYTES + elementBytes);
  buffer.writeInt32BE(1, 0);
  buffer.writeInt32BE(hasNull ? 1 : 0, 4);
  buffer.writeInt32BE(elementType, 8);
  buffer.writeInt32BE(length, 12);
  buffer.writeInt32BE(1, 16);
  return buffer;
}

export function float8s(values: ArrayLike<number>): Buffer {
  const buffer = header(FLOAT8, values.length, values.length * 12);
  for (let i = 0, at = HEADER_BYTES; i < values.length; i++, at += 12) {
    buffer.writeInt32BE(8, at);
    buffer.writeDoubleBE(values[i]!, at + 4);
  }
  return buffer;
}

/** Integers up to 2^53. */
export function int8s(values: ArrayLike<number>): Buffer {
  const buffer = header(INT8, values.length, values.length * 12);
  for (let i = 0, at = HEADER_BYTES; i < values.length; i++, at += 12) {
    const value = values[i]!;
    buffer.writeInt32BE(8, at);
    buffer.writeInt32BE(Math.floor(value / 4294967296), at + 4);
    buffer.writeUInt32BE(value >>> 0, at + 8);
  }
  return buffer;
}

export function int4s(values: ArrayLike<number>): Buffer {
  const buffer = header(INT4, values.length, values.length * 8);
  for (let i = 0, at = HEADER_BYTES; i < values.length; i++, at += 8) {
    buffer.writeInt32BE(4, at);
    buffer.writeInt32BE(values[i]!, at + 4);
  }
  return buffer;
}

export function bools(values: readonly boolean[]): Buffer {
  const buffer = header(BOOL, values.length, values.length * 5);
  for (let i = 0, at = HEADER_BYTES; i < values.length; i++, at += 5) {
    buffer.writeInt32BE(1, at);
    buffer[at + 4] = values[i] ? 1 : 0;
  }
  return buffer;
}

export function texts(values: readonly (string | null)[]): Buffer {
  let size = 0;
  for (const value of values) size += 4 + (value === null ? 0 : Buffer.byteLength(value));
  const buffer = header(TEXT, values.length, size, values.includes(null));
  let at = HEADER_BYTES;
  for (const value of values) {
    const bytes = value === null ? 0 : buffer.write(value, at + 4);
    buffer.writeInt32BE(value === null ? -1 : bytes, at);
    at += 4 + bytes;
  }
  return buffer;
}

export function byteas(values: readonly (Uint8Array | null)[]): Buffer {
  let size = 0;
  for (const value of values) size += 4 + (value?.length ?? 0);
  const buffer = header(BYTEA, values.length, size, values.includes(null));
  let at = HEADER_BYTES;
  for (const value of values) {
    buffer.writeInt32BE(value === null ? -1 : value.length, at);
    if (value) buffer.set(value, at + 4);
    at += 4 + (value?.length ?? 0);
  }
  return buffer;
}
