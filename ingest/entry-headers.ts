import type { RecordHeaders } from './ports.ts';

/**
 * Headers of a record within its entry, little-endian: bytes of what follows, number of headers, then for each the
 * length of its name, the name in UTF-8, the length of its value (−1: null) and the value.
 */
const BLOCK_HEAD = 8;
const HEADER_HEAD = 8;

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function headersBytes(headers: RecordHeaders): number {
  let bytes = BLOCK_HEAD;
  for (const [name, value] of headers) bytes += HEADER_HEAD + Buffer.byteLength(name) + (value?.length ?? 0);
  return bytes;
}

/** Writes at a position of a buffer with room; returns the position behind. */
export function writeHeaders(into: Buffer, at: number, headers: RecordHeaders): number {
  let p = at + BLOCK_HEAD;
  for (const [name, value] of headers) {
    const nameBytes = into.write(name, p + 4);
    into.writeUInt32LE(nameBytes, p);
    p += 4 + nameBytes;
    into.writeInt32LE(value === null ? -1 : value.length, p);
    p += 4;
    if (value === null) continue;
    into.set(value, p);
    p += value.length;
  }
  into.writeUInt32LE(p - at - 4, at);
  into.writeUInt32LE(headers.length, at + 4);
  return p;
}

/** The headers between two positions and the position behind them; null when the bytes cannot be headers. */
export function readHeaders(
  bytes: Buffer,
  from: number,
  limit: number,
): { headers: RecordHeaders; end: number } | null {
  if (limit - from < BLOCK_HEAD) return null;
  const end = from + 4 + bytes.readUInt32LE(from);
  const count = bytes.readUInt32LE(from + 4);
  if (end > limit || count === 0 || count * HEADER_HEAD > end - from - BLOCK_HEAD) return null;
  const headers: [string, Uint8Array | null][] = [];
  let p = from + BLOCK_HEAD;
  for (let i = 0; i < count; i++) {
    if (end - p < HEADER_HEAD) return null;
    const nameEnd = p + 4 + bytes.readUInt32LE(p);
    if (end - nameEnd < 4) return null;
    const name = textOf(bytes.subarray(p + 4, nameEnd));
    const length = bytes.readInt32LE(nameEnd);
    p = nameEnd + 4;
    if (name === null || length < -1 || length > end - p) return null;
    headers.push([name, length < 0 ? null : bytes.subarray(p, p + length)]);
    p += Math.max(0, length);
  }
  return p === end ? { headers, end } : null;
}

function textOf(bytes: Uint8Array): string | null {
  try {
    return decoder.decode(bytes);
  } catch {
    return null; // the caller says that this is no entry
  }
}
