import type { ObserveInput } from '../figures/input.ts';
import type { Cause } from '../observation.ts';
import { genuineDrift } from './drift.ts';
import { answer, type CauseFigures, type Facts, factsOf, listed, MIN_WINDOWS } from './facts.ts';
import { leap } from './leap.ts';
import { lateData, missingData } from './missing.ts';
import { entityMix } from './mix.ts';
import { schemaChange } from './schema.ts';
import { season } from './season.ts';
import { faultStorm } from './storm.ts';
import { mayBeProducer, unitChange } from './unit.ts';

/**
 * The rules in the order in which they are asked; the first that answers is believed. What is wrong with the data comes
 * before what they say: a fault of the input looks like drift to every rule that comes after it, never the other way
 * round. A storm of faults shows in the values too, so it comes before season and drift, which are what is left.
 */
const RULES: readonly ((facts: Facts) => Cause | null)[] = [
  schemaChange,
  unitChange,
  lateData,
  entityMix,
  missingData,
  leap,
  faultStorm,
  season,
  genuineDrift,
];

/**
 * Why the figures of the newest interval moved, by rules that a person can read, with the numbers it was told by. A pure
 * function; see docs/decisions/0019-causes.md. `unknown` for too little data and where no rule answers, `none` where
 * nothing moved.
 */
export function classifyShift(input: ObserveInput, figures: CauseFigures): Cause {
  const facts = factsOf(input, figures);
  if (facts === null)
    return answer('unknown', 'There is no interval or no reference to compare: nothing is known.', {});
  const windows = facts.now.windows;
  if (windows < MIN_WINDOWS) {
    const lost = missingData(facts);
    return lost !== null && facts.before.length > 0
      ? lost
      : answer('unknown', `Only ${windows} windows came, too few to tell anything.`, { windows });
  }
  for (const rule of RULES) {
    const cause = rule(facts);
    if (cause !== null) return cause;
  }
  const { moved, features } = facts;
  if (moved.length === 0 && features.length > 0 && figures.features.every(({ status }) => status === 'unknown'))
    return answer('unknown', 'No feature can be judged: there are no limits for them, or too few values.', { windows });
  if (moved.length === 0) {
    return answer('none', 'No feature has moved beyond its limit.', { windows, features: features.length, moved: 0 });
  }
  const suspects = mayBeProducer(facts);
  const names = moved.map((f) => f.name);
  if (!facts.seen && suspects.length === 0) {
    return answer(
      'none',
      `${listed(names)} moved no farther than one of many does by chance.`,
      { windows, features: features.length, moved: moved.length, largestExcess: moved[0]!.excess },
      names,
    );
  }
  return answer(
    'unknown',
    suspects.length > 0
      ? `${listed(names)} moved, and ${suspects[0]!.metric} as if its unit had changed, but not clearly so.`
      : `${listed(names)} moved, and no rule says why.`,
    { windows, moved: moved.length, suspects: suspects.length },
    names,
  );
}
