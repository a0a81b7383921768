import { orThrow, TidewatchError } from '../core/errors.ts';
import { Random } from '../core/random.ts';
import type { LogEvent, Sample } from '../core/types.ts';
import type { FaultRequest } from '../monitor/ports.ts';
import { mix } from './draw.ts';
import { encodeKey, encodeTidewatchEvent, encodeTidewatchJson } from './encode.ts';
import { FaultInjector } from './faults/injector.ts';
import { DEFAULT_STEP_MS, Fleet } from './fleet/fleet.ts';
import { FLEET_ENTITIES, METRICS } from './fleet/services.ts';
import { Transit } from './transit.ts';

export const MAX_RECORDING_HOURS = 24 * 366;
const DEFAULT_START_MS = Date.UTC(2026, 0, 5);

/** A fault of a recording: startMs is event time. */
export interface ScheduledFault extends FaultRequest {
  startMs: number;
}

export interface RecordingOptions {
  seed: number;
  hours: number;
  stepMs?: number;
  /** Event time of the first sample. Default: Monday, 5 January 2026, midnight UTC. */
  startMs?: number;
  faults?: readonly ScheduledFault[];
  /** Share of records that get each kind of disorder: late, duplicate, conflicting, malformed, from the future. */
  disorderShare?: number;
  /** A metric that the edge sends as well, so that a stream which excludes it has filtered points; null for none. */
  filteredMetric?: string | null;
}

export interface GeneratedRecord {
  appendMs: number;
  key: Uint8Array;
  value: Uint8Array;
}

/** How far a disordered record is off. The defaults of a stream's window make such points late, or dead letters. */
const LATE_MS = { min: 45_000, spread: 90_000 };
const FUTURE_MS = { min: 600_000, spread: 3_000_000 };

/**
 * Hours of the demo fleet as a log would have received them, in the order of their append times, the same for the same
 * options. Every disposition occurs: the faults are in it, and a share of disorder beside.
 */
export async function* generate(options: RecordingOptions): AsyncGenerator<GeneratedRecord> {
  const { seed, hours, stepMs = DEFAULT_STEP_MS, startMs = DEFAULT_START_MS } = options;
  const { disorderShare = 0.001, filteredMetric = 'debug_allocations' } = options;
  if (!(hours > 0 && hours <= MAX_RECORDING_HOURS))
    throw new TidewatchError(
      'config_invalid',
      `hours: got ${hours}, wanted more than 0, at most ${MAX_RECORDING_HOURS}`,
    );
  const scheduled = [...(options.faults ?? [])].sort((a, b) => a.startMs - b.startMs);
  const fleet = new Fleet({ seed, startMs, stepMs });
  const injector = new FaultInjector(
    seed,
    FLEET_ENTITIES.map((entity) => [entity, METRICS]),
  );
  const random = new Random(mix(seed, 0x5245434f));
  const transit = new Transit<GeneratedRecord>();

  const deliver = (entity: string, appendMs: number, value: Uint8Array) =>
    transit.send({ appendMs, key: encodeKey(entity), value });
  const onWay = () => 20 + random.below(400);
  const lastAppendMs = new Map<string, number>();

  const arrived = (sample: Sample) => {
    // A sample that a fault held back is appended when it is let go: now, which is the time of the fleet.
    // One sender's records keep their order.
    const appendMs = Math.max(Math.max(sample.timeMs, nowMs) + onWay(), lastAppendMs.get(sample.entity) ?? 0);
    lastAppendMs.set(sample.entity, appendMs);
    const value = injector.bytes(sample.entity, sample.timeMs, encodeTidewatchJson(sample));
    const chance = random.next();
    const kind = Math.floor(chance / disorderShare);
    if (kind === 0) return deliver(sample.entity, appendMs + LATE_MS.min + random.below(LATE_MS.spread), value);
    deliver(sample.entity, appendMs, value);
    if (kind === 1) deliver(sample.entity, appendMs + random.below(1_000), value);
    else if (kind === 2) deliver(sample.entity, appendMs + 500, encodeTidewatchJson(contradicted(sample)));
    else if (kind === 3) deliver(sample.entity, appendMs, value.slice(0, 1 + random.below(value.length - 1)));
    else if (kind === 4) {
      const timeMs = sample.timeMs + FUTURE_MS.min + random.below(FUTURE_MS.spread);
      deliver(sample.entity, appendMs, encodeTidewatchJson({ ...sample, timeMs }));
    }
  };

  let nowMs = startMs;
  const received = {
    sample: arrived,
    event: (event: LogEvent) => deliver(event.entity, nowMs + onWay(), encodeTidewatchEvent(event)),
  };
  const sink = {
    sample(sample: Sample) {
      const wanted = filteredMetric !== null && sample.entity === 'edge';
      injector.apply(wanted ? extended(sample, filteredMetric) : sample, received);
    },
    event: (event: LogEvent) => injector.event(event, received),
  };

  for (const endMs = startMs + hours * 3_600_000; fleet.timeMs < endMs; ) {
    nowMs = fleet.timeMs;
    while (scheduled[0] && scheduled[0].startMs <= nowMs) {
      const fault = scheduled.shift()!;
      orThrow(injector.inject(fault, fault.startMs));
    }
    fleet.step(sink);
    yield* transit.due(nowMs);
  }
  injector.flush(received);
  yield* transit.due(Number.POSITIVE_INFINITY);
}

/** The same time told differently: a conflict, of which the first telling stays. */
function contradicted(sample: Sample): Sample {
  return { ...sample, values: sample.values.map((value) => value + 1) };
}

function extended(sample: Sample, metric: string): Sample {
  return { ...sample, names: [...sample.names, metric], values: [...sample.values, sample.values[0]! * 12] };
}
