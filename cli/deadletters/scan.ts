import type { StreamConfig } from '../../core/config/stream.ts';
import type { Fault } from '../../core/errors.ts';
import { decoderFor } from '../../ingest/decode/index.ts';
import { InfluxLines } from '../../ingest/decode/influx-line.ts';
import type { DecodeSink, PointAt } from '../../ingest/ports.ts';

export interface FoundPoint extends Required<PointAt> {
  /** A cumulative one, of which the rate is what windows hold. */
  total: boolean;
}

/** What a decoder finds in a record by now. */
export interface Scan {
  points: FoundPoint[];
  faults: { fault: Fault; at: PointAt | undefined }[];
  events: number;
}

export function scan(config: StreamConfig, value: Uint8Array, appendMs: number): Scan {
  const found: Scan = { points: [], faults: [], events: 0 };
  const sink: DecodeSink = {
    sample({ entity, timeMs, names }) {
      for (const metric of names) found.points.push({ entity, metric, timeMs, total: false });
    },
    cumulative({ entity, metric, timeMs }) {
      found.points.push({ entity, metric, timeMs, total: true });
    },
    event() {
      found.events++;
    },
    fault(fault, at) {
      found.faults.push({ fault, at });
    },
  };
  decoderFor(config)(value, appendMs, sink);
  return found;
}

/** Whether all that a letter knows of its point is true of this one. */
export const isAt = (at: PointAt, point: PointAt): boolean =>
  (at.entity === undefined || at.entity === point.entity) &&
  (at.metric === undefined || at.metric === point.metric) &&
  (at.timeMs === undefined || at.timeMs === point.timeMs);

/** The bytes of a line of line protocol, by its number from 1 in the record; null when no line begins there. */
export function lineBytes(value: Uint8Array, number: number): Uint8Array | null {
  let found: Uint8Array | null = null;
  let line = 1;
  let counted = 0;
  const ignore = () => undefined;
  const sink: DecodeSink = { sample: ignore, cumulative: ignore, event: ignore, fault: ignore };
  new InfluxLines({ entityTags: [] }).decode(value, 0, sink, undefined, (from, to) => {
    for (; counted < from; counted++) if (value[counted] === 0x0a) line++;
    if (line === number) found = value.subarray(from, to);
  });
  return found;
}
