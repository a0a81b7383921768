import { sha256Hex } from '../../core/hash.ts';
import { pairedBootstrap } from '../../core/stats/bootstrap.ts';
import type { Evaluation } from '../types.ts';
import type { InjectedSet } from './recall.ts';
import { mean } from './recall.ts';

/** Kinds of entities in their names that are told apart; with fewer or more, groups are drawn by hash. */
const FAMILIES = [2, 8] as const;
const HASH_GROUPS = 4;
/** Events of a group below which it says nothing of its own. */
const LEAST_EVENTS = 16;
/** Share of the events of a group by which a candidate must be worse to count. */
const LEAST_DIFFERENCE = 0.1;

/** What an entity is called before its number: `web-07` is a web. */
const familyOf = (entity: string): string => entity.replace(/[\d._:-]+$/, '') || entity;

/** By entity, the group that it is judged in. */
export function segmentsOf(entities: readonly string[]): ReadonlyMap<string, string> {
  const families = new Set(entities.map(familyOf));
  const named = families.size >= FAMILIES[0] && families.size <= FAMILIES[1];
  return new Map(
    entities.map((entity) => [
      entity,
      named ? familyOf(entity) : `group ${Number.parseInt(sha256Hex(entity).slice(0, 4), 16) % HASH_GROUPS}`,
    ]),
  );
}

/**
 * Groups of entities in which the candidate finds clearly less than the champion: by LEAST_DIFFERENCE at least, and with
 * its whole interval below 0. The level of the interval is shared out over the groups (Bonferroni).
 */
export function worseSegments(
  set: InjectedSet,
  champion: Float64Array,
  candidate: Float64Array,
  options: { seed: number; significance: number },
): Evaluation['worseSegments'] {
  const segments = segmentsOf(set.windows.map(({ entity }) => entity));
  const names = [...new Set(segments.values())].sort();
  const worse: { segment: string; difference: number }[] = [];
  for (const segment of names) {
    const before: number[] = [];
    const after: number[] = [];
    let at = 0;
    for (const { windows, events } of set.injected) {
      for (let k = 0; k < events.length; k++, at++) {
        if (segments.get(windows.entity) !== segment) continue;
        before.push(champion[at]!);
        after.push(candidate[at]!);
      }
    }
    if (before.length < LEAST_EVENTS) continue;
    const compared = pairedBootstrap(
      Float64Array.from(before),
      Float64Array.from(after),
      before.map(() => 1),
      mean,
      { seed: options.seed, coverage: 1 - options.significance / names.length },
    );
    if (!compared.ok) continue;
    const { difference, interval } = compared.value;
    if (difference <= -LEAST_DIFFERENCE && interval[1] < 0) worse.push({ segment, difference });
  }
  return worse;
}
