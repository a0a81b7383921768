import { CODECS, type Codec, CodecError, type CodecName } from './codecs.ts';

/** Name of the header that says why a record stands in for one that could not be read. */
export const UNREADABLE_HEADER = 'tidewatch.unreadable';

/**
 * The most records that one batch may hold. The smallest takes 7 bytes, so a batch below the limit of bytes could hold
 * nine million, and kafkajs makes an object of each; in 1 MiB uncompressed there is room for 150,000.
 */
export const MAX_BATCH_RECORDS = 500_000;

/** Bits 0 to 2 of a batch's attributes. */
const TYPES: Record<CodecName, number> = { gzip: 1, snappy: 2, lz4: 3, zstd: 4 };

/**
 * A codec that never holds up a partition. kafkajs decodes the batches of all partitions of an answer together, so one
 * that throws stops them all, in every worker that gets the partition next. Instead of records that cannot be read it
 * gives as many without a value, at the same offsets: each becomes a dead letter whose header says why.
 *
 * kafkajs tells a codec neither the number of records nor the checksum, which it does not look at either. Both are in
 * the head of the batch (Kafka's message format, version 2), which lies before the compressed bytes in the same memory.
 * Where it does not, or does not fit, errors are thrown as they are.
 */
export function tolerant(name: CodecName): Codec {
  const { compress, decompress } = CODECS[name];
  return {
    compress,
    decompress: async (bytes) => {
      const head = headOf(bytes, TYPES[name]);
      if (head === null) return decompress(bytes);
      try {
        if (head.records > MAX_BATCH_RECORDS) throw new CodecError(name, `more than ${MAX_BATCH_RECORDS} records`);
        if (crc32c(head.summed) !== head.sum) throw new CodecError(name, 'its checksum is wrong');
        return await decompress(bytes);
      } catch (cause) {
        if (!(cause instanceof CodecError) || !replaceable(head)) throw cause;
        return standIns(head.records, cause.detail);
      }
    },
  };
}

interface BatchHead {
  records: number;
  lastOffsetDelta: number;
  /** CRC-32C, of everything that comes after it. */
  sum: number;
  summed: Buffer;
}

const HEAD_BYTES = 61;
/** What the length of a batch does not count: itself and the offset before it. */
const UNCOUNTED_BYTES = 12;
const AT = { length: 8, magic: 16, sum: 17, attributes: 21, lastOffsetDelta: 23, records: 57 } as const;

function headOf(bytes: Buffer, type: number): BatchHead | null {
  const start = bytes.byteOffset - HEAD_BYTES;
  if (start < 0) return null;
  const batch = Buffer.from(bytes.buffer, start, HEAD_BYTES + bytes.length);
  const fits =
    batch.readInt32BE(AT.length) === batch.length - UNCOUNTED_BYTES &&
    batch[AT.magic] === 2 &&
    (batch.readInt16BE(AT.attributes) & 7) === type;
  if (!fits) return null;
  return {
    records: batch.readInt32BE(AT.records),
    lastOffsetDelta: batch.readInt32BE(AT.lastOffsetDelta),
    sum: batch.readUInt32BE(AT.sum),
    summed: batch.subarray(AT.attributes),
  };
}

/** Damage may be in the head as well: a last offset out of nothing would make us skip what follows. */
const replaceable = ({ records, lastOffsetDelta }: BatchHead): boolean =>
  records <= MAX_BATCH_RECORDS && lastOffsetDelta === records - 1;

const MAX_REASON_BYTES = 100;

/** Records of version 2 with nothing but an offset and a header. */
function standIns(count: number, reason: string): Buffer {
  const name = Buffer.from(UNREADABLE_HEADER);
  const why = Buffer.from(reason).subarray(0, MAX_REASON_BYTES);
  const header = Uint8Array.from([...varint(1), ...varint(name.length), ...name, ...varint(why.length), ...why]);
  const parts: Uint8Array[] = [];
  for (let i = 0; i < count; i++) {
    // attributes, milliseconds since the first, offset, no key, no value
    const fields = [0, ...varint(0), ...varint(i), ...varint(-1), ...varint(-1)];
    parts.push(Uint8Array.from([...varint(fields.length + header.length), ...fields]), header);
  }
  return Buffer.concat(parts);
}

/** Zigzag, then 7 bits a byte with the lowest first, as Protobuf's sint32. */
function varint(value: number): number[] {
  const out: number[] = [];
  let rest = ((value << 1) ^ (value >> 31)) >>> 0;
  for (; rest > 0x7f; rest >>>= 7) out.push((rest & 0x7f) | 0x80);
  out.push(rest);
  return out;
}

/** Castagnoli's polynomial with its bits reversed (RFC 3720, appendix B.4): what node:zlib has is another one. */
const POLYNOMIAL = 0x82f63b78;
const TABLE = Uint32Array.from({ length: 256 }, (_, i) => {
  let value = i;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ POLYNOMIAL : value >>> 1;
  return value;
});

export function crc32c(bytes: Uint8Array): number {
  let sum = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) sum = TABLE[(sum ^ bytes[i]!) & 0xff]! ^ (sum >>> 8);
  return (sum ^ 0xffffffff) >>> 0;
}
