import type { StreamConfig } from '../../core/config/stream.ts';

type Encoding = StreamConfig['encoding'];

/** Follows the detail of a fault where nothing of a record could be used, before the encoding that it seems to have. */
export const LOOKS_LIKE = '; looks like ';
/** The beginning of a record in which its encoding shows. */
const LOOKED_AT = 2048;
/** Messages of an export request that are stepped over before it is believed. */
const MESSAGES = 64;

/**
 * The encoding, other than the configured one, that a record clearly has; null when it has none. For records that the
 * configured decoder could make nothing of: they are never decoded by guess, but their sender can be told.
 */
export function looksLike(value: Uint8Array, configured: Encoding): Encoding | null {
  const seen = encodingOf(value);
  return seen === configured ? null : seen;
}

function encodingOf(value: Uint8Array): Encoding | null {
  if (isExportRequest(value)) return 'otlp_proto';
  const head = value.subarray(0, LOOKED_AT);
  const text = Buffer.from(head.buffer, head.byteOffset, head.length).toString('utf8').trimStart();
  return /^[{[]/.test(text) ? jsonOf(text) : isLine(text) ? 'influx' : null;
}

function jsonOf(text: string): Encoding | null {
  const has = (...keys: string[]): boolean => keys.some((key) => text.includes(`"${key}"`));
  if (has('resourceMetrics', 'resourceLogs')) return 'otlp_json';
  if (has('fields') && has('tags', 'timestamp')) return 'telegraf_json';
  return has('entity') && has('time') && has('values', 'totals', 'body') ? 'tidewatch_json' : null;
}

/** Measurement, tags, and a first field with its value. No part can match in two ways, so this is linear. */
const LINE =
  /^(?:\\.|[^\\\s,={}[\]"<>])+(?:,(?:\\.|[^\\\s,=])+=(?:\\.|[^\\\s,=])+)* (?:\\.|[^\\\s,=])+=(?:-?\d[\d.eE+-]*[iu]?(?=[,\s]|$)|(?:t|T|true|True|TRUE|f|F|false|False|FALSE)(?=[,\s]|$)|")/;

function isLine(text: string): boolean {
  const first = text.split('\n', MESSAGES).find((line) => line.trim() !== '' && !line.startsWith('#'));
  return first !== undefined && LINE.test(first.trimStart());
}

/**
 * An ExportMetricsServiceRequest or ExportLogsServiceRequest is nothing but messages in field 1, whose lengths add up
 * to that of the record; each begins with its resource, its scopes or its schema URL.
 */
function isExportRequest(value: Uint8Array): boolean {
  let at = 0;
  for (let message = 0; message < MESSAGES && at < value.length; message++) {
    if (value[at++] !== 0x0a) return false;
    let length = 0;
    let scale = 1;
    for (let byte = 0x80; byte >= 0x80; scale *= 0x80) {
      if (at >= value.length || scale > 0x10000000) return false;
      byte = value[at++]!;
      length += (byte & 0x7f) * scale;
    }
    if (length === 0 || at + length > value.length) return false;
    if (![0x0a, 0x12, 0x1a].includes(value[at]!)) return false;
    at += length;
  }
  return at > 0;
}
