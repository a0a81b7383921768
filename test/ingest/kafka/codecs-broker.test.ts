import { Zstd } from '@hpcc-js/wasm-zstd';
import { CompressionCodecs, CompressionTypes, type IHeaders, Kafka, logLevel, Partitioners } from 'kafkajs';
import { beforeAll, expect, test } from 'vitest';
import { CODECS, type CodecName, MAX_BATCH_BYTES } from '../../../ingest/kafka/codecs.ts';
import { tolerant, UNREADABLE_HEADER } from '../../../ingest/kafka/unreadable.ts';
import { freshTopic, kafkaBroker, testAdmin, useKafka } from '../../kafka.ts';
import { needs } from '../../needs.ts';

const NAMES = Object.keys(CODECS) as CodecName[];
/** Compressed bytes of the largest batch that each codec was asked to read. */
const SEEN: Map<CodecName, number> = new Map();
const TYPES = {
  gzip: CompressionTypes.GZIP,
  snappy: CompressionTypes.Snappy,
  lz4: CompressionTypes.LZ4,
  zstd: CompressionTypes.ZSTD,
} as const;
const READ_MS = 30_000;

function register(): void {
  for (const name of NAMES) {
    const codec = tolerant(name);
    CompressionCodecs[TYPES[name]] = () => ({
      ...codec,
      decompress: (bytes: Buffer) => {
        SEEN.set(name, Math.max(SEEN.get(name) ?? 0, bytes.length));
        return codec.decompress(bytes);
      },
    });
  }
}

async function kafka(): Promise<Kafka> {
  const { brokers } = await kafkaBroker();
  const retry = { retries: 5, initialRetryTime: 100, maxRetryTime: 1_000 };
  return new Kafka({ brokers, clientId: 'tidewatch-codecs', logLevel: logLevel.NOTHING, retry });
}

interface Read {
  offset: number;
  key: string | null;
  value: string | null;
  headers: IHeaders;
}

/** The first records of a topic of one partition. */
async function read(topic: string, count: number): Promise<Read[]> {
  const groupId = `${topic}-${crypto.randomUUID()}`;
  const consumer = (await kafka()).consumer({ groupId, maxWaitTimeInMs: 50, allowAutoTopicCreation: false });
  const records: Read[] = [];
  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
      void consumer.run({
        autoCommit: false,
        eachBatch: async ({ batch }) => {
          for (const { offset, key, value, headers = {} } of batch.messages)
            records.push({ offset: Number(offset), key: text(key), value: text(value), headers });
          if (records.length >= count) resolve();
        },
      });
    });
    return records;
  } finally {
    await consumer.disconnect();
    await (await testAdmin()).deleteGroups([groupId]);
  }
}

const text = (bytes: Buffer | null): string | null => bytes?.toString() ?? null;

needs('kafka')('batches on a real broker', () => {
  useKafka();
  beforeAll(register);

  test.for(NAMES)(
    "that Kafka's own producer compressed by %s are read byte for byte",
    { timeout: READ_MS },
    async (name, { skip }) => {
      const { tools } = await kafkaBroker();
      if (tools === null) return skip('no Java or Maven beside KAFKA_BROKERS');
      // 512 KiB a batch: several blocks of every format, and several batches
      const lines = Array.from(
        { length: 12_000 },
        (_, i) =>
          `host-${i % 37}\t{"entity":"host-${i % 37}","time":${1.76e12 + i},"values":{"cpu":${(i * 48271) % 99991}}}`,
      );
      lines.push('host-ü\t{"body":"Grüße, 温度, 🌡"}');
      const topic = await freshTopic();
      await tools.produce(topic, lines, { compression: name, keySeparator: '\t' });
      const records = await read(topic, lines.length);
      expect(records.map(({ key, value }) => `${key}\t${value}`)).toEqual(lines);
      expect(records.map(({ offset }) => offset)).toEqual(lines.map((_, i) => i));
      expect(SEEN.get(name), 'compressed bytes').toBeGreaterThan(20_000);
    },
  );

  test(
    'that would become larger than the limit are replaced, and the records after them are read',
    async () => {
      const zstd = await Zstd.load();
      const topic = await freshTopic();
      const producer = (await kafka()).producer({ createPartitioner: Partitioners.DefaultPartitioner });
      await producer.connect();
      CompressionCodecs[CompressionTypes.ZSTD] = () => ({
        compress: async ({ buffer }: { buffer: Buffer }) => Buffer.from(zstd.compress(buffer, 1)),
      });
      const value = Buffer.alloc(MAX_BATCH_BYTES / 8 + (1 << 20), 'x');
      const sent = { topic, acks: -1 };
      await producer.send({ ...sent, compression: CompressionTypes.ZSTD, messages: Array(8).fill({ value }) });
      await producer.send({ ...sent, messages: [{ value: 'after it' }] });
      await producer.disconnect();
      register();
      const records = await read(topic, 9);
      expect(records.map(({ offset }) => offset)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
      for (const record of records.slice(0, 8)) {
        expect(record.value).toBeNull();
        expect(String(record.headers[UNREADABLE_HEADER])).toMatch(/zstd: more than \d+ bytes/);
      }
      expect(records[8]).toMatchObject({ value: 'after it', headers: {} });
    },
    READ_MS,
  );
});
