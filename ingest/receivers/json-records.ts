import { isUtf8 } from 'node:buffer';
import type { Fault } from '../../core/errors.ts';
import type { LogEvent, Sample } from '../../core/types.ts';
import { parseJson } from '../decode/json.ts';
import { tidewatchJsonDecoder } from '../decode/tidewatch-json.ts';
import type { Cumulative } from '../ports.ts';
import { Batches } from './batches.ts';
import { list, type Received } from './lines.ts';

const NEWLINE = 10;

/**
 * Tidewatch JSON, one object a line, or one JSON list or object as the whole body. Good objects stay as they are; one
 * with any fault is left out as a whole.
 */
export function receiveJson(body: Buffer, nowMs: number): Received {
  const batches = new Batches('tidewatch_json');
  const received: Received = { records: [], accepted: 0, refused: 0, faults: [] };
  const decode = tidewatchJsonDecoder();
  let entity: string | null = null;
  let faults: Fault[] = [];
  const sink = {
    sample: (sample: Sample) => {
      entity = sample.entity;
    },
    cumulative: (point: Cumulative) => {
      entity = point.entity;
    },
    event: (event: LogEvent) => {
      entity = event.entity;
    },
    fault: (fault: Fault) => faults.push(fault),
  };
  for (const { line, bytes } of pieces(body)) {
    entity = null;
    faults = [];
    decode(bytes, nowMs, sink);
    if (faults.length > 0 || entity === null) {
      received.refused++;
      for (const fault of faults) list(received, line, fault);
    } else {
      received.accepted++;
      batches.add(entity, bytes.toString('utf8').trim());
    }
  }
  received.records = batches.records();
  return received;
}

function* pieces(body: Buffer): Generator<{ line: number; bytes: Buffer }> {
  const whole = isUtf8(body) ? parseJson(body.toString('utf8')) : null;
  if (whole?.ok && Array.isArray(whole.value)) {
    for (const [i, item] of whole.value.entries()) yield { line: i + 1, bytes: bytesOf(item) };
    return;
  }
  if (whole?.ok) {
    yield { line: 1, bytes: body };
    return;
  }
  let from = 0;
  for (let line = 1; from < body.length; line++) {
    const newline = body.indexOf(NEWLINE, from);
    const to = newline < 0 ? body.length : newline;
    const bytes = body.subarray(from, to);
    from = to + 1;
    if (bytes.length === 0 || bytes.toString('latin1').trim() === '') continue;
    const list = bytes[0] === 0x5b ? parseJson(bytes.toString('utf8')) : null;
    // Each item may be of another entity, and a record is of one.
    if (list?.ok && Array.isArray(list.value)) for (const item of list.value) yield { line, bytes: bytesOf(item) };
    else yield { line, bytes };
  }
}

/** An item as JSON again; one nested so deeply that it cannot be written is what the decoder refuses anyway. */
function bytesOf(item: unknown): Buffer {
  try {
    return Buffer.from(JSON.stringify(item));
  } catch {
    return Buffer.from('{'); // not JSON: refused and counted as one
  }
}
