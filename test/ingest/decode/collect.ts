import type { Fault } from '../../../core/errors.ts';
import type { LogEvent, Sample } from '../../../core/types.ts';
import type { Cumulative, Decoder } from '../../../ingest/ports.ts';

export interface Decoded {
  samples: { entity: string; timeMs: number; values: [string, number][] }[];
  /** Only when there are any. */
  cumulatives?: Cumulative[];
  events: LogEvent[];
  faults: Fault[];
}

/** Everything that a decoder makes of a record, copied. */
export function decodeAll(decoder: Decoder, value: Uint8Array | string, appendMs = 5000): Decoded {
  const out: Decoded = { samples: [], events: [], faults: [] };
  decoder(typeof value === 'string' ? new TextEncoder().encode(value) : value, appendMs, {
    sample: ({ entity, timeMs, names, values }: Sample) => {
      out.samples.push({ entity, timeMs, values: names.map((name, i) => [name, values[i]!]) });
    },
    cumulative: (point) => {
      out.cumulatives = [...(out.cumulatives ?? []), { ...point, totals: [...point.totals] }];
    },
    event: (event) => out.events.push({ ...event }),
    fault: (fault) => out.faults.push(fault),
  });
  return out;
}

export const codes = ({ faults }: Decoded): string[] => faults.map((fault) => fault.code);
