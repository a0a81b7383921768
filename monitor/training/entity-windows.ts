import type { TrainingRow } from '../../detector/ports.ts';
import { gatherSeries } from '../../detector/train.ts';
import type { Discipline } from './discipline.ts';

/** Windows before the judged ones of an entity, which fill its histories. */
export const WARM_UP_WINDOWS = 256;
/** Entities and windows that are judged at most, over all entities. */
export const MOST_ENTITIES = 24;
export const MOST_WINDOWS = 4096;
/** Entities with fewer judged windows than this say too little. */
export const LEAST_WINDOWS = 24;

/** Consecutive windows of one entity to judge, as they were, with what may be counted. Can be cloned between threads. */
export interface EntityWindows {
  entity: string;
  features: readonly string[];
  startsMs: Float64Array;
  /** Row-major, NaN = missing. */
  values: Float64Array;
  /** Rows at the beginning that are not judged. */
  warmUp: number;
  /** Per row: 1 where nothing speaks against its being normal. */
  clean: Uint8Array;
  /** Per row: 1 labelled anomalous, −1 labelled normal, 0 nothing or contradictory. */
  said: Int8Array;
}

/**
 * The newest windows that start at or after fromMs, of evenly chosen entities, with the windows before them. Every window is
 * there, since a scorer has to live through the bad ones too; what is quarantined or in an incident is not clean.
 */
export function entityWindows(rows: readonly TrainingRow[], fromMs: number, discipline: Discipline): EntityWindows[] {
  const judgeable = [...gatherSeries(rows)].filter(
    ([, { startsMs }]) => startsMs.length - firstAt(startsMs, fromMs) >= LEAST_WINDOWS,
  );
  const step = Math.max(1, judgeable.length / MOST_ENTITIES);
  const chosen: typeof judgeable = [];
  for (let at = 0; Math.floor(at) < judgeable.length; at += step) chosen.push(judgeable[Math.floor(at)]!);
  const most = Math.floor(MOST_WINDOWS / Math.max(1, chosen.length));
  return chosen.map(([entity, { features, startsMs, values }]) => {
    const judged = Math.max(firstAt(startsMs, fromMs), startsMs.length - most);
    const from = Math.max(0, judged - WARM_UP_WINDOWS);
    const starts = startsMs.slice(from);
    const said = Int8Array.from(starts, (startMs) => {
      const label = discipline.labels.of(entity, startMs);
      return label === 'anomalous' ? 1 : label === 'normal' ? -1 : 0;
    });
    return {
      entity,
      features,
      startsMs: starts,
      values: values.slice(from * features.length),
      warmUp: judged - from,
      clean: Uint8Array.from(starts, (startMs) => (discipline.objection(entity, startMs) === null ? 1 : 0)),
      said,
    } satisfies EntityWindows;
  });
}

function firstAt(startsMs: Float64Array, fromMs: number): number {
  const at = startsMs.findIndex((startMs) => startMs >= fromMs);
  return at < 0 ? startsMs.length : at;
}
