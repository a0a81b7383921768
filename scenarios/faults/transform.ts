import { exp2 } from '../../core/math.ts';
import type { FaultName } from './table.ts';

/** What a fault has seen of the metric that it strikes. */
export interface Seen {
  /** The first value under the fault, NaN before it. */
  first: number;
  /** Mean of |value| so far, and of how many. */
  meanAbs: number;
  count: number;
}

/** Leaks and drifts stop growing here, as multiples of the usual level. */
const GROWTH_LIMIT = 1000;
const LEAK_PER_MINUTE = 0.25;
const DRIFT_PER_MINUTE = 0.01;
const LOG2_3 = 1.584962500721156;
const LOG2_5 = 2.321928094887362;
const LOG2_1000 = 9.965784284662087;

export const DELAY_MS = 60_000;

export function notSeen(): Seen {
  return { first: Number.NaN, meanAbs: 0, count: 0 };
}

/** The value that a faulty metric shows instead; finite for finite values. elapsedMs: since the fault began. */
export function struck(
  fault: FaultName,
  metric: string,
  value: number,
  elapsedMs: number,
  magnitude: number,
  seen: Seen,
): number {
  if (!Number.isFinite(value)) return value;
  if (seen.count === 0) seen.first = value;
  seen.count++;
  seen.meanAbs += (Math.abs(value) - seen.meanAbs) / seen.count;
  return clamp(altered(fault, metric, value, elapsedMs / 60_000, magnitude, seen));
}

function altered(fault: FaultName, metric: string, value: number, minutes: number, m: number, seen: Seen): number {
  switch (fault) {
    case 'leak':
      return value + usualLevel(seen) * Math.min(LEAK_PER_MINUTE * m * minutes, GROWTH_LIMIT);
    case 'slow_drift':
      return value + usualLevel(seen) * Math.min(DRIFT_PER_MINUTE * m * minutes, GROWTH_LIMIT);
    case 'latency_step':
      return value * exp2(LOG2_3 * m);
    case 'traffic_drop':
      return value * exp2(-LOG2_5 * m);
    case 'unit_change':
      return value * exp2((/bytes/i.test(metric) ? 10 : LOG2_1000) * m);
    case 'stuck_sensor':
      return m >= 1 ? seen.first : value + m * (seen.first - value);
    default:
      return value;
  }
}

/** A metric that has only been 0 still has to grow: it does so in units. */
function usualLevel(seen: Seen): number {
  return seen.meanAbs > 0 ? seen.meanAbs : 1;
}

function clamp(value: number): number {
  return Math.min(Math.max(value, -Number.MAX_VALUE), Number.MAX_VALUE);
}
