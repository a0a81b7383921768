import type { Policy, RolloutAdvance } from '../decide/types.ts';
import type { Observation } from '../observation.ts';
import type { MonitorState } from '../types.ts';

/** How far a candidate has come with what was seen of a grain. */
export function advanceRollout(_policy: Policy, state: MonitorState, _observation: Observation): RolloutAdvance {
  return { rollout: state.rollout, decisions: [] };
}
