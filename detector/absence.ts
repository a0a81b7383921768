import type { StreamConfig } from '../core/config/stream.ts';
import type { EntityState } from './entity-state.ts';
import type { FoldState } from './fold-state.ts';

/** An entity counts as absent after this many times its usual gap, and after missing.absenceWindows at least. */
const ABSENCE_GAPS = 5;
/** An entity that was seen in fewer windows has no habit yet that its silence could break. */
const HABIT_WINDOWS = 3;

export const canBeMissed = (entity: EntityState): boolean => !entity.tracker.absent && entity.windows >= HABIT_WINDOWS;

/** Names of the entities that have become absent by now, in order. */
export function absentees(state: FoldState, config: StreamConfig, nowMs: number): string[] {
  const leastMs = config.missing.absenceWindows * config.window.hopMs;
  const absent: string[] = [];
  for (const [name, entity] of state.entities) {
    if (!canBeMissed(entity)) continue;
    if (nowMs - entity.lastEndMs < Math.max(leastMs, ABSENCE_GAPS * entity.usualGapMs)) continue;
    // It is back already, in a window that has not closed yet: nobody could have acted on its absence.
    const newest = state.windows.entities.get(name)?.panes.at(-1);
    if (newest === undefined || newest.startMs < entity.lastEndMs) absent.push(name);
  }
  return absent.sort();
}
