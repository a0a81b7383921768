import type { Decision, DecisionAction } from '../types.ts';
import type { Registry } from './ports.ts';

/** Models of a stream that stay in the registry besides those with a role and those that are kept. */
export const MODELS_KEPT = 10;

/** After these another model has a role, or one has lost it. */
const ENDS_A_ROLE: ReadonlySet<DecisionAction> = new Set([
  'promote',
  'roll_back',
  'keep_champion',
  'withdraw',
  'candidate_refused',
]);

/**
 * Old models go once a rollout has come to an end. It needs no effect of its own: what a process that died left behind goes with
 * the next one. Returns the ids that went. Throws what the registry throws.
 */
export async function retainModels(
  registry: Pick<Registry, 'prune'>,
  stream: string,
  decisions: readonly Decision[],
  most = MODELS_KEPT,
): Promise<string[]> {
  const ended = decisions.some(({ action, result }) => ENDS_A_ROLE.has(action) && result !== 'dry_run');
  return ended ? registry.prune(stream, most) : [];
}
