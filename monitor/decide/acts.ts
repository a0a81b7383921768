import { sha256Hex } from '../../core/hash.ts';
import type { TriggerAction } from '../../core/triggers.ts';
import type { Calibration, Decision, ModelRef } from '../types.ts';
import type { Turn } from './turn.ts';
import type { DecisionDraft, Policy } from './types.ts';

/** What decisions do to the state: each writes its decision first, then what follows from it. */

/**
 * A new candidate: trained with the champion's parameters on what is not quarantined. sinceMs: of a stream that has changed,
 * since when, as a model of both normals would fit neither; null where all of the past is like the present.
 */
export function beginRetraining(turn: Turn, draft: DecisionDraft, sinceMs: number | null): Decision {
  const decision = turn.decide(draft);
  turn.spend('retrain');
  turn.state.rollout = { phase: 'training', sinceMs: turn.atMs, decision: decision.id, attempt: 1 };
  // a storm that has stayed was the change itself
  const quarantine = turn.state.quarantine.filter(
    ({ reason, toMs }) => sinceMs === null || reason !== 'fault_storm' || toMs <= sinceMs,
  );
  const order = { kind: 'train', seed: seedOf(decision.id), quarantine, toMs: turn.atMs } as const;
  turn.order(decision.id, sinceMs === null ? order : { ...order, sinceMs });
  return decision;
}

export function beginRecalibration(turn: Turn, draft: DecisionDraft): Decision {
  const { champion, calibration } = turn.state.serving;
  const decision = turn.decide({ ...draft, model: champion });
  turn.spend('recalibrate');
  const same = calibration !== null && calibration.modelId === champion!.modelId;
  const version = (same ? calibration.version : 1) + 1;
  const { quarantine } = turn.state;
  turn.order(decision.id, { kind: 'recalibrate', modelId: champion!.modelId, version, toMs: turn.atMs, quarantine });
  return decision;
}

/** Keeps training and rollouts away until what is wrong has gone for an interval. */
export function hold(turn: Turn, draft: DecisionDraft, trigger: string): Decision {
  const decision = turn.decide({ ...draft, model: turn.state.serving.champion });
  turn.state.hold ??= { sinceMs: turn.atMs, seenMs: turn.atMs, trigger, reason: draft.reason };
  return decision;
}

/** Back to the model that served well before. The one that is left may come again only as a candidate. */
export function rollBack(turn: Turn, draft: DecisionDraft): Decision {
  const to = turn.state.lastGood;
  const decision = turn.decide({ ...draft, model: to });
  turn.spend('roll_back');
  installed(turn, to!, draft.reason);
  turn.state.lastGood = null;
  return decision;
}

/** Puts a model in force for all, by itself. */
export function promote(turn: Turn, draft: DecisionDraft, model: ModelRef): Decision {
  const former = turn.state.serving.champion;
  const decision = turn.decide({ ...draft, model });
  installed(turn, model, draft.reason);
  if (former !== null && former.modelId !== model.modelId) turn.state.lastGood = former;
  return decision;
}

/** Chance that a replay finds again. */
const seedOf = (id: string): number => Number.parseInt(sha256Hex(id).slice(0, 7), 16);

/** What people dismissed stays dismissed with another model; its knots belonged to the one before. */
export function calibrationFor(model: ModelRef, before: Calibration | null): Calibration | null {
  if (before === null || before.modelId === model.modelId) return before;
  if (before.dismissals.length === 0) return null;
  return { ...before, modelId: model.modelId, version: before.version + 1, combined: null };
}

function installed(turn: Turn, model: ModelRef, reason: string): void {
  const { calibration } = turn.state.serving;
  turn.serve({
    champion: model,
    challenger: null,
    calibration: calibrationFor(model, calibration),
    mode: 'forest',
    reason,
  });
  turn.state.rollout = { phase: 'idle' };
  turn.state.championQuality = null;
  turn.state.steppedDown = null;
  forgetConditions(turn);
}

/**
 * What was asked for came to nothing, or did what it could. The episode ends with that: if the condition still holds, the
 * next one begins, and waits its time and its budget.
 */
export function endEpisodes(turn: Turn, policy: Policy, action: TriggerAction): void {
  for (const { name } of policy.triggers.filter((trigger) => trigger.action === action)) {
    const state = turn.state.triggers[name];
    if (state !== undefined && state.acted === state.episode)
      turn.state.triggers[name] = { ...state, sinceMs: null, held: null };
  }
}

/** Another model is held against its own reference: what held of the one before says nothing of it. */
export function forgetConditions(turn: Turn): void {
  for (const [name, state] of Object.entries(turn.state.triggers))
    turn.state.triggers[name] = { ...state, sinceMs: null, held: null };
}
