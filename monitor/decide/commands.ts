import type { Actor, Command, DecisionAction, MonitorState } from '../types.ts';
import { beginRecalibration, beginRetraining, promote, rollBack } from './acts.ts';
import { commanded, draft } from './drafts.ts';
import { beginShadow } from './results.ts';
import { fallBack } from './step-down.ts';
import type { Turn } from './turn.ts';

/** More than these are no exceptions any more; the oldest go. */
export const MAX_DISMISSALS = 256;

/** What of a command stands against it, or null. */
type Objection = (state: MonitorState) => string | null;
const busy: Objection = ({ rollout }) =>
  rollout.phase === 'idle' ? null : 'A rollout is under way; reject or revert it first.';
const noChampion: Objection = ({ serving }) => (serving.champion === null ? 'There is no champion yet.' : null);

/** Takes a person's command: it is done, or refused with the reason; either is a decision. Budgets do not bind people. */
export function takeCommand(turn: Turn, actor: Actor, command: Command, note: string): void {
  const { state } = turn;
  const words = (what: string) => (note === '' ? what : `${what} ${note}`);
  const refuse = (action: DecisionAction, why: string) =>
    turn.decide(commanded(actor, action, why, { result: 'refused' }));
  switch (command.kind) {
    case 'adopt':
      if (state.serving.champion !== null) return;
      turn.decide(draft('promote', 'The model that serves is the champion from here on.', { model: command.model }));
      turn.serve({ champion: command.model, reason: 'the model that served' });
      state.trainedMs = command.trainedMs;
      return;
    case 'promote':
      if (state.serving.champion?.modelId === command.model.modelId) {
        refuse('promote', 'It is the champion already.');
        return;
      }
      endRollout(turn, actor, 'Another model was promoted by hand.');
      promote(turn, commanded(actor, 'promote', words('Promoted by hand.')), command.model);
      return;
    case 'revert':
      if (state.lastGood === null) refuse('roll_back', 'There is no model to go back to.');
      else {
        endRollout(turn, actor, 'The model was rolled back by hand.');
        rollBack(turn, commanded(actor, 'roll_back', words('Rolled back by hand.')));
      }
      return;
    case 'retrain': {
      const against = noChampion(state) ?? busy(state);
      if (against !== null) refuse('retrain', against);
      else beginRetraining(turn, commanded(actor, 'retrain', words('Asked for by hand.')), null);
      return;
    }
    case 'recalibrate': {
      const against = noChampion(state);
      if (against !== null) refuse('recalibrate', against);
      else beginRecalibration(turn, commanded(actor, 'recalibrate', words('Asked for by hand.')));
      return;
    }
    case 'approve':
    case 'reject':
      answerCandidate(turn, actor, command, words);
      return;
    case 'suspend':
    case 'resume': {
      const suspended = command.kind === 'suspend';
      if (state.suspended === suspended && (suspended || state.hold === null))
        refuse(command.kind, suspended ? 'It is suspended.' : 'It is neither suspended nor held.');
      else if (suspended) {
        state.suspended = true;
        // what comes of it would change what serves
        state.effects = state.effects.filter(({ kind }) => kind !== 'recalibrate');
        const what = 'The controller is suspended: it decides nothing.';
        turn.decide(commanded(actor, 'suspend', words(what), { urgency: 'ticket' }));
      } else {
        const what = state.suspended ? 'The controller decides again.' : `The hold is lifted (${state.hold?.reason}).`;
        if (!state.suspended) state.hold = null;
        state.suspended = false;
        turn.decide(commanded(actor, 'resume', words(what), { urgency: 'ticket' }));
      }
      return;
    }
    case 'mode':
      if (state.serving.mode === command.mode) refuse(modeAction(command.mode), `The mode is ${command.mode} already.`);
      else if (command.mode === 'forest') {
        turn.decide(commanded(actor, 'resume_forest', words('The forest serves again.')));
        turn.serve({ mode: 'forest', reason: 'set by hand' });
        state.steppedDown = null;
      } else fallBack(turn, commanded(actor, modeAction(command.mode), words('Set by hand.')), command.mode);
      return;
    case 'dismiss':
    case 'undismiss':
      changeDismissals(turn, actor, command, words);
  }
}

const modeAction = (mode: MonitorState['serving']['mode']): DecisionAction =>
  mode === 'forest' ? 'resume_forest' : mode === 'fallback' ? 'fall_back' : 'disable_forest';

function answerCandidate(
  turn: Turn,
  actor: Actor,
  command: Extract<Command, { kind: 'approve' | 'reject' }>,
  words: (what: string) => string,
): void {
  const { rollout } = turn.state;
  const { model } = command;
  const waits = rollout.phase === 'approval' && rollout.candidate.modelId === model.modelId;
  if (command.kind === 'approve' && waits) beginShadow(turn, rollout.candidate, rollout.decision, rollout.evaluation);
  else if (
    command.kind === 'reject' &&
    'candidate' in rollout &&
    rollout.candidate.modelId === model.modelId &&
    rollout.phase !== 'watching'
  )
    endRollout(turn, actor, words('Rejected by hand.'));
  else {
    const why = `${model.modelId} does not wait for an answer.`;
    turn.decide(
      commanded(actor, command.kind === 'approve' ? 'start_shadow' : 'withdraw', why, { result: 'refused', model }),
    );
  }
}

/** Takes a candidate back at whatever stage; the answer of an effect that is under way is no longer waited for. */
function endRollout(turn: Turn, actor: Actor, why: string): void {
  const { rollout, serving } = turn.state;
  if (rollout.phase === 'idle') return;
  if (rollout.phase !== 'watching')
    turn.decide(commanded(actor, 'withdraw', why, { model: 'candidate' in rollout ? rollout.candidate : null }));
  if (serving.challenger !== null) turn.serve({ challenger: null, reason: why });
  turn.state.effects = turn.state.effects.filter(({ kind }) => kind !== 'train' && kind !== 'evaluate');
  turn.state.rollout = { phase: 'idle' };
}

function changeDismissals(
  turn: Turn,
  actor: Actor,
  command: Extract<Command, { kind: 'dismiss' | 'undismiss' }>,
  words: (what: string) => string,
): void {
  const { champion, calibration } = turn.state.serving;
  if (champion === null || turn.state.seen === null) {
    const why = 'No model serves yet, so there is no calibration to change; the label is kept for training.';
    turn.decide(commanded(actor, 'label', why, { result: 'held' }));
    return;
  }
  const before = calibration?.dismissals ?? [];
  const isOf = (a: { entity: string; metric: string }, b: { entity: string; metric: string }) =>
    a.entity === b.entity && a.metric === b.metric;
  const dismissals =
    command.kind === 'undismiss'
      ? before.filter((known) => !isOf(known, command))
      : [
          ...before.filter(
            (known) =>
              !command.dismissals.some(
                (d) => isOf(known, d) && known.direction === d.direction && known.decades <= d.decades,
              ),
          ),
          ...command.dismissals,
        ];
  const what =
    command.kind === 'dismiss'
      ? `Incident ${command.incident} was dismissed: its like does not alert again.`
      : `What was dismissed of ${command.metric} of ${command.entity} alerts again.`;
  turn.decide(commanded(actor, 'label', words(what), { model: champion }));
  const { alertRate } = turn.state.seen;
  const base = calibration ?? { modelId: champion.modelId, version: 1, alertRate, combined: null, dismissals: [] };
  turn.serve({
    calibration: { ...base, version: base.version + 1, dismissals: dismissals.slice(-MAX_DISMISSALS) },
    reason: 'labels',
  });
}
