import type { Trigger, TriggerAction } from '../../core/triggers.ts';
import type { MonitorState } from '../types.ts';
import type { Turn } from './turn.ts';
import type { Policy } from './types.ts';

const DAY_MS = 86_400_000;
const MONTH_MS = 30 * DAY_MS;
/** Actions that change a model, its calibration or which one serves; a hold keeps them away. */
const TOUCHES_MODEL: ReadonlySet<TriggerAction> = new Set(['recalibrate', 'retrain', 'roll_back', 'disable_forest']);
/** Actions that change nothing but what is written down and who is told. */
const HARMLESS: ReadonlySet<TriggerAction> = new Set(['look', 'page']);

/** What stands against an action; final: nothing else is done in its place. */
export interface Objection {
  why: string;
  final: boolean;
}

const passing = (why: string): Objection => ({ why, final: false });
const final = (why: string): Objection => ({ why, final: true });

/** Why an action may not be taken now, null if it may; 'wait': something is under way, and there is nothing to tell. */
export function objectionTo(
  turn: Turn,
  policy: Policy,
  trigger: Trigger,
  action: TriggerAction,
): Objection | 'wait' | null {
  const { state } = turn;
  if (state.suspended && !HARMLESS.has(action)) return final('The controller is suspended');
  const cause = state.seen?.cause ?? 'unknown';
  if (trigger.causes !== undefined && !trigger.causes.includes(cause))
    return final(`The cause is ${cause.replaceAll('_', ' ')}`);
  if (TOUCHES_MODEL.has(action) && state.hold !== null) return final(`There is a hold (${state.hold.reason})`);
  if (state.serving.mode !== 'forest') {
    if (TOUCHES_MODEL.has(action) && trigger.figure === 'quality')
      return final('The forest does not serve, so its quality is nobody’s');
    if (action === 'recalibrate') return final('The forest does not serve, so there are no scores of it');
  }
  if (action === 'disable_forest' && wantsModel(state, policy))
    return final('Another trigger wants a new model, which may be better');
  return busyOrSpent(turn, policy, action);
}

const wantsModel = ({ triggers }: MonitorState, policy: Policy): boolean =>
  policy.triggers.some(({ name, action }) => action === 'retrain' && (triggers[name]?.sinceMs ?? null) !== null);

function busyOrSpent(turn: Turn, { config }: Policy, action: TriggerAction): Objection | 'wait' | null {
  const { state } = turn;
  switch (action) {
    case 'retrain':
      if (state.rollout.phase !== 'idle' || state.serving.champion === null) return 'wait';
      if (!trainable(state)) return passing(DATA[`${state.seen?.trainable ?? null}`]);
      if (turn.spentWithin('retrain', MONTH_MS) >= config.retrainsPerMonth)
        return passing('The budget of retrainings is spent');
      return null;
    case 'recalibrate':
      if (quarantinedOfLate(state)) return final('What came within a day is quarantined');
      // a champion that is about to be replaced, or was just now, is judged as it is
      if (state.rollout.phase !== 'idle' && state.rollout.phase !== 'approval') return 'wait';
      if (state.effects.some(({ kind }) => kind === 'recalibrate')) return 'wait';
      if (state.serving.champion === null) return 'wait';
      if (turn.spentWithin('recalibrate', DAY_MS) >= config.recalibrationsPerDay)
        return passing('The budget of recalibrations is spent');
      return null;
    case 'roll_back':
      if (state.rollout.phase !== 'watching' || state.lastGood === null) return passing('No former model is ready');
      if (turn.spentWithin('roll_back', DAY_MS) >= config.rollbacksPerDay)
        return passing('The budget of roll-backs is spent');
      return null;
    case 'disable_forest':
      // a candidate is on its way, which may be better
      return state.rollout.phase === 'idle' && state.serving.mode === 'forest' ? null : 'wait';
    case 'fall_back':
      return state.serving.mode === 'forest' ? null : 'wait';
    default:
      return null;
  }
}

/** The alert rate of a day in which something was wrong with what came says nothing of the calibration. */
const quarantinedOfLate = ({ quarantine, atMs }: MonitorState): boolean =>
  quarantine.some(({ entity, toMs }) => entity === null && toMs > atMs - DAY_MS);

/** Nothing trains on data that are poor, nor on data of which nobody knows how good they are. */
const trainable = ({ seen }: MonitorState): boolean => seen?.trainable === true;
const DATA = {
  true: '',
  false: 'The data quality is too low to train',
  null: 'The data quality is not known',
} as const;
