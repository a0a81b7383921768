/** One frame of a compressed batch, with the most bytes that it can hold by what its blocks say. */
export interface Frame {
  bytes: Buffer;
  maxBytes: number;
}

/** What is wrong with compressed bytes; callers say which codec it was. */
export class FrameError extends Error {}

const SKIPPABLE = 0x184d2a50;
const SKIPPABLE_MASK = 0xfffffff0;
const MAGIC_BYTES = 4;

/**
 * Splits into frames and bounds each without decompressing anything: both formats put a head with its size before every
 * block, and a block holds no more than the frame's largest. A sender fills all blocks but the last, so the bound of
 * honest data exceeds its size by less than one block.
 */
function frames(bytes: Buffer, magic: number, frameAt: (at: number) => { end: number; maxBytes: number }): Frame[] {
  const out: Frame[] = [];
  let at = 0;
  while (at < bytes.length) {
    const seen = word(bytes, at);
    // >>> because & makes it signed
    if ((seen & SKIPPABLE_MASK) >>> 0 === SKIPPABLE) {
      at = within(bytes, at + 2 * MAGIC_BYTES + word(bytes, at + MAGIC_BYTES));
      continue;
    }
    if (seen !== magic) throw new FrameError(`no frame begins at byte ${at}`);
    const { end, maxBytes } = frameAt(at + MAGIC_BYTES);
    out.push({ bytes: bytes.subarray(at, within(bytes, end)), maxBytes });
    at = end;
  }
  return out;
}

const LZ4_MAGIC = 0x184d2204;
const LZ4_STORED = 0x80000000;

/** LZ4 frames, by lz4_Frame_format.md of the LZ4 project, version 1.6.4. Throws FrameError. */
export function lz4Frames(bytes: Buffer): Frame[] {
  return frames(bytes, LZ4_MAGIC, (start) => {
    const flags = byte(bytes, start);
    if (flags >> 6 !== 1) throw new FrameError(`version ${flags >> 6} of the frame format`);
    const blockBytes = 1 << (8 + 2 * ((byte(bytes, start + 1) >> 4) & 7));
    const blockSumBytes = flags & 0x10 ? 4 : 0;
    const [sizeBytes, sumBytes, dictionaryBytes] = [flags & 0x08 ? 8 : 0, flags & 0x04 ? 4 : 0, flags & 0x01 ? 4 : 0];
    let at = start + 2 + sizeBytes + dictionaryBytes + 1;
    let maxBytes = 0;
    for (let head = word(bytes, at); head !== 0; head = word(bytes, at)) {
      const size = head & ~LZ4_STORED;
      maxBytes += head >= LZ4_STORED ? size : blockBytes;
      at += 4 + size + blockSumBytes;
    }
    return { end: at + 4 + sumBytes, maxBytes };
  });
}

const ZSTD_MAGIC = 0xfd2fb528;
const ZSTD_MAX_BLOCK_BYTES = 128 << 10;
const CONTENT_SIZE_BYTES = [0, 2, 4, 8] as const;
const DICTIONARY_ID_BYTES = [0, 1, 2, 4] as const;

/** Zstandard frames, by RFC 8878, section 3.1.1. Throws FrameError. */
export function zstdFrames(bytes: Buffer): Frame[] {
  return frames(bytes, ZSTD_MAGIC, (start) => {
    const flags = byte(bytes, start);
    const singleSegment = (flags & 0x20) !== 0;
    const contentSizeBytes = singleSegment && flags >> 6 === 0 ? 1 : CONTENT_SIZE_BYTES[(flags >> 6) as 0 | 1 | 2 | 3];
    let at = start + 1 + (singleSegment ? 0 : 1) + DICTIONARY_ID_BYTES[(flags & 3) as 0 | 1 | 2 | 3] + contentSizeBytes;
    let maxBytes = 0;
    for (let last = false; !last; ) {
      const head = byte(bytes, at) | (byte(bytes, at + 1) << 8) | (byte(bytes, at + 2) << 16);
      const [kind, size] = [(head >> 1) & 3, head >> 3];
      last = (head & 1) === 1;
      // stored, one byte repeated, compressed; the fourth kind is reserved
      if (kind === 3) throw new FrameError(`a block of an unknown kind at byte ${at}`);
      maxBytes += kind === 2 ? ZSTD_MAX_BLOCK_BYTES : size;
      at += 3 + (kind === 1 ? 1 : size);
    }
    return { end: at + (flags & 0x04 ? 4 : 0), maxBytes };
  });
}

/**
 * A Zstandard frame of stored blocks, which every reader takes. Nothing is made smaller: Tidewatch reads Zstandard and
 * never sends it, and what reads it best cannot write it.
 */
export function storedZstd(bytes: Buffer): Buffer {
  const parts: Buffer[] = [Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, WINDOW_OF_128_KIB])];
  let at = 0;
  do {
    const block = bytes.subarray(at, at + ZSTD_MAX_BLOCK_BYTES);
    at += block.length;
    const head = Buffer.alloc(3);
    head.writeUIntLE((block.length << 3) | (at >= bytes.length ? 1 : 0), 0, 3);
    parts.push(head, block);
  } while (at < bytes.length);
  return Buffer.concat(parts);
}

/** Exponent 7 above the smallest window of 1 KiB, no mantissa. */
const WINDOW_OF_128_KIB = 7 << 3;

function byte(bytes: Buffer, at: number): number {
  if (at >= bytes.length) throw new FrameError('it ends too early');
  return bytes[at]!;
}

function word(bytes: Buffer, at: number): number {
  if (at + 4 > bytes.length) throw new FrameError('it ends too early');
  return bytes.readUInt32LE(at);
}

function within(bytes: Buffer, end: number): number {
  if (end > bytes.length) throw new FrameError('it ends too early');
  return end;
}
