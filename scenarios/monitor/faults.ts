import { Random } from '../../core/random.ts';
import { mix } from '../draw.ts';
import type { Conditions } from './telemetry.ts';

/** What goes on in the world, or wrong with it, from startMs until endMs (never: null), in event time. */
export type MonitorFault = { startMs: number; endMs: number | null } & FaultKind;
export type FaultKind =
  /** Values move together, each entity and metric in a measure of its own, about sd standard deviations; over rampMs. */
  | { kind: 'shift'; rampMs: number; sd: number; metricShare: number }
  /** A producer sends a metric in another unit. */
  | { kind: 'unit'; metric: string; factor: number }
  /** A metric is not sent any more. */
  | { kind: 'drop'; metric: string }
  /** A share of the samples never comes, a share comes byMs late. */
  | { kind: 'silence'; share: number }
  | { kind: 'delay'; share: number; byMs: number }
  /** So many samples where there was one. */
  | { kind: 'volume'; factor: number }
  /** Anomalies of single entities come so many times as often; a storm is a very large number for some hours. */
  | { kind: 'prevalence'; factor: number }
  /** Demand is another multiple of the usual one. */
  | { kind: 'season'; factor: number }
  /** What wanders wanders faster, and no further. */
  | { kind: 'restless'; factor: number }
  /** Entities that nobody has seen before join: copies of others, at a scale of their own. */
  | { kind: 'newcomers'; share: number };

const SHIFT_DRAWS = 0x53484946;
const EPISODE_DRAWS = 0x45504953;
const NEWCOMER_DRAWS = 0x4e455743;
/** A metric falls only where its mean is so many times as large as the fall. */
const LEAST_LEVEL = 3;
const DAY_MS = 86_400_000;
/** Anomalies of an entity in a day, in a world without faults. */
const EPISODES_PER_DAY = 0.02;
/** Periods that an anomaly lasts at most. */
const EPISODE_PERIODS = 6;

export const active = (fault: MonitorFault, timeMs: number): boolean =>
  timeMs >= fault.startMs && (fault.endMs === null || timeMs < fault.endMs);

/** What of the faults lies below the telemetry. */
export function conditionsAt(faults: readonly MonitorFault[], timeMs: number): Conditions {
  const conditions = { demand: 1, restlessness: 1 };
  for (const fault of faults) {
    if (!active(fault, timeMs)) continue;
    if (fault.kind === 'season') conditions.demand *= fault.factor;
    if (fault.kind === 'restless') conditions.restlessness *= fault.factor;
  }
  return conditions;
}

/** A table of entities × metrics of one period, and mean and standard deviation of each cell so far. */
export interface Period {
  timeMs: number;
  periodMs: number;
  metrics: readonly string[];
  entities: number;
  values: Float64Array;
  means: Float64Array;
  sds: Float64Array;
}

/** Lays over a period what the faults do to values. seed: of the world; the same seed draws the same. */
export function strike(faults: readonly MonitorFault[], seed: number, period: Period): void {
  episodes(faults, seed, period);
  for (const [i, fault] of faults.entries()) {
    if (!active(fault, period.timeMs)) continue;
    if (fault.kind === 'shift') shift(fault, mix(seed, SHIFT_DRAWS, i), period);
    else if (fault.kind === 'unit' || fault.kind === 'drop') {
      const { metrics, entities, values } = period;
      const column = metrics.indexOf(fault.metric);
      for (let e = 0; e < entities; e++) {
        const at = e * metrics.length + column;
        values[at] = fault.kind === 'unit' ? values[at]! * fault.factor : Number.NaN;
      }
    }
  }
}

/** A genuine change: one cause below, seen in some metrics of every entity, neither a constant nor a factor. */
function shift(fault: Extract<MonitorFault, { kind: 'shift' }>, seed: number, period: Period): void {
  const { timeMs, metrics, entities, values, means, sds } = period;
  const grown = fault.rampMs === 0 ? 1 : Math.min(1, (timeMs - fault.startMs) / fault.rampMs);
  const random = new Random(seed);
  const column = shuffled(random, metrics.length).slice(0, Math.max(2, Math.round(metrics.length * fault.metricShare)));
  const direction = column.map(() => (random.next() < 0.3 ? -1 : 1));
  const noise = new Random(mix(seed, Math.floor(timeMs / period.periodMs)));
  for (let e = 0; e < entities; e++) {
    const measure = 0.7 + 0.6 * random.next();
    const together = noise.normal();
    for (const [k, c] of column.entries()) {
      const own = 0.7 + 0.6 * random.next();
      const at = e * metrics.length + c;
      const by = fault.sd * measure * own;
      // what would come near zero rises instead: a load does not fall below none
      const sign = means[at]! > LEAST_LEVEL * by * sds[at]! ? direction[k]! : 1;
      values[at]! += grown * sign * by * (1 + 0.04 * together + 0.03 * noise.normal()) * sds[at]!;
    }
  }
}

/** Anomalies: for some periods a few metrics of an entity leave their range. Drawn by entity and day, whatever else happens. */
function episodes(faults: readonly MonitorFault[], seed: number, period: Period): void {
  const { timeMs, periodMs, metrics, entities, values, sds } = period;
  let perDay = EPISODES_PER_DAY;
  for (const fault of faults) if (fault.kind === 'prevalence' && active(fault, timeMs)) perDay *= fault.factor;
  const day = Math.floor(timeMs / DAY_MS);
  for (let e = 0; e < entities; e++) {
    const random = new Random(mix(seed, EPISODE_DRAWS, e, day));
    for (let left = perDay; left > 0; left--) {
      const happens = random.next() < Math.min(1, left);
      const atMs = day * DAY_MS + Math.floor((random.next() * DAY_MS) / periodMs) * periodMs;
      const periods = 2 + random.below(EPISODE_PERIODS - 1);
      const columns = shuffled(random, metrics.length).slice(0, 2);
      const size = (random.next() < 0.5 ? -1 : 1) * (4 + 4 * random.next());
      if (!happens || timeMs < atMs || timeMs >= atMs + periods * periodMs) continue;
      for (const c of columns) values[e * metrics.length + c]! += size * sds[e * metrics.length + c]!;
    }
  }
}

/** Which entities have copies by now, and the factor of each of their metrics. */
export function newcomersAt(
  faults: readonly MonitorFault[],
  seed: number,
  timeMs: number,
  entities: number,
  metrics: number,
) {
  const copies: { of: number; factors: Float64Array }[] = [];
  for (const [i, fault] of faults.entries()) {
    if (fault.kind !== 'newcomers' || !active(fault, timeMs)) continue;
    const random = new Random(mix(seed, NEWCOMER_DRAWS, i));
    const count = Math.round(entities * fault.share);
    for (let k = 0; k < count; k++) {
      const factors = Float64Array.from({ length: metrics }, () => 0.6 + random.next());
      copies.push({ of: k % entities, factors });
    }
  }
  return copies;
}

export function shuffled(random: Random, n: number): number[] {
  const order = Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
