import type { Input, MonitorState, Step } from '../types.ts';
import { attempt } from './arbitrate.ts';
import { takeCommand } from './commands.ts';
import { restingState } from './evaluate.ts';
import { takeObservation } from './observe-step.ts';
import { takeResult } from './results.ts';
import { Turn } from './turn.ts';
import type { Policy } from './types.ts';

/** What the monitor knows of a stream before it has seen anything. */
export const firstState = (stream: string): MonitorState => ({
  stream,
  version: 0,
  atMs: 0,
  decisions: 0,
  serving: { revision: 0, champion: null, challenger: null, calibration: null, mode: 'forest', reason: '' },
  trainedMs: null,
  lastGood: null,
  championQuality: null,
  rollout: { phase: 'idle' },
  triggers: {},
  spent: [],
  suspended: false,
  hold: null,
  seen: null,
  steppedDown: null,
  quarantine: [],
  effects: [],
});

/**
 * What an input comes to: a pure function, so that a decision can be computed again from its evidence. It takes any
 * input in any state; one that fits nothing changes nothing but the version. `state` is not changed.
 */
export function step(policy: Policy, state: MonitorState, input: Input): Step {
  const turn = new Turn(state, clockOf(state, input));
  switch (input.kind) {
    case 'observation':
      takeObservation(turn, policy, input.observation);
      break;
    case 'effect':
      takeResult(turn, policy, input.effect, input.result);
      break;
    case 'command':
      takeCommand(turn, input.actor, input.command, input.note);
      break;
    case 'alert':
      takeAlert(turn, policy, input.trigger, input.firing);
      break;
  }
  return turn.step;
}

/**
 * What is seen tells the event time. What else comes tells it only until then: whoever sends it may go by the wall clock,
 * and a clock that has run ahead of the events would make everything due at once.
 */
function clockOf(state: MonitorState, input: Input): number {
  const toldMs = input.kind === 'observation' ? input.observation.atMs : state.seen === null ? input.atMs : state.atMs;
  return Number.isFinite(toldMs) ? toldMs : state.atMs;
}

/**
 * An alert that an outside rule raised for a trigger: the rule has waited its time, so what the trigger asks for is done
 * at once, in the same episode as ours. Whichever path comes first acts; the other finds it done. The end of an episode is
 * for the figures to tell.
 */
function takeAlert(turn: Turn, policy: Policy, name: string, firing: boolean): void {
  const trigger = policy.triggers.find((one) => one.name === name && one.enabled);
  if (trigger === undefined || !firing) return;
  const state = turn.state.triggers[name] ?? restingState();
  const sinceMs = Math.min(state.sinceMs ?? turn.atMs, turn.atMs - trigger.forMs);
  const episode = state.sinceMs === null ? state.episode + 1 : state.episode;
  turn.state.triggers[name] = { ...state, sinceMs, episode };
  attempt(turn, policy, trigger);
}
