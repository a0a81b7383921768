import type { PolicyConfig } from '../../core/config/policy.ts';
import type { Trigger } from '../../core/triggers.ts';
import type { Decision, ModelRef, Rollout, Serving } from '../types.ts';

/** What decides: the configuration's policy with its triggers, shipped and own, complete and checked. Plain JSON. */
export interface Policy {
  config: PolicyConfig;
  /** Sorted by priority, highest first, then by name. */
  triggers: readonly Trigger[];
}

/** A decision before the ledger's facts are put to it. */
export type DecisionDraft = Omit<Decision, 'id' | 'stream' | 'atMs'>;

/** What a rollout comes to with a new observation. What is left out stays as it is. */
export interface RolloutAdvance {
  rollout: Rollout;
  serving?: Partial<Pick<Serving, 'champion' | 'challenger'>>;
  lastGood?: ModelRef | null;
  /** Of the champion at its promotion. */
  championQuality?: number | null;
  decisions: readonly DecisionDraft[];
}
