import type { Effect, EffectResult, Evaluation, ModelRef } from '../types.ts';
import { endEpisodes, promote } from './acts.ts';
import { draft } from './drafts.ts';
import type { Turn } from './turn.ts';
import type { Policy } from './types.ts';

/** Takes what became of an effect. One that is not waited for, or an answer of another kind, changes nothing. */
export function takeResult(turn: Turn, policy: Policy, id: string, result: EffectResult): void {
  const effect = turn.state.effects.find((one) => one.id === id);
  if (effect === undefined) return;
  turn.answered(id);
  if (result.kind === 'failed') return failed(turn, policy, effect, result);
  if (effect.kind === 'train' && result.kind === 'trained') return trained(turn, effect, result.model);
  if (effect.kind === 'evaluate' && result.kind === 'evaluated') {
    const refused = result.gates.filter(({ passed }) => !passed).map(({ gate, detail }) => `${gate}: ${detail}`);
    return evaluated(turn, policy, effect, result.evaluation, refused);
  }
  if (effect.kind === 'recalibrate' && result.kind === 'recalibrated') {
    // the champion may have changed meanwhile: its scores are others
    if (turn.state.serving.champion?.modelId !== result.calibration.modelId) return;
    const { dismissals } = turn.state.serving.calibration ?? { dismissals: [] };
    turn.serve({ calibration: { ...result.calibration, dismissals }, reason: 'calibrated anew' });
    // more is known the next time; what waits to train anew goes on waiting
    endEpisodes(turn, policy, 'recalibrate');
  }
}

type Failed = Extract<EffectResult, { kind: 'failed' }>;

function failed(turn: Turn, policy: Policy, effect: Effect, { code, detail }: Failed): void {
  const { rollout } = turn.state;
  const why = `${code}: ${detail}`;
  if (effect.kind === 'recalibrate') {
    turn.decide(draft('recalibrate', `It could not be calibrated anew (${why}).`, { result: 'refused' }));
    endEpisodes(turn, policy, 'recalibrate');
    return;
  }
  if (effect.kind !== 'train' && effect.kind !== 'evaluate') return;
  // nothing was trained, and with more data it will be, by itself: the month's budget is not for that, nor is anybody's time
  const tooEarly = effect.kind === 'train' && code === 'too_little_data';
  if (tooEarly) turn.giveBack('retrain');
  const what = effect.kind === 'train' ? 'The training failed' : 'The candidate could not be evaluated';
  turn.decide(
    draft('train_failed', `${what} (${why}); the champion goes on.`, {
      result: 'refused',
      urgency: tooEarly ? 'info' : 'ticket',
    }),
  );
  if ('decision' in rollout && rollout.decision === effect.decision) turn.state.rollout = { phase: 'idle' };
  endEpisodes(turn, policy, 'retrain');
}

function trained(turn: Turn, effect: Effect, candidate: ModelRef): void {
  const { rollout, serving } = turn.state;
  if (rollout.phase !== 'training' || rollout.decision !== effect.decision) return;
  turn.state.trainedMs = turn.atMs;
  if (candidate.modelId === serving.champion?.modelId) {
    turn.decide(draft('keep_champion', 'Training gave the very model that serves.', { model: candidate }));
    turn.state.rollout = { phase: 'idle' };
    return;
  }
  turn.state.rollout = { phase: 'evaluating', sinceMs: turn.atMs, decision: effect.decision, candidate };
  const { champion, calibration } = serving;
  const inForce = calibration !== null && calibration.modelId === champion?.modelId ? { calibration } : {};
  turn.order(effect.decision, { kind: 'evaluate', candidate, champion, ...inForce, toMs: turn.atMs });
}

function evaluated(
  turn: Turn,
  policy: Policy,
  effect: Effect,
  evaluation: Evaluation,
  refused: readonly string[],
): void {
  const { rollout } = turn.state;
  if (rollout.phase !== 'evaluating' || rollout.decision !== effect.decision) return;
  const { candidate, decision } = rollout;
  const { config } = policy;
  if (refused.length > 0) {
    const why = `The candidate did not pass: ${refused.join('; ')}. The champion goes on.`;
    turn.decide(draft('candidate_refused', why, { model: candidate, result: 'refused', urgency: 'ticket' }));
    turn.state.rollout = { phase: 'idle' };
    endEpisodes(turn, policy, 'retrain');
  } else if (config.approval || config.dryRun || turn.state.suspended) {
    const by = config.approval ? '' : ` The controller ${config.dryRun ? 'runs dry' : 'is suspended'}.`;
    turn.decide(
      draft('await_approval', `The candidate passed every gate and waits for an operator.${by}`, {
        model: candidate,
        urgency: 'ticket',
      }),
    );
    turn.state.rollout = { phase: 'approval', sinceMs: turn.atMs, decision, candidate, evaluation };
  } else beginShadow(turn, candidate, decision, evaluation);
}

/** The candidate judges every window beside the champion; without a champion it serves at once. */
export function beginShadow(turn: Turn, candidate: ModelRef, decision: string, evaluation: Evaluation): void {
  const { champion } = turn.state.serving;
  if (champion === null) {
    promote(turn, draft('promote', 'There was no champion.'), candidate);
    return;
  }
  turn.decide(
    draft('start_shadow', 'The candidate passed every gate and judges beside the champion.', { model: candidate }),
  );
  turn.serve({ challenger: { ...candidate, share: 0 }, reason: 'a candidate in the shadow' });
  const latencyBeforeMs = turn.state.seen?.latencyP99Ms ?? null;
  const stage = { sinceMs: turn.atMs, startedMs: turn.atMs, decision, candidate, former: null, share: 0 };
  turn.state.rollout = { phase: 'shadow', ...stage, grains: 0, totals: null, latencyBeforeMs, told: null, evaluation };
}
