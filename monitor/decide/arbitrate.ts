import type { Trigger, TriggerAction } from '../../core/triggers.ts';
import type { TriggerState } from '../types.ts';
import { beginRecalibration, beginRetraining, hold, rollBack } from './acts.ts';
import { triggered } from './drafts.ts';
import { isDue, restingState } from './evaluate.ts';
import { objectionTo } from './objections.ts';
import { fallBack } from './step-down.ts';
import type { Turn } from './turn.ts';
import type { DecisionDraft, Policy } from './types.ts';

/** Reasons of one episode that are told, at most: causes may change by the hour. */
const MAX_REASONS = 8;

/**
 * Acts on every trigger that is due and of those whose condition is known to hold, the most important first. Each acts at
 * most once an episode.
 */
export function arbitrate(turn: Turn, policy: Policy, holding: ReadonlySet<string>): void {
  for (const trigger of policy.triggers) {
    if (holding.has(trigger.name)) attempt(turn, policy, trigger);
  }
}

/** Acts on one trigger if it is due. */
export function attempt(turn: Turn, policy: Policy, trigger: Trigger): void {
  const state = turn.state.triggers[trigger.name] ?? restingState();
  if (!isDue(trigger, state, turn.atMs)) return;
  const against = objectionTo(turn, policy, trigger, trigger.action);
  if (against === 'wait') return;
  if (against === null) return settle(turn, policy, trigger, trigger.action, trigger.means);
  const { otherwise } = trigger;
  if (otherwise !== undefined && !against.final && objectionTo(turn, policy, trigger, otherwise) === null)
    return settle(turn, policy, trigger, otherwise, `${trigger.means} ${against.why}, so ${SPOKEN[otherwise]}.`);
  heldBack(turn, policy, trigger, state, against.why);
}

/** Tells why nothing is done, once for each reason; the trigger stays due, for the reason may go. */
function heldBack(turn: Turn, policy: Policy, trigger: Trigger, state: TriggerState, why: string): void {
  const told = reasonsTold(state);
  if (told.includes(why) || told.length >= MAX_REASONS) return;
  const held = [...told, why].join('\n');
  turn.state.triggers[trigger.name] = { ...state, held };
  if (alike(turn, policy, trigger).some(([, other]) => reasonsTold(other).includes(why))) return;
  const reason = `${trigger.means} ${why}, so nothing is done.`;
  const cause = turn.state.seen?.cause ?? null;
  turn.decide(triggered(trigger, state.episode, trigger.action, reason, { result: 'held', cause }));
}

const reasonsTold = ({ held }: TriggerState): string[] => held?.split('\n') ?? [];

/** Other triggers that ask for the same new model or calibration at this time: what is done or told of one is so of all. */
function alike(turn: Turn, policy: Policy, { name, action }: Trigger): [name: string, state: TriggerState][] {
  if (action !== 'retrain' && action !== 'recalibrate') return [];
  return policy.triggers.flatMap((other): [string, TriggerState][] => {
    const state = turn.state.triggers[other.name];
    const asks = other.enabled && other.name !== name && other.action === action && !other.dryRun;
    return asks && state !== undefined && state.sinceMs !== null ? [[other.name, state]] : [];
  });
}

/** Takes the action, or only writes it down in a dry run; either way the episode is acted upon. */
function settle(turn: Turn, policy: Policy, trigger: Trigger, action: TriggerAction, reason: string): void {
  const { episode } = turn.state.triggers[trigger.name] ?? restingState();
  if (trigger.dryRun || policy.config.dryRun) {
    const cause = turn.state.seen?.cause ?? null;
    const said = `${reason} It would have been done.`;
    turn.decide(triggered(trigger, episode, action, said, { result: 'dry_run', cause }));
  } else act(turn, policy, trigger, action, episode, reason);
  const state = turn.state.triggers[trigger.name] ?? restingState();
  turn.state.triggers[trigger.name] = {
    ...state,
    acted: episode,
    held: null,
    restsUntilMs: turn.atMs + trigger.cooldownMs,
  };
  if (trigger.dryRun) return;
  for (const [name, other] of alike(turn, policy, trigger))
    turn.state.triggers[name] = { ...other, acted: other.episode, held: null };
}

const SPOKEN: Record<TriggerAction, string> = {
  look: 'it is only noted',
  page: 'somebody is called',
  hold: 'nothing is changed until it is cleared up',
  recalibrate: 'it is calibrated anew',
  fall_back: 'the fallback serves',
  disable_forest: 'the forest is disabled',
  retrain: 'it is trained anew',
  roll_back: 'the former model serves again',
};

/** When the change began that another model is wanted for: as the first of the triggers saw it that ask for one. */
function changedSince(turn: Turn, policy: Policy): number | null {
  const cause = turn.state.seen?.cause;
  if (cause !== 'gradual_drift' && cause !== 'sudden_drift') return null;
  const asking = policy.triggers.filter(({ action, figure }) => action === 'retrain' && figure !== 'model_age');
  const since = asking.flatMap(({ name }) => turn.state.triggers[name]?.sinceMs ?? []);
  return since.length === 0 ? null : Math.min(...since);
}

function act(
  turn: Turn,
  policy: Policy,
  trigger: Trigger,
  action: TriggerAction,
  episode: number,
  reason: string,
): void {
  const cause = turn.state.seen?.cause ?? null;
  const make = (name: DecisionDraft['action'], more: Partial<DecisionDraft> = {}) =>
    triggered(trigger, episode, name, reason, { cause, ...more });
  switch (action) {
    case 'look':
      // in place of what was asked for: nobody has to get up for what is only noted
      turn.decide(make(action, trigger.action === 'look' ? {} : { urgency: 'info' }));
      break;
    case 'page':
      turn.decide(make(action));
      break;
    case 'hold':
      hold(turn, make('hold'), trigger.name);
      break;
    case 'recalibrate':
      beginRecalibration(turn, make('recalibrate'));
      break;
    case 'retrain':
      beginRetraining(turn, make('retrain'), changedSince(turn, policy));
      break;
    case 'fall_back':
      fallBack(turn, make('fall_back'), 'fallback');
      break;
    case 'disable_forest':
      fallBack(turn, make('disable_forest'), 'fallback');
      break;
    case 'roll_back':
      rollBack(turn, make('roll_back'));
      break;
  }
}
