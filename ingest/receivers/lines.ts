import type { StreamConfig } from '../../core/config/stream.ts';
import type { ErrorCode, Fault } from '../../core/errors.ts';
import type { Sample } from '../../core/types.ts';
import { InfluxLines } from '../decode/influx-line.ts';
import { MAX_RECORD_BYTES } from '../decode/limits.ts';
import { PRECISIONS, type Precision } from '../decode/time.ts';
import type { NewRecord } from '../ports.ts';
import { Batches } from './batches.ts';

/** What became of a body: records to append, lines that are in them, and what was wrong with the others. */
export interface Received {
  records: NewRecord[];
  accepted: number;
  refused: number;
  /** The first faults, each with the number of its line. */
  faults: { line: number; code: ErrorCode; message: string }[];
}

/** Faults that an answer lists; further ones are counted. */
export const LISTED_FAULTS = 100;
const TIMESTAMP = / (\d+)[ \r]*$/;

/**
 * Line protocol for a stream of either encoding. For one of line protocol the lines stay as they are, with timestamps
 * in nanoseconds; for one of Tidewatch JSON they are translated, so that a log holds one encoding. A line with any
 * fault is left out as a whole: its sender is told, and may send it again.
 */
export function receiveLines(body: Buffer, stream: StreamConfig, precision: Precision, nowMs: number): Received {
  const batches = new Batches(stream.encoding);
  const received: Received = { records: [], accepted: 0, refused: 0, faults: [] };
  const keep = stream.encoding === 'influx';
  let sample: { entity: string; json: string } | null = null;
  const sink = {
    sample: (s: Sample) => {
      sample = { entity: s.entity, json: keep ? '' : jsonOf(s) };
    },
    cumulative: () => undefined,
    event: () => undefined,
    fault: (fault: Fault) => {
      const line = Number(/^line (\d+)/.exec(fault.detail)?.[1] ?? 1);
      list(received, line, fault);
    },
  };
  const onLine = (from: number, to: number, faults: number) => {
    const good = sample;
    sample = null;
    if (faults > 0) received.refused++;
    else if (to - from > MAX_RECORD_BYTES) {
      received.refused++;
      const detail = `a line of ${to - from} bytes, at most ${MAX_RECORD_BYTES}`;
      list(received, lineAt(body, from), { code: 'record_too_large', detail });
    } else {
      received.accepted++;
      // A line of texts alone measures nothing and leaves nothing.
      if (good === null) return;
      batches.add(good.entity, keep ? inNanoseconds(body.toString('latin1', from, to), precision) : good.json);
    }
  };
  const lines = new InfluxLines({ entityTags: stream.entityTags, precision });
  if (body.length > 0) lines.decode(body, nowMs, sink, body.length, onLine);
  received.records = batches.records();
  return received;
}

export function list(received: Received, line: number, { code, detail }: Fault): void {
  if (received.faults.length < LISTED_FAULTS) received.faults.push({ line, code, message: detail });
}

function inNanoseconds(line: string, precision: Precision): string {
  const bare = line.trimEnd();
  const zeros = PRECISIONS[precision];
  return zeros === 0 || !TIMESTAMP.test(bare) ? bare : bare + '0'.repeat(zeros);
}

/** A sample as Tidewatch JSON. */
export function jsonOf({ entity, timeMs, names, values }: Sample): string {
  let text = `{"entity":${JSON.stringify(entity)},"time":${timeMs},"values":{`;
  for (let i = 0; i < names.length; i++) text += `${i === 0 ? '' : ','}${JSON.stringify(names[i])}:${values[i]}`;
  return `${text}}}`;
}

function lineAt(body: Buffer, position: number): number {
  let line = 1;
  for (let i = body.indexOf(10); i >= 0 && i < position; i = body.indexOf(10, i + 1)) line++;
  return line;
}
