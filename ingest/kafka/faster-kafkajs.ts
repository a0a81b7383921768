import { type Decompress, FetchedRecord, fetchedRecords } from './record-batch.ts';

/** The version whose inner parts these are; any other is left as it is. */
const VERSION = '2.2.4';

interface InnerDecoder {
  buffer: Buffer;
  offset: number;
}
type DecodeMessages = (decoder: InnerDecoder) => Promise<unknown[]>;

interface PartitionData {
  messages: unknown[];
  abortedTransactions?: unknown[];
}
interface InnerBatch {
  rawMessages: unknown[];
  messagesWithinOffset: unknown[];
  messages: unknown[];
}
type BatchClass = new (topic: string, fetchedOffset: string, data: PartitionData) => InnerBatch;
type Codecs = { lookupCodecByAttributes(attributes: number): { decompress(bytes: Buffer): Promise<Buffer> } | null };

/**
 * Half of what kafkajs takes for a record goes into numbers of unlimited size for its offset and time, into a decoder
 * of its own and into comparing offsets as texts. This puts our reader of batches in the place of two of its inner
 * modules, before it is loaded for the first time; whatever is not plain is left to what was there. Whether it was done.
 * docs/decisions/0017-kafkajs-records.md tells what it gains.
 */
export function speedUpKafkajs(require: NodeJS.Require): boolean {
  const root = 'kafkajs';
  if ((require(`${root}/package.json`) as { version: string }).version !== VERSION) return false;
  if (require.cache[require.resolve(root)] !== undefined) return false;
  const inner = <T>(name: string): { exports: T } => {
    const file = `${root}/src/${name}`;
    require(file);
    return require.cache[require.resolve(file)] as { exports: T };
  };
  const decoding = inner<DecodeMessages>('protocol/requests/fetch/v4/decodeMessages');
  const codecs = inner<Codecs>('protocol/message/compression').exports;
  const decompress: Decompress = (attributes, bytes) =>
    codecs.lookupCodecByAttributes(attributes)?.decompress(bytes) ?? Promise.resolve(bytes);
  decoding.exports = decodeMessagesWith(decoding.exports, decompress);
  const batch = inner<BatchClass>('consumer/batch');
  batch.exports = batchOver(batch.exports);
  return true;
}

function decodeMessagesWith(theirs: DecodeMessages, decompress: Decompress): DecodeMessages {
  return async (decoder) => {
    const { buffer, offset } = decoder;
    const size = buffer.readInt32BE(offset);
    const end = offset + 4 + size;
    if (size > 0 && end <= buffer.length) {
      const records = await fetchedRecords(buffer.subarray(offset + 4, end), decompress);
      if (records !== null) {
        decoder.offset = end;
        return records;
      }
    }
    return theirs(decoder);
  };
}

/** Leaves out what lies before the offset that was asked for by comparing numbers. */
function batchOver(Theirs: BatchClass): BatchClass {
  return class extends Theirs {
    constructor(topic: string, fetchedOffset: string, data: PartitionData) {
      const { messages, abortedTransactions } = data;
      const ours = messages.length > 0 && messages[0] instanceof FetchedRecord && !abortedTransactions?.length;
      super(topic, fetchedOffset, ours ? { ...data, messages: [] } : data);
      if (!ours) return;
      const records = messages as FetchedRecord[];
      const from = Number(fetchedOffset);
      const first = records.findIndex(({ offsetNumber }) => offsetNumber >= from);
      this.rawMessages = records;
      // offsets rise
      this.messages = this.messagesWithinOffset = first === 0 ? records : first < 0 ? [] : records.slice(first);
    }
  };
}
