import { createRequire } from 'node:module';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FetchedRecord, fetchedRecords } from '../../../ingest/kafka/record-batch.ts';
import { logRecord } from '../../../ingest/kafka/records.ts';

const require = createRequire(import.meta.url);
const Encoder = require('kafkajs/src/protocol/encoder.js');
const Decoder = require('kafkajs/src/protocol/decoder.js');
const { RecordBatch } = require('kafkajs/src/protocol/recordBatch/v0/index.js');
const EncodeRecord = require('kafkajs/src/protocol/recordBatch/record/v0/index.js');
const theirs = require('kafkajs/src/protocol/requests/fetch/v4/decodeMessages.js');

interface Sent {
  key: Buffer | null;
  value: Buffer | null;
  offsetDelta: number;
  timestampDelta: number;
  headers: Record<string, Buffer>;
}
interface About {
  firstOffset?: number;
  firstTimestamp?: number;
  transactional?: boolean;
  appendTime?: boolean;
}

async function batch(records: readonly Sent[], about: About = {}): Promise<Buffer> {
  const { firstOffset = 0, firstTimestamp = 1_700_000_000_000, transactional = false, appendTime = false } = about;
  const encoder = await RecordBatch({
    compression: 0,
    firstTimestamp,
    maxTimestamp: firstTimestamp + 777,
    lastOffsetDelta: records.at(-1)?.offsetDelta ?? 0,
    transactional,
    records: records.map((record) => EncodeRecord(record)),
  });
  const bytes = Buffer.from(encoder.buffer.subarray(0, encoder.offset));
  bytes.writeBigInt64BE(BigInt(firstOffset), 0);
  if (appendTime) bytes.writeInt16BE(bytes.readInt16BE(21) | 8, 21);
  return bytes;
}

const decompress = (): Promise<Buffer> => Promise.reject(new Error('nothing is compressed'));
const readByTheirs = async (bytes: Buffer): Promise<Record<string, unknown>[]> => {
  const encoder = new Encoder(bytes.length + 4).writeInt32(bytes.length).writeBuffer(bytes);
  return theirs(new Decoder(encoder.buffer.subarray(0, encoder.offset)));
};
const shape = ({ offset, timestamp, key, value, headers, isControlRecord, magicByte }: Record<string, unknown>) => ({
  offset,
  timestamp,
  key,
  value,
  headers: { ...(headers as object) },
  isControlRecord,
  magicByte,
});
const sameAsTheirs = async (bytes: Buffer): Promise<void> => {
  const ours = await fetchedRecords(bytes, decompress);
  const wanted = await readByTheirs(bytes);
  expect(ours!.map((record) => shape(record as unknown as Record<string, unknown>))).toEqual(wanted.map(shape));
};

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
// kafkajs mixes up what is named as something that every object has
const name = fc.string({ minLength: 1, maxLength: 8 }).filter((text) => !(text in {}));
const record = fc.record({
  key: fc.option(bytes, { nil: null }),
  value: fc.option(bytes, { nil: null }),
  headers: fc.dictionary(name, bytes, { maxKeys: 3, noNullPrototype: true }),
  timestampDelta: fc.oneof(fc.integer({ min: -5, max: 5 }), fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })),
});
const records = fc
  .array(record, { minLength: 1, maxLength: 8 })
  .map((all) => all.map((one, offsetDelta): Sent => ({ ...one, offsetDelta })));
const abouts = fc.record({
  firstOffset: fc.integer({ min: 0, max: 2 ** 45 }),
  firstTimestamp: fc.integer({ min: 2 ** 33, max: 2 ** 43 }),
  appendTime: fc.boolean(),
});

test('whatever kafkajs writes is read as kafkajs reads it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(records, abouts), { minLength: 1, maxLength: 3 }), async (batches) => {
      const made = await Promise.all(batches.map(([all, about]) => batch(all, about)));
      await sameAsTheirs(Buffer.concat(made));
    }),
    { numRuns: 200 },
  );
});

const one = (value: string, offsetDelta = 0): Sent => ({
  key: null,
  value: Buffer.from(value),
  offsetDelta,
  timestampDelta: 0,
  headers: {},
});

test('a batch that is cut off ends the answer, wherever the cut is', async () => {
  const whole = Buffer.concat([await batch([one('a')]), await batch([one('b')], { firstOffset: 1 })]);
  const first = (await batch([one('a')])).length;
  for (let length = first; length < whole.length; length++) await sameAsTheirs(whole.subarray(0, length));
});

test('transactions and older formats are left to kafkajs', async () => {
  expect(await fetchedRecords(await batch([one('a')], { transactional: true }), decompress)).toBeNull();
  const old = await batch([one('a')]);
  old[16] = 1;
  expect(await fetchedRecords(old, decompress)).toBeNull();
});

test('damaged bytes are left to kafkajs or read, and never read beyond', async () => {
  const good = await batch([one('abc'), one('defg', 1)]);
  await fc.assert(
    fc.asyncProperty(fc.nat(good.length - 1), fc.nat(255), async (at, byte) => {
      const bad = Buffer.from(good);
      bad[at] = byte;
      // a codec that the attributes name is asked, and refuses
      const read = await fetchedRecords(bad, decompress).catch(() => null);
      for (const found of read ?? []) expect((found.value?.length ?? 0) <= good.length).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});

test('what is compressed is decompressed by its codec, and what that throws is thrown', async () => {
  const plain = await batch([one('a'), one('b', 1)]);
  const packed = Buffer.from(plain);
  packed.writeInt16BE(4, 21);
  const seen: number[] = [];
  const read = await fetchedRecords(packed, async (attributes, body) => {
    seen.push(attributes);
    return body;
  });
  expect(seen).toEqual([4]);
  expect(read!.map(({ offset, value }) => [offset, String(value)])).toEqual([
    ['0', 'a'],
    ['1', 'b'],
  ]);
  await expect(fetchedRecords(packed, decompress)).rejects.toThrow('nothing is compressed');
});

test('a fetched record becomes a record of the log with its headers in their order', async () => {
  const sent: Sent = { ...one('v'), key: Buffer.from('k'), headers: { b: Buffer.from('1'), a: Buffer.from('2') } };
  const [fetched, tombstone] = (await fetchedRecords(
    await batch([sent, { ...one(''), value: null, offsetDelta: 1 }], { firstOffset: 41, firstTimestamp: 5e9 }),
    decompress,
  ))!;
  expect(fetched).toBeInstanceOf(FetchedRecord);
  expect(logRecord(fetched!)).toEqual({
    offset: 41,
    appendMs: 5e9,
    key: Buffer.from('k'),
    value: Buffer.from('v'),
    headers: [
      ['b', Buffer.from('1')],
      ['a', Buffer.from('2')],
    ],
  });
  expect(logRecord(tombstone!)).toMatchObject({ offset: 42, tombstone: true, value: new Uint8Array(0) });
});
