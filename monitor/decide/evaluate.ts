import { FIGURES, GIVES_WAY } from '../../core/figures.ts';
import type { Trigger } from '../../core/triggers.ts';
import type { Observation } from '../observation.ts';
import type { TriggerState } from '../types.ts';
import type { Policy } from './types.ts';

/** What a trigger's condition comes to: unknown neither holds nor ends what holds. */
export type Condition = 'holds' | 'not' | 'unknown';

export const restingState = (): TriggerState => ({ sinceMs: null, episode: 0, acted: 0, held: null, restsUntilMs: 0 });

/**
 * Whether a figure lies beyond the trigger's limit. A ratio is outside its band only when all of its confidence interval
 * is: three alerts where one was expected say nothing.
 */
export function conditionOf(trigger: Trigger, observation: Observation, policy: Policy): Condition {
  const figure = observation.spans[trigger.span]?.[trigger.figure];
  if (figure === undefined || figure.value === null || figure.status === 'unknown') return 'unknown';
  const { value, limit: own } = figure;
  if (trigger.comparison === 'outside') {
    const [low, high] = typeof own === 'object' && own !== null ? own : policy.config.alertRatioBand;
    const [least, most] = figure.interval ?? [value, value];
    return most < low || least > high ? 'holds' : 'not';
  }
  const limit = limitOf(trigger, typeof own === 'number' ? own : null, policy);
  if (limit === null) return 'unknown';
  return (trigger.comparison === '>' ? value > limit : value < limit) ? 'holds' : 'not';
}

/**
 * With measured limits, a textbook limit holds only where the training data themselves do not exceed it: otherwise it
 * would alarm all the time. A trigger that warns at a part of the textbook limit warns at that part of the measured one.
 */
function limitOf(trigger: Trigger, own: number | null, policy: Policy): number | null {
  const { figure, limit } = trigger;
  if (typeof limit !== 'number') return own;
  const { textbook } = FIGURES[figure];
  if (policy.config.limits !== 'measured' || own === null || textbook === null || !GIVES_WAY.has(figure)) return limit;
  return Math.max(limit, (own * limit) / textbook);
}

/**
 * The state of a trigger after an observation: an episode begins when its condition begins to hold, and ends when it no
 * longer does. Without data it stays as it is. Event time.
 */
export function followed(state: TriggerState, condition: Condition, atMs: number): TriggerState {
  if (condition === 'unknown') return state;
  if (condition === 'not') return state.sinceMs === null ? state : { ...state, sinceMs: null, held: null };
  if (state.sinceMs !== null) return state;
  return { ...state, sinceMs: atMs, episode: state.episode + 1, held: null };
}

/** Whether it asks for its action now: it has held for long enough, was not acted upon, and does not rest. */
export const isDue = (trigger: Trigger, state: TriggerState, atMs: number): boolean =>
  state.sinceMs !== null &&
  atMs - state.sinceMs >= trigger.forMs &&
  state.acted < state.episode &&
  atMs >= state.restsUntilMs;
