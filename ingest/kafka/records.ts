import { headersBytes } from '../entry-headers.ts';
import type { IHeaders, KafkaMessage } from '../kafka.ts';
import type { LogRecord, NewRecord, RecordHeaders } from '../ports.ts';
import { FetchedRecord } from './record-batch.ts';

const EMPTY = new Uint8Array(0);

/** What waits to be read: a record of the log, or one that will be made one then. */
export type QueuedRecord = LogRecord | FetchedRecord;

export const offsetOf = (record: QueuedRecord): number =>
  record instanceof FetchedRecord ? record.offsetNumber : record.offset;

/** Bytes of its key, value and headers. */
export const sizeOf = (record: QueuedRecord): number =>
  record instanceof FetchedRecord
    ? record.sizeBytes
    : record.value.length +
      (record.key?.length ?? 0) +
      (record.headers === undefined ? 0 : headersBytes(record.headers));

/** Messages of a batch for the queue: ours as they are. */
export const queued = (messages: readonly KafkaMessage[]): readonly QueuedRecord[] =>
  messages[0] instanceof FetchedRecord ? (messages as readonly unknown[] as FetchedRecord[]) : messages.map(logRecord);

export const taken = (record: QueuedRecord): LogRecord =>
  record instanceof FetchedRecord ? logRecord(record) : record;

/** A record as the broker gave it. Offsets stay below 2^53 for longer than a log lives. */
export function logRecord(message: KafkaMessage | FetchedRecord): LogRecord {
  if (message instanceof FetchedRecord) {
    const { key, value, headerList } = message;
    const record: LogRecord = {
      offset: message.offsetNumber,
      appendMs: message.timestampMs,
      key,
      value: value ?? EMPTY,
    };
    if (value === null) record.tombstone = true;
    if (headerList !== null && headerList.length > 0) record.headers = headerList;
    return record;
  }
  const record: LogRecord = {
    offset: Number(message.offset),
    appendMs: Number(message.timestamp),
    key: message.key,
    value: message.value ?? EMPTY,
  };
  if (message.value === null) record.tombstone = true;
  const headers = headersOf(message.headers);
  if (headers !== null) record.headers = headers;
  return record;
}

/** kafkajs keeps the headers of one name together, so only the order among different names is as first seen. */
function headersOf(headers: IHeaders | undefined): RecordHeaders | null {
  if (headers === undefined) return null;
  const out: [string, Uint8Array | null][] = [];
  for (const name in headers) {
    const value = headers[name];
    for (const one of Array.isArray(value) ? value : [value])
      out.push([name, typeof one === 'string' ? Buffer.from(one) : (one ?? null)]);
  }
  return out.length === 0 ? null : out;
}

/** A record as kafkajs takes it. */
export function message({ key, value, tombstone, headers }: NewRecord) {
  const bytes = (data: Uint8Array): Buffer =>
    data instanceof Buffer ? data : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const made: { key: Buffer | null; value: Buffer | null; headers?: IHeaders } = {
    key: key === null ? null : bytes(key),
    value: tombstone ? null : bytes(value),
  };
  if (headers !== undefined) {
    // without a prototype, since names are the sender's
    const all: Record<string, Buffer[]> = Object.create(null);
    for (const [name, one] of headers) {
      all[name] ??= [];
      all[name].push(one === null ? Buffer.alloc(0) : bytes(one));
    }
    made.headers = all;
  }
  return made;
}
