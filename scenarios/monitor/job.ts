import { TidewatchError } from '../../core/errors.ts';
import { SCENARIOS } from './catalogue/index.ts';
import { RECORDED_SETS, type RecordedSet } from './recorded.ts';
import type { Scenario } from './scenario.ts';

/** The source that needs no pack. */
export const FLEET = 'fleet';

/** One story to tell: with one seed, of one source, with and without its trouble. Can be cloned between threads. */
export interface Job {
  scenario: string;
  seed: number;
  /** `fleet`, or a recorded set of the pack. */
  source: string;
  /** Folder of the pack; null where none is needed. */
  pack: string | null;
  /** Folder that the run is written to; null: nothing is written. */
  out: string | null;
}

/** Sets that a seed chooses from, one after the other. */
const SETS = Object.keys(RECORDED_SETS) as RecordedSet[];

/** Every story with every seed: of the synthetic fleet, and where a pack is given and the story allows it of a recorded set. */
export function jobsOf(
  names: readonly string[],
  options: { seeds: readonly number[]; pack: string | null; out: string | null },
): Job[] {
  const { seeds, pack, out } = options;
  return names.flatMap((scenario) => {
    const { recorded } = scenarioNamed(scenario);
    return seeds.flatMap((seed): Job[] => [
      { scenario, seed, source: FLEET, pack, out },
      ...(pack !== null && recorded ? [{ scenario, seed, source: SETS[seed % SETS.length]!, pack, out }] : []),
    ]);
  });
}

export function scenarioNamed(name: string): Scenario {
  const found = SCENARIOS.find((scenario) => scenario.name === name);
  if (found === undefined) throw new TidewatchError('not_found', `scenario ${name}`);
  return found;
}
