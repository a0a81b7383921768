import { gzipSync } from 'node:zlib';
import { Zstd } from '@hpcc-js/wasm-zstd';
import fc from 'fast-check';
import lz4 from 'lz4-napi';
import snappy from 'snappy';
import { beforeAll, describe, expect, test } from 'vitest';
import { CODECS, CodecError, type CodecName, MAX_BATCH_BYTES } from '../../../ingest/kafka/codecs.ts';
import { lz4Frames, zstdFrames } from '../../../ingest/kafka/frames.ts';

const NAMES = Object.keys(CODECS) as CodecName[];
const MIB = 1 << 20;
let zstd: Zstd;
beforeAll(async () => {
  zstd = await Zstd.load();
});

/** JSON lines as they are sent: alike, and never the same. */
function telemetry(sizeBytes: number): Buffer {
  const lines: string[] = [];
  for (let i = 0, size = 0; size < sizeBytes; i++) {
    const line = `{"entity":"host-${(i * 7919) % 500}","time":${1.76e12 + i * 137},"values":{"cpu":${((i * 48271) % 99991) / 1e3}}}`;
    lines.push(line);
    size += line.length;
  }
  return Buffer.from(lines.join('').slice(0, sizeBytes));
}

/** Streamed, so that its head does not say how much is in it: as Java writes it. */
function streamedZstd(bytes: Buffer): Buffer {
  zstd.reset();
  return Buffer.concat([zstd.compressChunk(bytes), zstd.compressEnd()]);
}

/** As snappy-java writes it: blocks of 32 KiB, each with its length. */
function xerial(bytes: Buffer, blockBytes = 32 << 10): Buffer {
  const parts: Uint8Array[] = [Buffer.from('82534e41505059000000000100000001', 'hex')];
  for (let at = 0; at < bytes.length; at += blockBytes) {
    const block = snappy.compressSync(bytes.subarray(at, at + blockBytes));
    const head = Buffer.alloc(4);
    head.writeUInt32BE(block.length);
    parts.push(head, block);
  }
  return Buffer.concat(parts);
}

/** What senders write, by codec and way. */
const SENDERS: Record<string, { codec: CodecName; write: (bytes: Buffer) => Buffer }> = {
  gzip: { codec: 'gzip', write: (bytes) => gzipSync(bytes) },
  'snappy in one block': { codec: 'snappy', write: (bytes) => snappy.compressSync(bytes) },
  'snappy as Java streams it': { codec: 'snappy', write: (bytes) => xerial(bytes) },
  'lz4 in linked or single blocks': { codec: 'lz4', write: (bytes) => lz4.compressFrameSync(bytes) },
  'lz4 with all checksums': {
    codec: 'lz4',
    write: (bytes) => lz4.compressFrameSync(bytes, { contentChecksum: true, blockChecksums: true }),
  },
  'zstd with its size': { codec: 'zstd', write: (bytes) => Buffer.from(zstd.compress(bytes)) },
  'zstd streamed': { codec: 'zstd', write: streamedZstd },
};

describe.each(Object.entries(SENDERS))('%s', (_, { codec, write }) => {
  const { decompress } = CODECS[codec];

  test('is read byte for byte, whatever was written', () =>
    fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.uint8Array({ minLength: 1, maxLength: 5_000 }),
          fc.integer({ min: 1, max: 300_000 }).map(telemetry),
        ),
        async (bytes) => {
          const content = Buffer.from(bytes);
          expect((await decompress(write(content))).equals(content)).toBe(true);
        },
      ),
      { numRuns: 40 },
    ));

  test('is read in several frames, one after another', async () => {
    if (codec === 'snappy' && write(Buffer.from('a'))[0] !== 0x82) return; // a single block has no frames
    const [a, b] = [telemetry(200_000), telemetry(90_001)];
    expect((await decompress(Buffer.concat([write(a), write(b)]))).equals(Buffer.concat([a, b]))).toBe(true);
  });

  test('is refused with an error wherever it is cut', async () => {
    const whole = write(telemetry(100_000));
    for (const left of [0, 1, 3, 4, 7, 15, 16, 17, 500, whole.length >> 1, whole.length - 5, whole.length - 1])
      await expect(decompress(whole.subarray(0, left)), `${left} bytes`).rejects.toThrow(CodecError);
  });

  test('with bytes changed gives an error or other bytes, never anything else', () => {
    const whole = write(telemetry(20_000));
    return fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const changed = Buffer.from(whole);
        changed[at]! ^= change;
        const seen = await decompress(changed).catch((thrown: unknown) => thrown);
        if (!Buffer.isBuffer(seen)) expect(seen).toBeInstanceOf(CodecError);
      }),
      { numRuns: 150 },
    );
  });

  test('of just the limit is read, and of more is refused without being made', async () => {
    const most = Buffer.alloc(MAX_BATCH_BYTES, 'x');
    expect((await decompress(write(most))).length).toBe(MAX_BATCH_BYTES);
    const bomb = write(Buffer.alloc(MAX_BATCH_BYTES + 5 * MIB, 'x'));
    const before = process.memoryUsage.rss();
    await expect(decompress(bomb)).rejects.toThrow(/more than 67108864 bytes/);
    if (codec !== 'gzip') expect(process.memoryUsage.rss() - before).toBeLessThan(16 * MIB);
  }, 20_000);
});

test.each(NAMES)('%s reads what it writes, and takes the encoder of kafkajs for it', async (name) => {
  const { compress, decompress } = CODECS[name];
  const bytes = telemetry(300_000);
  expect((await decompress(await compress(bytes))).equals(bytes)).toBe(true);
  expect((await decompress(await compress({ buffer: bytes }))).equals(bytes)).toBe(true);
});

test.each(NAMES)('%s gives an error for bytes of chance', (name) =>
  fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
      const seen = await CODECS[name].decompress(Buffer.from(bytes)).catch((thrown: unknown) => thrown);
      if (!Buffer.isBuffer(seen)) expect(seen).toBeInstanceOf(CodecError);
    }),
  ),
);

test('an error tells kafkajs not to try again, and hides behind no cause', async () => {
  const thrown = await CODECS.lz4.decompress(Buffer.from('nothing of lz4')).catch((e: unknown) => e);
  expect(thrown).toMatchObject({ name: 'CodecError', code: 'batch_unreadable', retriable: false });
  expect((thrown as Error).cause).toBeUndefined();
  expect((thrown as Error).message).toContain('lz4: no frame begins at byte 0');
});

test('a block of snappy that claims much and holds nothing is refused before room is made', async () => {
  for (const claim of ['ffffffff0f00', '8180802000', 'ffffffffffffff'])
    await expect(CODECS.snappy.decompress(Buffer.from(claim, 'hex'))).rejects.toThrow(CodecError);
});

test('the bound of a frame exceeds what is in it by less than a block', () => {
  for (const sizeBytes of [1, 65_536, 65_537, 300_000, 1_000_000]) {
    const bytes = telemetry(sizeBytes);
    const [a] = lz4Frames(lz4.compressFrameSync(bytes));
    const [b] = zstdFrames(streamedZstd(bytes));
    for (const [frame, blockBytes] of [
      [a!, 4 * MIB],
      [b!, 128 << 10],
    ] as const) {
      expect(frame.maxBytes).toBeGreaterThanOrEqual(sizeBytes);
      expect(frame.maxBytes - sizeBytes).toBeLessThan(blockBytes);
    }
  }
});

test('frames to be skipped are skipped', async () => {
  const skipped = Buffer.from('502a4d1803000000616263', 'hex');
  const bytes = telemetry(1_000);
  const around = (frame: Buffer) => Buffer.concat([skipped, frame, skipped]);
  expect((await CODECS.zstd.decompress(around(streamedZstd(bytes)))).equals(bytes)).toBe(true);
  expect((await CODECS.lz4.decompress(around(lz4.compressFrameSync(bytes)))).equals(bytes)).toBe(true);
});
