import { psi } from '../../core/stats/psi.ts';
import type { IntervalCounts } from '../../detector/interval-counts.ts';
import type { Cause } from '../observation.ts';
import { answer, type Facts, percent, shareOf } from './facts.ts';

/** Share of windows of entities that the model does not know, beyond the usual one. */
const NEWCOMERS = 0.08;
/** How many of the entities may come or go. */
const ENTITIES = 0.15;
/** PSI of windows by entity, above what it was from one interval to the next. */
const MIX = 0.2;

/** Other entities send: the values of those that stayed are where they were. */
export function entityMix(facts: Facts): Cause | null {
  const { now, before, reference } = facts;
  const newcomerShare = (counts: IntervalCounts) => shareOf(counts.newcomers, counts.windows);
  const newcomers = newcomerShare(now);
  const usual = facts.before.length === 0 ? 0 : newcomerShare(facts.before[0]!);
  const entitiesUsual = facts.usual((counts) => counts.entities) ?? reference.entities;
  const entities = shareOf(now.entities, entitiesUsual);
  const against = psi(oldestMix(before) ?? reference.mix, now.mix);
  const mix = against.ok ? against.value : 0;
  const evidence = { newcomers, newcomersUsual: usual, entities: now.entities, entitiesUsual, mixPsi: mix };
  if (newcomers >= NEWCOMERS) {
    return answer(
      'entity_mix',
      `${percent(newcomers)} of the windows are of entities that the model does not know: ${now.entities} entities send, where ${entitiesUsual} did.`,
      evidence,
    );
  }
  if (Math.abs(entities - 1) >= ENTITIES && mix >= MIX) {
    return answer('entity_mix', `${now.entities} entities send, where ${entitiesUsual} did.`, evidence);
  }
  if (mix >= MIX) {
    return answer('entity_mix', 'The windows are spread over the entities as they were not before.', evidence);
  }
  return null;
}

const oldestMix = (before: readonly IntervalCounts[]): Float64Array | null => before[0]?.mix ?? null;
