import type { Trigger, TriggerAction } from '../../core/triggers.ts';
import { beginRecalibration, beginRetraining, fallBack, hold, rollBack } from './acts.ts';
import { triggered } from './drafts.ts';
import { isDue, restingState } from './evaluate.ts';
import type { Turn } from './turn.ts';
import type { DecisionDraft, Policy } from './types.ts';

const DAY_MS = 86_400_000;
const MONTH_MS = 30 * DAY_MS;
/** Actions that change a model, its calibration or which one serves; a hold keeps them away. */
const TOUCHES_MODEL: ReadonlySet<TriggerAction> = new Set(['recalibrate', 'retrain', 'roll_back', 'disable_forest']);

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
  const { episode } = state;
  const seen = turn.state.seen;
  const cause = seen?.cause ?? null;
  const say = (draft: DecisionDraft) => turn.decide({ ...draft, cause });

  const against = standsAgainst(turn, policy, trigger, trigger.action);
  if (against === 'wait') return;
  if (against !== null && trigger.otherwise !== undefined && !against.final) {
    const second = standsAgainst(turn, policy, trigger, trigger.otherwise);
    if (second === null) {
      act(
        turn,
        trigger,
        trigger.otherwise,
        episode,
        `${trigger.means} ${against.why}, so ${SPOKEN[trigger.otherwise]}.`,
      );
      settled(turn, trigger, episode);
      return;
    }
  }
  if (against !== null) {
    // told once for each reason; the trigger stays due, for the reason may go
    if (state.held === against.why) return;
    say(
      triggered(trigger, episode, trigger.action, `${trigger.means} ${against.why}, so nothing is done.`, {
        result: 'held',
      }),
    );
    turn.state.triggers[trigger.name] = { ...state, held: against.why };
    return;
  }
  if (trigger.dryRun || policy.config.dryRun) {
    say(
      triggered(trigger, episode, trigger.action, `${trigger.means} It would have been done.`, { result: 'dry_run' }),
    );
    settled(turn, trigger, episode);
    return;
  }
  act(turn, trigger, trigger.action, episode, trigger.means);
  settled(turn, trigger, episode);
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

function settled(turn: Turn, trigger: Trigger, episode: number): void {
  const state = turn.state.triggers[trigger.name] ?? restingState();
  turn.state.triggers[trigger.name] = {
    ...state,
    acted: episode,
    held: null,
    restsUntilMs: turn.atMs + trigger.cooldownMs,
  };
}

/** Why an action may not be taken now; final: nothing else is done in its place. 'wait': silently, something is under way. */
function standsAgainst(
  turn: Turn,
  { config }: Policy,
  trigger: Trigger,
  action: TriggerAction,
): { why: string; final: boolean } | 'wait' | null {
  const { state } = turn;
  if (state.suspended && action !== 'page' && action !== 'look')
    return { why: 'The controller is suspended', final: true };
  const cause = state.seen?.cause ?? 'unknown';
  if (trigger.causes !== undefined && !trigger.causes.includes(cause))
    return { why: `The cause is ${cause.replaceAll('_', ' ')}`, final: true };
  if (TOUCHES_MODEL.has(action) && state.hold !== null)
    return { why: `There is a hold (${state.hold.reason})`, final: true };
  switch (action) {
    case 'retrain':
      if (state.rollout.phase !== 'idle') return 'wait';
      if (state.serving.champion === null) return 'wait';
      if (state.seen?.trainable === false) return { why: 'The data quality is too low to train', final: false };
      if (turn.spentWithin('retrain', MONTH_MS) >= config.retrainsPerMonth)
        return { why: 'The budget of retrainings is spent', final: false };
      return null;
    case 'recalibrate':
      if (state.effects.some(({ kind }) => kind === 'recalibrate') || state.rollout.phase === 'canary') return 'wait';
      if (state.serving.champion === null) return 'wait';
      if (turn.spentWithin('recalibrate', DAY_MS) >= config.recalibrationsPerDay)
        return { why: 'The budget of recalibrations is spent', final: false };
      return null;
    case 'roll_back':
      if (state.rollout.phase !== 'watching' || state.lastGood === null)
        return { why: 'No former model is ready', final: false };
      return null;
    case 'fall_back':
    case 'disable_forest':
      return state.serving.mode === 'forest' ? null : 'wait';
    default:
      return null;
  }
}

function act(turn: Turn, trigger: Trigger, action: TriggerAction, episode: number, reason: string): void {
  const cause = turn.state.seen?.cause ?? null;
  const make = (name: DecisionDraft['action'], more: Partial<DecisionDraft> = {}) =>
    triggered(trigger, episode, name, reason, { cause, ...more });
  switch (action) {
    case 'look':
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
      beginRetraining(turn, make('retrain'));
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
