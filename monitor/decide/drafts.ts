import type { Trigger } from '../../core/triggers.ts';
import type { Actor, DecisionAction } from '../types.ts';
import type { DecisionDraft } from './types.ts';

/** A decision of the controller's own, without a trigger. */
export const draft = (action: DecisionAction, reason: string, more: Partial<DecisionDraft> = {}): DecisionDraft => ({
  action,
  trigger: null,
  episode: null,
  asked: null,
  cause: null,
  result: 'done',
  reason,
  urgency: 'info',
  actor: 'controller',
  model: null,
  runbook: '',
  ...more,
});

/** A decision that a trigger asked for. */
export const triggered = (
  trigger: Trigger,
  episode: number,
  action: DecisionAction,
  reason: string,
  more: Partial<DecisionDraft> = {},
): DecisionDraft =>
  draft(action, reason, {
    trigger: trigger.name,
    episode,
    asked: trigger.action,
    urgency: trigger.urgency,
    runbook: trigger.runbook,
    ...more,
  });

/** A decision that a person asked for. */
export const commanded = (
  actor: Actor,
  action: DecisionAction,
  reason: string,
  more: Partial<DecisionDraft> = {},
): DecisionDraft => draft(action, reason, { actor, ...more });
