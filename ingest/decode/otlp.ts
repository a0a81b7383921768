import { isUtf8 } from 'node:buffer';
import type { Result } from '../../core/errors.ts';
import { fail, ok } from '../../core/errors.ts';
import type { Decoder, DecodeSink } from '../ports.ts';
import { finiteJson, parseJson } from './json.ts';
import { MAX_RECORD_BYTES, quoted } from './limits.ts';
import { OtlpLogs } from './otlp-logs.ts';
import { OtlpMetrics } from './otlp-metrics.ts';
import { readRequest, type Signal, signalOf } from './otlp-proto.ts';
import { type Fields, fieldsOf, listOf } from './otlp-values.ts';

export interface OtlpOptions {
  encoding: 'otlp_proto' | 'otlp_json';
  /** Resource attributes that name the entity; the first one present wins. */
  entityTags: readonly string[];
}

/** Export requests of OTLP, metrics or logs, one a record, as the Collector's Kafka exporter writes them. */
export function otlpDecoder({ encoding, entityTags }: OtlpOptions): Decoder {
  const reader = new OtlpReader(entityTags);
  return (value, appendMs, sink) => {
    if (value.length === 0) return sink.fault({ code: 'record_empty', detail: 'no bytes' });
    if (value.length > MAX_RECORD_BYTES) {
      return sink.fault({ code: 'record_too_large', detail: `${value.length} bytes, at most ${MAX_RECORD_BYTES}` });
    }
    const request = encoding === 'otlp_proto' ? ofProto(value, signalOf(value)) : ofJson(value);
    if (!request.ok) return sink.fault(request.fault);
    const { resourceMetrics, resourceLogs } = request.value.fields;
    // Bytes of something else may pass for a Protobuf message without any field that is known.
    if (listOf(resourceMetrics ?? resourceLogs)?.length === 0)
      return sink.fault({ code: 'record_empty', detail: 'a request without resources' });
    reader.read(request.value, appendMs, sink);
  };
}

/** Hands over what a request holds. */
export class OtlpReader {
  readonly #metrics: OtlpMetrics;
  readonly #logs: OtlpLogs;

  constructor(entityTags: readonly string[]) {
    this.#metrics = new OtlpMetrics(entityTags);
    this.#logs = new OtlpLogs(entityTags);
  }

  read({ signal, fields }: OtlpRequest, appendMs: number, sink: DecodeSink): void {
    if (signal === 'metrics') this.#metrics.request(fields, sink);
    else this.#logs.request(fields, appendMs, sink);
  }
}

export interface OtlpRequest {
  signal: Signal;
  fields: Fields;
}

export function ofProto(bytes: Uint8Array, signal: Signal): Result<OtlpRequest> {
  const request = readRequest(signal, bytes);
  return request.ok ? ok({ signal, fields: request.value as Fields }) : request;
}

/** signal: what an empty object is taken for; without it, one that is neither is a fault. */
export function ofJson(bytes: Uint8Array, signal?: Signal): Result<OtlpRequest> {
  if (!isUtf8(bytes)) return fail('record_not_utf8', `${bytes.length} bytes`);
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
  const json = parseJson(text);
  const parsed = json.ok ? json : parseJson(finiteJson(text));
  if (!parsed.ok) return fail(parsed.why, `starts with ${quoted(text)}`);
  const fields = fieldsOf(parsed.value);
  if (fields === null) return fail('record_shape', 'wanted an object');
  if (Object.hasOwn(fields, 'resourceMetrics') && signal !== 'logs') return ok({ signal: 'metrics', fields });
  if (Object.hasOwn(fields, 'resourceLogs') && signal !== 'metrics') return ok({ signal: 'logs', fields });
  if (signal !== undefined) return ok({ signal, fields: {} });
  return fail('record_shape', 'neither "resourceMetrics" nor "resourceLogs"');
}
