import type { LogEvent, Sample } from '../core/types.ts';

const encoder = new TextEncoder();

/** A sample as one Tidewatch JSON record, `{"entity","time","values":{metric: number}}`. Values that are not finite are left out. */
export function encodeTidewatchJson(sample: Sample): Uint8Array {
  let text = `{"entity":${JSON.stringify(sample.entity)},"time":${sample.timeMs},"values":{`;
  let separator = '';
  for (let i = 0; i < sample.names.length; i++) {
    const value = sample.values[i]!;
    if (!Number.isFinite(value)) continue;
    text += `${separator}${JSON.stringify(sample.names[i])}:${value}`;
    separator = ',';
  }
  return encoder.encode(`${text}}}`);
}

/** A log event as one Tidewatch JSON record, `{"entity","time","level","body"}`. */
export function encodeTidewatchEvent(event: LogEvent): Uint8Array {
  return encoder.encode(
    JSON.stringify({ entity: event.entity, time: event.timeMs, level: event.level, body: event.body }),
  );
}

/** The key that a record of an entity is partitioned by. */
export function encodeKey(entity: string): Uint8Array {
  return encoder.encode(entity);
}
