import { ERRORS, type ErrorCode, WINDOW_FAULTS } from '../../core/errors.ts';
import type { DeadLetter, RecordHeaders } from '../ports.ts';
import { APPENDED_HEADER, appendedOf, POINTS_HEADER, pickOf } from '../redriven.ts';

/** Headers of a sink connector's dead letters, as Kafka Connect spells them (KIP-298), all in UTF-8. */
const CONNECT = '__connect.errors.';
/** Those of Kafka Streams (KIP-1034), all in UTF-8. */
const STREAMS = '__streams.errors.';
/** Those of Spring for Apache Kafka: texts in UTF-8, partition and offset as big-endian integers of 4 and 8 bytes. */
const SPRING = 'kafka_dlt-';
/** What stands before our codes where the others name a class. */
const CLASS_PREFIX = 'tidewatch.';
/** Which point of its record the letter is of. */
export const POINT_HEADER = 'tidewatch.point';
/** Names what had to be left out of a letter that is too large for its topic; the table has all of it. */
export const LEFT_OUT_HEADER = 'tidewatch.left-out';
/** Characters of a message or of what stands for a stack. */
const MAX_TEXT = 2_000;

/**
 * Headers of a letter on the topic: the record's own, then what was wrong, then those with which it could be sent to
 * its own topic as it is and would be read for this point alone.
 */
export function deadLetterHeaders(letter: DeadLetter, topic: string): RecordHeaders {
  const { stream, partition, offset, point, at, fault, appendMs, headers = [] } = letter;
  const windows = WINDOW_FAULTS.has(fault.code);
  const [meaning, remedy] = ERRORS[fault.code];
  const ours: [string, string][] = [
    [`${CONNECT}topic`, topic],
    [`${CONNECT}partition`, String(partition)],
    [`${CONNECT}offset`, String(offset)],
    [`${CONNECT}connector.name`, stream],
    [`${CONNECT}task.id`, String(partition)],
    [`${CONNECT}stage`, windows ? 'TASK_PUT' : 'VALUE_CONVERTER'],
    [`${CONNECT}class.name`, `${CLASS_PREFIX}${windows ? 'windows' : 'decoder'}`],
    [`${CONNECT}exception.class.name`, CLASS_PREFIX + fault.code],
    [`${CONNECT}exception.message`, bounded(fault.detail)],
    [`${CONNECT}exception.stacktrace`, bounded(`${fault.code}: ${meaning}\n${fault.detail}\n${remedy}`)],
    [POINT_HEADER, String(point)],
    [APPENDED_HEADER, String(appendedOf(headers) ?? appendMs)],
  ];
  if (at !== undefined) ours.push([POINTS_HEADER, JSON.stringify([pickOf(at)])]);
  return [...headers, ...ours.map(([name, text]) => [name, Buffer.from(text)] as const)];
}

export interface DeadLetterOrigin {
  by: 'connect' | 'streams' | 'spring';
  topic: string | null;
  partition: number | null;
  offset: number | null;
  /** Name of a class, or `tidewatch.` and one of our codes. */
  exception: string | null;
  message: string | null;
  stack: string | null;
  /** What went wrong where we wrote the letter. */
  code: ErrorCode | null;
  /** Headers that the record itself had. */
  original: RecordHeaders;
}

/** What the headers of a dead letter say, whoever wrote it; null when it is none. The last of a name counts. */
export function readDeadLetterHeaders(headers: RecordHeaders): DeadLetterOrigin | null {
  const last = new Map(headers);
  const text = (name: string) => textOf(last.get(name));
  const digits = (name: string) => wholeNumber(textOf(last.get(name)));
  if (last.has(`${CONNECT}topic`) || last.has(`${CONNECT}exception.class.name`)) {
    const exception = text(`${CONNECT}exception.class.name`);
    return {
      by: 'connect',
      topic: text(`${CONNECT}topic`),
      partition: digits(`${CONNECT}partition`),
      offset: digits(`${CONNECT}offset`),
      exception,
      message: text(`${CONNECT}exception.message`),
      stack: text(`${CONNECT}exception.stacktrace`),
      code: codeOf(exception),
      original: headers.filter(([name]) => !name.startsWith(CONNECT) && !name.startsWith(CLASS_PREFIX)),
    };
  }
  if (last.has(`${STREAMS}topic`) || last.has(`${STREAMS}exception`)) {
    return {
      by: 'streams',
      topic: text(`${STREAMS}topic`),
      partition: digits(`${STREAMS}partition`),
      offset: digits(`${STREAMS}offset`),
      exception: text(`${STREAMS}exception`),
      message: text(`${STREAMS}message`),
      stack: text(`${STREAMS}stacktrace`),
      code: null,
      original: headers.filter(([name]) => !name.startsWith(STREAMS)),
    };
  }
  if (!last.has(`${SPRING}original-topic`) && !last.has(`${SPRING}exception-fqcn`)) return null;
  return {
    by: 'spring',
    topic: text(`${SPRING}original-topic`),
    partition: bigEndian(last.get(`${SPRING}original-partition`), 4),
    offset: bigEndian(last.get(`${SPRING}original-offset`), 8),
    exception: text(`${SPRING}exception-fqcn`),
    message: text(`${SPRING}exception-message`),
    stack: text(`${SPRING}exception-stacktrace`),
    code: null,
    original: headers.filter(([name]) => !name.startsWith(SPRING)),
  };
}

const bounded = (text: string): string => text.slice(0, MAX_TEXT).toWellFormed();

function textOf(bytes: Uint8Array | null | undefined): string | null {
  return bytes ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8') : null;
}

const wholeNumber = (text: string | null): number | null =>
  text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null;

function bigEndian(bytes: Uint8Array | null | undefined, size: 4 | 8): number | null {
  if (!bytes || bytes.length !== size) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, size);
  const value = size === 4 ? view.getInt32(0) : Number(view.getBigInt64(0));
  return Number.isSafeInteger(value) && value >= 0 ? value : null;
}

function codeOf(exception: string | null): ErrorCode | null {
  const code = exception?.startsWith(CLASS_PREFIX) ? exception.slice(CLASS_PREFIX.length) : '';
  return Object.hasOwn(ERRORS, code) ? (code as ErrorCode) : null;
}
