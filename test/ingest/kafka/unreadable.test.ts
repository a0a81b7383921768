import { createRequire } from 'node:module';
import { CompressionCodecs, CompressionTypes } from 'kafkajs';
import { describe, expect, test } from 'vitest';
import { CODECS, CodecError, type CodecName, MAX_BATCH_BYTES } from '../../../ingest/kafka/codecs.ts';
import { crc32c, MAX_BATCH_RECORDS, tolerant, UNREADABLE_HEADER } from '../../../ingest/kafka/unreadable.ts';

/** kafkajs' own reading and writing of batches: where the head of a batch lies in memory is its doing. */
const kafkajs = createRequire(createRequire(import.meta.url).resolve('kafkajs'));
interface Decoder {
  readonly offset: number;
}
interface Decoded {
  records: { offset: string; value: Buffer | null; key: Buffer | null; headers: Record<string, Buffer> }[];
}
const DecoderOf = kafkajs('./src/protocol/decoder') as new (bytes: Buffer) => Decoder;
const decodeBatch = kafkajs('./src/protocol/recordBatch/v0/decoder') as (decoder: Decoder) => Promise<Decoded>;
const { RecordBatch } = kafkajs('./src/protocol/recordBatch/v0') as {
  RecordBatch: (batch: object) => Promise<{ buffer: Buffer }>;
};
const recordOf = kafkajs('./src/protocol/recordBatch/record/v0') as (record: object) => object;
const Long = kafkajs('./src/utils/long') as { fromValue(value: number): object };

const TYPES = {
  gzip: CompressionTypes.GZIP,
  snappy: CompressionTypes.Snappy,
  lz4: CompressionTypes.LZ4,
  zstd: CompressionTypes.ZSTD,
} as const;
const NAMES = Object.keys(TYPES) as CodecName[];
for (const name of NAMES) CompressionCodecs[TYPES[name]] = () => tolerant(name);

const HEAD_BYTES = 61;
const FIRST_OFFSET = 1_000;

async function batch(name: CodecName, values: readonly Buffer[]): Promise<Buffer> {
  const records = values.map((value, offsetDelta) => recordOf({ offsetDelta, key: Buffer.from('k'), value }));
  const firstOffset = Long.fromValue(FIRST_OFFSET);
  const made = await RecordBatch({
    compression: TYPES[name],
    firstOffset,
    lastOffsetDelta: records.length - 1,
    records,
  });
  // somewhere in an answer, as it comes from a broker
  return Buffer.concat([Buffer.from('what is before'), made.buffer]).subarray('what is before'.length);
}

const decode = async (bytes: Buffer) => (await decodeBatch(new DecoderOf(bytes))).records;
const texts = (count: number) => Array.from({ length: count }, (_, i) => Buffer.from(`{"value":${i}}`));

describe.each(NAMES)('a batch of %s', (name) => {
  test('is read as it is', async () => {
    const values = texts(300);
    const records = await decode(await batch(name, values));
    expect(records.map(({ value }) => value)).toEqual(values);
    expect(records.every(({ headers }) => !(UNREADABLE_HEADER in headers))).toBe(true);
  });

  test('with any byte changed yields as many records without a value, at their offsets', async () => {
    const whole = await batch(name, texts(300));
    for (const at of [HEAD_BYTES, HEAD_BYTES + 11, (HEAD_BYTES + whole.length) >> 1, whole.length - 1]) {
      const changed = Buffer.concat([Buffer.from('x'), whole]).subarray(1);
      changed[at]! ^= 0x10;
      const records = await decode(changed);
      expect(records.map(({ offset }) => Number(offset))).toEqual(texts(300).map((_, i) => FIRST_OFFSET + i));
      for (const { key, value, headers } of records) {
        expect([key, value]).toEqual([null, null]);
        expect(String(headers[UNREADABLE_HEADER])).toBe(`${name}: its checksum is wrong`);
      }
    }
  });

  test('that would become larger than the limit is replaced', async () => {
    const value = Buffer.alloc(MAX_BATCH_BYTES / 8 + (1 << 20), 'x');
    const records = await decode(
      await batch(
        name,
        Array.from({ length: 8 }, () => value),
      ),
    );
    expect(records.map(({ offset }) => Number(offset) - FIRST_OFFSET)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(String(records[7]!.headers[UNREADABLE_HEADER])).toMatch(/more than 67108864 bytes/);
  });
});

test('a head that is damaged itself is not believed', async () => {
  const whole = await batch('lz4', texts(10));
  whole.writeInt32BE(5_000_000, 23); // the last offset
  await expect(decode(whole)).rejects.toThrow(CodecError);
});

test('more records than the limit are not even counted out', async () => {
  const whole = await batch('zstd', texts(10));
  whole.writeInt32BE(MAX_BATCH_RECORDS + 1, 57);
  await expect(decode(whole)).rejects.toThrow(/more than 500000 records/);
});

test('bytes without the head of a batch before them are read, or give an error, as without all this', async () => {
  const bytes = Buffer.from('telemetry '.repeat(100));
  const compressed = await CODECS.lz4.compress(bytes);
  for (const before of [0, 10, 61, 200]) {
    const placed = Buffer.concat([Buffer.alloc(before, 2), compressed]).subarray(before);
    expect((await tolerant('lz4').decompress(placed)).equals(bytes)).toBe(true);
    await expect(tolerant('lz4').decompress(placed.subarray(0, -9))).rejects.toThrow(CodecError);
  }
});

test('the checksum is that of RFC 3720', () => {
  expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa);
  expect(crc32c(Buffer.alloc(32, 0xff))).toBe(0x62a8ab43);
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
});
