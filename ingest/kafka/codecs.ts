import { promisify } from 'node:util';
import { gzip, unzip } from 'node:zlib';
import lz4 from 'lz4-napi';
import snappy from 'snappy';
import { ZSTDDecoder } from 'zstddec';
import { TidewatchError } from '../../core/errors.ts';
import { type Frame, FrameError, lz4Frames, storedZstd, zstdFrames } from './frames.ts';

export type CodecName = 'gzip' | 'snappy' | 'lz4' | 'zstd';

export interface Codec {
  /** kafkajs hands over its encoder, which has the bytes in its buffer. */
  compress(bytes: Buffer | { readonly buffer: Buffer }): Promise<Buffer>;
  /** Throws CodecError, and nothing else, for whatever the bytes may be. */
  decompress(bytes: Buffer): Promise<Buffer>;
}

/**
 * The most that one batch may become. Batches travel in at most 1 MiB unless a topic says otherwise (max.message.bytes),
 * and telemetry shrinks to between a third and a twentieth: this leaves room for three times the best of that, while
 * 1 MiB made to hurt could become 250 MiB (lz4) or many GiB (zstd).
 */
export const MAX_BATCH_BYTES = 64 << 20;

/**
 * A batch that cannot be read, and will not be read better a second time. kafkajs looks at `retriable`: without it the
 * same batch is fetched again for ever, without a word and without heartbeats.
 */
export class CodecError extends TidewatchError {
  readonly retriable = false;

  constructor(codec: CodecName, what: string) {
    // no cause: kafkajs takes a cause for the error itself
    super('batch_unreadable', `${codec}: ${what}`);
    this.name = 'CodecError';
  }
}

export const CODECS: Record<CodecName, Codec> = {
  gzip: codec('gzip', (bytes) => promisify(gzip)(bytes), gunzip),
  snappy: codec('snappy', (bytes) => snappy.compress(bytes), unsnappy),
  lz4: codec('lz4', (bytes) => lz4.compressFrame(bytes), unlz4),
  zstd: codec('zstd', async (bytes) => storedZstd(bytes), unzstd),
};

function codec(name: CodecName, compress: (b: Buffer) => Promise<Buffer>, decompress: (b: Buffer) => Promise<Buffer>) {
  return {
    compress: (bytes: Buffer | { readonly buffer: Buffer }) =>
      compress(Buffer.isBuffer(bytes) ? bytes : (bytes.buffer as Buffer)),
    decompress: async (bytes: Buffer) => {
      try {
        return await decompress(bytes);
      } catch (cause) {
        throw new CodecError(name, cause instanceof Error ? cause.message : String(cause));
      }
    },
  };
}

const tooLarge = (): FrameError => new FrameError(`more than ${MAX_BATCH_BYTES} bytes when decompressed`);

async function gunzip(bytes: Buffer): Promise<Buffer> {
  try {
    return await promisify(unzip)(bytes, { maxOutputLength: MAX_BATCH_BYTES });
  } catch (cause) {
    throw (cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' ? tooLarge() : cause;
  }
}

/** Java's clients write snappy-java's stream: this, two versions of 4 bytes, then blocks with their length (big endian). */
const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const XERIAL_HEAD_BYTES = 16;

/** A stream of blocks, or one block as librdkafka and the clients for Go write it. */
async function unsnappy(bytes: Buffer): Promise<Buffer> {
  if (!bytes.subarray(0, XERIAL_MAGIC.length).equals(XERIAL_MAGIC)) {
    snappyBytes(bytes, MAX_BATCH_BYTES);
    return unsnapped(bytes);
  }
  const blocks: Buffer[] = [];
  let left = MAX_BATCH_BYTES;
  let at = XERIAL_HEAD_BYTES;
  while (at < bytes.length) {
    // streams may be put one after another
    if (bytes.subarray(at, at + XERIAL_MAGIC.length).equals(XERIAL_MAGIC)) {
      at += XERIAL_HEAD_BYTES;
      continue;
    }
    if (at + 4 > bytes.length) throw new FrameError('it ends too early');
    const start = at + 4;
    at = start + bytes.readUInt32BE(at);
    if (at > bytes.length) throw new FrameError('it ends too early');
    const block = bytes.subarray(start, at);
    left -= snappyBytes(block, left);
    blocks.push(unsnapped(block));
  }
  if (at !== bytes.length || blocks.length === 0) throw new FrameError('it ends too early');
  return Buffer.concat(blocks);
}

/** On this thread: for blocks of 32 KiB, which is what Java writes, a turn through a pool takes five times as long. */
const unsnapped = (block: Buffer): Buffer => snappy.uncompressSync(block, { asBuffer: true }) as Buffer;

/** How long a block says it will be: snappy's format_description.txt, section 1. The library makes room for that much. */
function snappyBytes(block: Buffer, limit: number): number {
  let size = 0;
  for (let i = 0; i < 5; i++) {
    const part = block[i];
    if (part === undefined) throw new FrameError('it ends too early');
    size += (part & 0x7f) * 2 ** (7 * i);
    if (part < 0x80) {
      if (size > limit) throw tooLarge();
      return size;
    }
  }
  throw new FrameError('the length of a block is no number');
}

async function unlz4(bytes: Buffer): Promise<Buffer> {
  const frames = bounded(lz4Frames(bytes));
  const parts = await Promise.all(frames.map((frame) => lz4.decompressFrame(frame.bytes)));
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}

let decoder: Promise<ZSTDDecoder> | null = null;

async function zstdDecoder(): Promise<ZSTDDecoder> {
  const made = new ZSTDDecoder();
  await made.init();
  return made;
}

async function unzstd(bytes: Buffer): Promise<Buffer> {
  const frames = bounded(zstdFrames(bytes));
  decoder ??= zstdDecoder();
  const zstd = await decoder;
  const parts = frames.map((frame) => {
    if (frame.maxBytes === 0) return Buffer.alloc(0);
    const { buffer, byteOffset, byteLength } = zstd.decode(frame.bytes, frame.maxBytes);
    // it says no more than this of what it does not understand
    if (byteLength === 0) throw new FrameError('it is damaged');
    return Buffer.from(buffer, byteOffset, byteLength);
  });
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}

function bounded(frames: Frame[]): Frame[] {
  if (frames.length === 0) throw new FrameError('it is empty');
  if (frames.reduce((sum, { maxBytes }) => sum + maxBytes, 0) > MAX_BATCH_BYTES + SLACK_BYTES) throw tooLarge();
  return frames;
}

/** The bound of a frame counts its last block as full, and the largest blocks of all have 4 MiB (LZ4). */
const SLACK_BYTES = 4 << 20;
