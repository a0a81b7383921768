import protobuf from 'protobufjs/light.js';
import { fail, ok, type Result } from '../../core/errors.ts';
import schema from './otlp-schema.json' with { type: 'json' };

const root = protobuf.Root.fromJSON(schema as protobuf.INamespace);
const type = (name: string) => root.lookupType(`opentelemetry.proto.collector.${name}`);

const REQUESTS = {
  metrics: type('metrics.v1.ExportMetricsServiceRequest'),
  logs: type('logs.v1.ExportLogsServiceRequest'),
};
const RESPONSES = {
  metrics: type('metrics.v1.ExportMetricsServiceResponse'),
  logs: type('logs.v1.ExportLogsServiceResponse'),
};

export type Signal = keyof typeof REQUESTS;

/** Field numbers of the schema: resource entries of a request, scopes of one, items of those, and an item's name. */
const ENTRIES = 1;
const SCOPES = 2;
const ITEMS = 2;
const NAME = 1;
const LENGTH_DELIMITED = 2;

/** An export request, as an object like that of its JSON; 64-bit integers are Longs. */
export function readRequest(signal: Signal, bytes: Uint8Array): Result<object> {
  try {
    return ok(REQUESTS[signal].decode(bytes));
  } catch (cause) {
    const { message } = cause as Error;
    // Deeper than 100 levels protobufjs does not go, in the words of this message.
    const code = message === 'max depth exceeded' ? 'record_too_deep' : 'record_not_protobuf';
    return fail(code, `${bytes.length} bytes: ${message.slice(0, 100)}`);
  }
}

/** The answer to a request; what is 0 and '' is left out, which says that all was taken. */
export function writeResponse(signal: Signal, rejected: number, errorMessage: string): Uint8Array {
  const response = RESPONSES[signal];
  const count = signal === 'metrics' ? { rejectedDataPoints: rejected } : { rejectedLogRecords: rejected };
  const partialSuccess = { ...count, errorMessage };
  return response.encode(response.fromObject(rejected === 0 ? {} : { partialSuccess })).finish();
}

/** google.rpc.Status, which is how OTLP answers with a failure. */
const STATUS = new protobuf.Type('Status')
  .add(new protobuf.Field('code', 1, 'int32'))
  .add(new protobuf.Field('message', 2, 'string'));

export function writeStatus(code: number, message: string): Uint8Array {
  return STATUS.encode(STATUS.create({ code, message })).finish();
}

/**
 * What kind of request the bytes are; both begin alike. The first field of a metric is its name, a text; that of a log
 * record is a time, of fixed length. Without any item, or for bytes that are neither: metrics.
 */
export function signalOf(bytes: Uint8Array): Signal {
  try {
    const found = inside(protobuf.Reader.create(bytes), bytes.length, [ENTRIES, SCOPES, ITEMS]);
    return found ?? 'metrics';
  } catch {
    return 'metrics'; // cut off or no Protobuf at all: reading it as metrics says what is wrong
  }
}

function inside(reader: protobuf.Reader, end: number, [field, ...deeper]: readonly number[]): Signal | null {
  while (reader.pos < end) {
    const tag = reader.uint32();
    const wire = tag & 7;
    if (field === undefined) {
      // No name among its fields: a metric always has one.
      if (tag >>> 3 === NAME) return wire === LENGTH_DELIMITED ? 'metrics' : 'logs';
      if (reader.pos >= end) return 'logs';
    } else if (tag >>> 3 === field && wire === LENGTH_DELIMITED) {
      const length = reader.uint32();
      const found = inside(reader, reader.pos + length, deeper);
      if (found !== null) return found;
      continue;
    }
    reader.skipType(wire);
  }
  return field === undefined ? 'logs' : null;
}
