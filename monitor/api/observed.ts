import { FIGURES } from '../../core/figures.ts';
import { SPANS } from '../../core/triggers.ts';
import type { FeatureFigures, FigureStatus, Observation } from '../observation.ts';

/** A record, so that no field of an observation is forgotten here. */
const TOP: Record<keyof Observation, true> = {
  stream: true,
  atMs: true,
  grainMs: true,
  intervalMs: true,
  modelId: true,
  alertRate: true,
  spans: true,
  features: true,
  quality: true,
  cause: true,
  champion: true,
  challenger: true,
  windows: true,
  entities: true,
  alertRun: true,
};

/** What can be asked of an observation by name: its fields, one span of its figures, or one figure of a span. */
export const OBSERVATION_FIELDS: ReadonlySet<string> = new Set([
  ...Object.keys(TOP),
  ...SPANS.map((span) => `spans.${span}`),
  ...SPANS.flatMap((span) => Object.keys(FIGURES).map((figure) => `spans.${span}.${figure}`)),
]);

export interface ObservationParts {
  /** Of OBSERVATION_FIELDS; undefined: all. When it was is always told. */
  fields?: readonly string[] | undefined;
  /** The one feature that is kept among the features; undefined: all. */
  feature?: string | undefined;
}

/** An observation with what was asked of it and nothing else, in the shape that the whole of it has. */
export function partOf(whole: Observation, { fields, feature }: ObservationParts): Partial<Observation> {
  const from =
    feature === undefined ? whole : { ...whole, features: whole.features.filter((f) => f.feature === feature) };
  if (fields === undefined) return from;
  const part: Record<string, unknown> = { atMs: from.atMs };
  for (const field of fields) copyField(field.split('.'), from, part);
  return part;
}

function copyField([name, ...rest]: readonly string[], from: object, to: Record<string, unknown>): void {
  const value: unknown = (from as Record<string, unknown>)[name!];
  if (value === undefined) return;
  if (rest.length === 0) {
    to[name!] = value;
    return;
  }
  // a copy: what it stands in may be the observation's own, asked for as a whole before
  const inner = { ...(to[name!] as object | undefined) };
  copyField(rest, value as object, inner);
  to[name!] = inner;
}

/** Values that one answer holds: two weeks of intervals of six hours, of five thousand features. */
const MAX_CELLS = 280_000;
/** Below every measure. */
const UNKNOWN = -1;
export const MEASURES = ['psi', 'ks'] as const;
export type Measure = (typeof MEASURES)[number];

export interface ShiftedFeature {
  feature: string;
  /** The newest limit that it was held against. */
  limit: number;
  /** One an interval; null where it is not known. */
  values: (number | null)[];
  statuses: FigureStatus[];
}
export interface FeatureShifts {
  /** null: nothing was seen. */
  intervalMs: number | null;
  /** Ends of the intervals, oldest first, counted back from the newest observation. */
  ends: number[];
  /** How many features were measured in this time, those left out included. */
  total: number;
  features: ShiftedFeature[];
}

/**
 * How far features have shifted from training, as columns: of each interval of event time its newest observation, those
 * first that have shifted most in the newest one, then by their largest shift.
 *
 * observations: in the order of time. most: features at most, and fewer where they would have more than MAX_CELLS values.
 * decimals: of the values; the order is that of exact ones.
 */
export function featureShifts(
  observations: readonly Observation[],
  { measure, most, decimals }: { measure: Measure; most: number; decimals: number },
): FeatureShifts {
  const columns = intervalsOf(observations);
  const value = (f: FeatureFigures): number => f[measure] ?? UNKNOWN;
  const ranked = new Map<string, { limit: number; newest: number; largest: number }>();
  columns.forEach(({ observation }, at) => {
    for (const f of observation?.features ?? []) {
      const newest = at === columns.length - 1 ? value(f) : UNKNOWN;
      const largest = Math.max(value(f), ranked.get(f.feature)?.largest ?? UNKNOWN);
      ranked.set(f.feature, { limit: measure === 'ks' ? f.ksLimit : f.psiLimit, newest, largest });
    }
  });
  const shown = [...ranked]
    .sort(([, a], [, b]) => b.newest - a.newest || b.largest - a.largest)
    .slice(0, Math.min(most, Math.floor(MAX_CELLS / Math.max(1, columns.length))))
    .map(
      ([feature, { limit }]): ShiftedFeature => ({
        feature,
        limit,
        values: columns.map(() => null),
        statuses: columns.map(() => 'unknown'),
      }),
    );
  const rows = new Map(shown.map((row) => [row.feature, row]));
  columns.forEach(({ observation }, at) => {
    for (const f of observation?.features ?? []) {
      const row = rows.get(f.feature);
      const exact = f[measure];
      if (row === undefined || exact === null) continue;
      row.values[at] = Number(exact.toFixed(decimals));
      row.statuses[at] = f.status;
    }
  });
  return {
    intervalMs: observations.at(-1)?.intervalMs ?? null,
    ends: columns.map(({ endMs }) => endMs),
    total: ranked.size,
    features: shown,
  };
}

/** The newest observation of each interval, oldest first; null where none is known. */
function intervalsOf(observations: readonly Observation[]): { endMs: number; observation: Observation | null }[] {
  const newest = observations.at(-1);
  if (newest === undefined) return [];
  const { intervalMs } = newest;
  const columns: { endMs: number; observation: Observation | null }[] = [];
  let next = observations.length - 1;
  for (let endMs = newest.atMs; next >= 0; endMs -= intervalMs) {
    const within = (i: number) => i >= 0 && observations[i]!.atMs > endMs - intervalMs;
    columns.push({ endMs, observation: within(next) ? observations[next]! : null });
    while (within(next)) next--;
  }
  return columns.reverse();
}
