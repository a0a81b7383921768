import { streamConfig } from '../../../core/config/stream.ts';
import { Random } from '../../../core/random.ts';
import type { Verdict } from '../../../core/types.ts';
import type { TrainingRow } from '../../../detector/ports.ts';
import { noOutputs } from '../../../ingest/ports.ts';
import { classifyShift } from '../../../monitor/cause/classify.ts';
import type { ObserveInput } from '../../../monitor/figures/input.ts';
import type { Cause } from '../../../monitor/observation.ts';
import { Counted, figuresOf, type Measures, measuresOf } from './counted.ts';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
export const INTERVAL_MS = 6 * HOUR_MS;
const WINDOW_MS = 600_000;
const START_MS = Date.UTC(2026, 0, 5);
const TRAINED_DAYS = 8;
/** End of the interval that is judged. */
export const AT_MS = START_MS + (TRAINED_DAYS + 8) * DAY_MS;

export const METRICS = ['cpu', 'memory', 'requests', 'errors', 'latency', 'queue', 'temperature', 'disk'] as const;
const ENTITIES = 8;
const FEATURES = METRICS.map((metric) => `${metric}__mean__10m`);
const stream = streamConfig.parse({ name: 'test', window: { size: '10m' } });

/** A window before it is counted; changes may give it other values, names, severity, or leave it out. */
export interface Row {
  entity: string;
  index: number;
  timeMs: number;
  features: string[];
  values: number[];
  severity: number;
  late: number;
}
export type Change = (row: Row) => Row | null;

/** Values of a healthy fleet: about a level of each entity and metric, with a daily course and noise. */
function rowAt(index: number, timeMs: number): Row {
  const values = METRICS.map((_, m) => {
    const random = new Random(index * 7919 + m * 104_729 + Math.floor(timeMs / WINDOW_MS) * 31);
    const level = 5 * (1 + ((index * 3 + m * 5) % 7));
    return level * (1 + 0.1 * Math.sin((2 * Math.PI * (timeMs % DAY_MS)) / DAY_MS) + 0.12 * random.normal());
  });
  return { entity: `host-${index}`, index, timeMs, features: [...FEATURES], values, severity: 0.2, late: 0 };
}

function rowsOf(fromMs: number, toMs: number, change: Change, entities = ENTITIES): Row[] {
  const rows: Row[] = [];
  for (let timeMs = fromMs; timeMs < toMs; timeMs += WINDOW_MS)
    for (let index = 0; index < entities; index++) {
      const row = change(rowAt(index, timeMs));
      if (row !== null) rows.push(row);
    }
  return rows;
}

export const healthy: Change = (row) => row;

let trained: Measures | null = null;
const measures = (): Measures => {
  trained ??= measuresOf(
    rowsOf(START_MS, START_MS + TRAINED_DAYS * DAY_MS, healthy).map(
      (row): TrainingRow => ({ ...row, windowStartMs: row.timeMs, values: Float64Array.from(row.values) }),
    ),
    INTERVAL_MS,
  );
  return trained;
};

/** What the monitor would be given of a fleet to which `change` happens. entities: more than the trained ones are new. */
export function inputOf(change: Change = healthy, history = 8, entities = ENTITIES): ObserveInput {
  const counted = new Counted(measures(), INTERVAL_MS, HOUR_MS);
  const weekMs = AT_MS - 7 * DAY_MS;
  const out = noOutputs();
  const points = new Map<number, { applied: number; late: number }>();
  for (const row of [
    ...rowsOf(weekMs - INTERVAL_MS, weekMs, change, entities),
    ...rowsOf(AT_MS - 9 * INTERVAL_MS, AT_MS, change, entities),
  ]) {
    const verdict = {
      entity: row.entity,
      windowStartMs: row.timeMs,
      readings: { features: row.features, values: row.values },
      ...{ severity: row.severity, probation: false, source: 'forest' },
    };
    out.verdicts.push(verdict as unknown as Verdict);
    const grainMs = Math.floor(row.timeMs / HOUR_MS) * HOUR_MS;
    const sum = points.get(grainMs) ?? { applied: 0, late: 0 };
    sum.applied += row.values.length;
    sum.late += row.late;
    points.set(grainMs, sum);
  }
  for (const row of out.verdicts)
    if (row.severity > 1)
      out.incidents.push({
        id: `${row.entity}-${Math.floor(row.windowStartMs / DAY_MS)}`,
        startMs: row.windowStartMs,
      } as never);
  counted.take(out);
  const nothing = { applied: 0, late: 0, duplicate: 0, dead_lettered: 0, filtered: 0, conflicts: 0, events: 0 };
  for (const [grainMs, sum] of points) counted.read(grainMs, nothing, { ...nothing, ...sum });
  return counted.input(stream, AT_MS, history);
}

export const figures = (input: ObserveInput) => figuresOf(input, measures());

export const classified = (change: Change, history = 8, entities = ENTITIES): Cause => {
  const input = inputOf(change, history, entities);
  return classifyShift(input, figures(input));
};

/** Starts of intervals before the end: 1 is the newest. */
export const back = (intervals: number): number => AT_MS - intervals * INTERVAL_MS;

export const scaled =
  (metric: number, factor: number, fromMs: number, offset = 0, part = ENTITIES): Change =>
  (row) => {
    if (row.timeMs >= fromMs && row.index < part) row.values[metric] = row.values[metric]! * factor + offset;
    return row;
  };

/** Some metrics move by a measure of their own, times `grown`, in standard deviations of about 0.14 of their level. */
export const moving =
  (grown: (timeMs: number) => number, metrics: readonly number[] = [0, 2, 4, 5]): Change =>
  (row) => {
    for (const m of metrics) {
      const own = 0.14 * (1.6 + 0.25 * m + 0.1 * (row.index % 4));
      row.values[m]! *= 1 + (m === 4 ? -0.5 : 1) * own * grown(row.timeMs);
    }
    return row;
  };
