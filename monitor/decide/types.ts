import type { PolicyConfig } from '../../core/config/policy.ts';
import type { Trigger } from '../../core/triggers.ts';

/** What decides: the configuration's policy with its triggers, shipped and own, complete and checked. Plain JSON. */
export interface Policy {
  config: PolicyConfig;
  /** Sorted by priority, highest first, then by name. */
  triggers: readonly Trigger[];
}
