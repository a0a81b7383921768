import { type Result, TidewatchError } from '../../core/errors.ts';
import { headersBytes } from '../entry-headers.ts';
import { MAX_KEY_BYTES } from '../log-limits.ts';
import type { DeadLetter, Outputs, PartitionStore } from '../ports.ts';
import { deadLetterHeaders, LEFT_OUT_HEADER } from './dead-letter-headers.ts';
import type { KafkaProducer, OutgoingRecord } from './ports.ts';

/** Sent at once: a broker's limit for a batch is by default that for a record, 1 MiB, and letters of one key go together. */
const BATCH_BYTES = 256 << 10;
/** What a record costs beside its key, value and headers, generously. */
const OVERHEAD_BYTES = 100;
/** Headers of a record that are kept where a letter is too large for the topic. */
const STUB_HEADERS_BYTES = 16 << 10;

export interface DeadLetterTopic {
  producer: KafkaProducer;
  topic: string;
  /** The topic that the records come from. */
  from: string;
  /** Makes the topic where it is missing, as ensureDeadLetterTopic does; without it a bad record ends the partition then. */
  make?: () => Promise<Result<unknown>>;
}

/**
 * The store, with letters sent to a topic before the tables hold them. A letter that was sent is sent again only when
 * the process ends before its checkpoint, or when an acknowledgement is lost: at least once, and topic, partition,
 * offset and point in its headers tell repeats. flush throws the fault of the send. A letter that the topic is too
 * small for goes without its value, and says so; otherwise one record would stop its partition for ever.
 */
export function withDeadLetterTopic(store: PartitionStore, options: DeadLetterTopic): PartitionStore {
  /** How many letters of these outputs have been sent: a flush that failed is repeated with the same ones. */
  const sent = new WeakMap<Outputs, number>();
  return {
    claim: (owner) => store.claim(owner),
    controlEntries: (after) => store.controlEntries(after),
    appendControl: (epoch, offset, change) => store.appendControl(epoch, offset, change),
    checkpoint: (checkpoint) => store.checkpoint(checkpoint),
    recordLoss: (from, to, reason) => store.recordLoss(from, to, reason),
    async flush(outputs, epoch) {
      const { deadLetters } = outputs;
      for (let done = sent.get(outputs) ?? 0; done < deadLetters.length; sent.set(outputs, done))
        done += await sendSome(deadLetters, done, options);
      return store.flush(outputs, epoch);
    },
  };
}

/** Sends a batch of letters from an index on; returns how many. */
async function sendSome(letters: readonly DeadLetter[], from: number, options: DeadLetterTopic): Promise<number> {
  const records: OutgoingRecord[] = [];
  for (let bytes = 0; from + records.length < letters.length; ) {
    const record = outgoing(letters[from + records.length]!, options.from);
    bytes += sizeOf(record);
    if (bytes > BATCH_BYTES && records.length > 0) break;
    records.push(record);
  }
  if (await accepted(records, options)) return records.length;
  // one of them is too large, or all together are
  for (const [i, record] of records.entries()) {
    if (await accepted([record], options)) continue;
    if (await accepted([stub(letters[from + i]!, options.from)], options)) continue;
    throw new TidewatchError('record_too_large', `a dead letter without its value, for the topic ${options.topic}`);
  }
  return records.length;
}

/** False when it is too large. */
async function accepted(records: readonly OutgoingRecord[], options: DeadLetterTopic): Promise<boolean> {
  const { producer, topic, make } = options;
  let result: Result<unknown> = await producer.send(topic, records);
  if (!result.ok && result.fault.code === 'topic_missing' && make !== undefined) {
    result = await make();
    if (result.ok) result = await producer.send(topic, records);
  }
  if (result.ok) return true;
  if (result.fault.code === 'record_too_large') return false;
  throw new TidewatchError(result.fault.code, `the dead letter topic ${topic}: ${result.fault.detail}`);
}

function outgoing(letter: DeadLetter, from: string): OutgoingRecord {
  const { key, value } = letter;
  const headers = deadLetterHeaders(letter, from);
  return { key, value: value ?? new Uint8Array(0), ...(value === null && { tombstone: true }), headers };
}

/** The letter with nothing that could be large. */
function stub(letter: DeadLetter, from: string): OutgoingRecord {
  const { key, headers: original, ...rest } = letter;
  const leftOut = ['value'];
  const keepsKey = key === null || key.length <= MAX_KEY_BYTES;
  if (!keepsKey) leftOut.push('key');
  const keepsHeaders = original !== undefined && headersBytes(original) <= STUB_HEADERS_BYTES;
  if (original !== undefined && !keepsHeaders) leftOut.push('headers');
  const headers = deadLetterHeaders({ ...rest, key: null, ...(keepsHeaders && { headers: original }) }, from);
  return {
    key: keepsKey ? key : null,
    value: new Uint8Array(0),
    tombstone: true,
    headers: [...headers, [LEFT_OUT_HEADER, Buffer.from(leftOut.join(','))]],
  };
}

const sizeOf = ({ key, value, headers }: OutgoingRecord): number =>
  OVERHEAD_BYTES + (key?.length ?? 0) + value.length + (headers === undefined ? 0 : headersBytes(headers));
