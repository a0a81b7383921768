import type { StreamConfig } from '../../core/config/stream.ts';
import type { StreamModel } from '../../detector/model.ts';
import type { EntityWindows } from './entity-windows.ts';
import { Judge } from './judge.ts';
import { type InjectedSet, injectedSet, laneOf } from './recall.ts';

/** Entities and rows of each in a golden set: enough for a coarse figure, little enough to be kept for ever. */
const GOLDEN_ENTITIES = 8;
const GOLDEN_ROWS = 320;
const GOLDEN_WARM_UP = 160;
/** The anomalies of golden sets are the same wherever the windows are. */
const GOLDEN_SEED = 0x601d;

/** Windows of a stream's first champion with the anomalies laid over them; made once and never changed. */
export type GoldenSet = InjectedSet;

/** Where golden sets are kept. */
export interface GoldenSets {
  get(stream: string): Promise<GoldenSet | null>;
  /** The first set of a stream stays; a later one changes nothing. */
  freeze(stream: string, set: GoldenSet): Promise<void>;
}

/** Golden sets without a database. */
export class MemoryGoldenSets implements GoldenSets {
  readonly #sets = new Map<string, GoldenSet>();

  async get(stream: string): Promise<GoldenSet | null> {
    const set = this.#sets.get(stream);
    return set === undefined ? null : structuredClone(set);
  }

  async freeze(stream: string, set: GoldenSet): Promise<void> {
    if (!this.#sets.has(stream)) this.#sets.set(stream, structuredClone(set));
  }
}

/** The oldest judged windows of evenly chosen entities, so that it is not of the trouble that led to an evaluation. */
export function goldenSet(windows: readonly EntityWindows[]): GoldenSet {
  const step = Math.max(1, windows.length / GOLDEN_ENTITIES);
  const chosen: EntityWindows[] = [];
  for (let at = 0; Math.floor(at) < windows.length; at += step) chosen.push(cut(windows[Math.floor(at)]!));
  return injectedSet(chosen, GOLDEN_SEED);
}

function cut(one: EntityWindows): EntityWindows {
  const from = Math.max(0, one.warmUp - GOLDEN_WARM_UP);
  const to = Math.min(one.startsMs.length, from + GOLDEN_ROWS);
  const n = one.features.length;
  return {
    entity: one.entity,
    features: one.features,
    startsMs: one.startsMs.slice(from, to),
    values: one.values.slice(from * n, to * n),
    warmUp: one.warmUp - from,
    clean: one.clean.slice(from, to),
    said: one.said.slice(from, to),
  };
}

/** Recall on a golden set at an equal alert budget. */
export function goldenRecall(model: StreamModel, set: GoldenSet, config: StreamConfig): number {
  const judge = new Judge(model, config);
  return laneOf(set, config.detector.alertRate, (windows) => judge.decades(windows)).recall;
}
