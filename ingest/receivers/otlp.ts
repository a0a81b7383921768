import { type ErrorCode, type Fault, fail, ok, type Result } from '../../core/errors.ts';
import type { LogEvent, Sample } from '../../core/types.ts';
import { MAX_RECORD_BYTES } from '../decode/limits.ts';
import { OtlpReader, ofJson, ofProto } from '../decode/otlp.ts';
import type { Signal } from '../decode/otlp-proto.ts';
import { TotalsObject } from '../decode/totals.ts';
import type { Cumulative } from '../ports.ts';
import { Batches } from './batches.ts';
import { jsonOf, list, type Received } from './lines.ts';

export type OtlpFormat = 'proto' | 'json';

/** Format by the Content-Type, or null for one that OTLP does not have. */
export function otlpFormat(contentType: string | undefined): OtlpFormat | null {
  const [type] = (contentType ?? '').toLowerCase().split(/ *;/);
  return type === 'application/x-protobuf' ? 'proto' : type === 'application/json' ? 'json' : null;
}

/**
 * An export request as records of Tidewatch JSON, by entity. Cumulative series go into the log as totals: what they
 * grew by is found in the fold, whose state survives a restart, and a request that comes twice counts once. Points and
 * log records that are refused are not in the records. A fault: the body is no such request at all.
 */
export function receiveOtlp(
  body: Buffer,
  format: OtlpFormat,
  signal: Signal,
  entityTags: readonly string[],
  nowMs: number,
): Result<Received> {
  const request = format === 'proto' ? ofProto(body, signal) : ofJson(body, signal);
  if (!request.ok) return request;
  const batches = new Batches('tidewatch_json');
  const received: Received = { records: [], accepted: 0, refused: 0, faults: [] };
  let seen = 0;
  const refuse = (fault: Fault) => {
    received.refused++;
    list(received, ++seen, fault);
  };
  const keep = (entity: string, piece: string, points: number) => {
    // In a record of its own, its bytes are these.
    const size = Buffer.byteLength(piece);
    if (size > MAX_RECORD_BYTES) return refuse(tooLarge(size));
    received.accepted += points;
    seen += points;
    batches.add(entity, piece);
  };
  let open: { entity: string; object: TotalsObject } | null = null;
  const closeTotals = () => {
    if (open !== null) keep(open.entity, open.object.json, open.object.points);
    open = null;
  };
  new OtlpReader(entityTags).read(request.value, nowMs, {
    sample: (sample: Sample) => keep(sample.entity, jsonOf(sample), sample.names.length),
    cumulative: (point: Cumulative) => {
      if (open?.object.add(point)) return;
      closeTotals();
      open = { entity: point.entity, object: new TotalsObject(point) };
      open.object.add(point);
    },
    event: (event: LogEvent) => keep(event.entity, jsonOfEvent(event), 1),
    fault: refuse,
  });
  closeTotals();
  received.records = batches.records();
  // Nothing of it can be used, and sending it again would not change that.
  if (received.accepted === 0 && received.refused > 0) return fail(codeOf(received), messageOf(received));
  return ok(received);
}

/** What was refused, for a person: OTLP has one text for all of it. */
export function messageOf({ refused, faults }: Received): string {
  const first = faults[0];
  return first === undefined ? '' : `${refused} refused, the first: ${first.message} (${first.code})`;
}

const codeOf = ({ faults }: Received): ErrorCode => faults[0]?.code ?? 'request_invalid';
const tooLarge = (size: number): Fault => ({
  code: 'record_too_large',
  detail: `${size} bytes, at most ${MAX_RECORD_BYTES}`,
});
const jsonOfEvent = ({ entity, timeMs, level, body }: LogEvent) =>
  JSON.stringify({ entity, time: timeMs, level, body });
