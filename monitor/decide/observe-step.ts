import { formatDuration } from '../../core/config/duration.ts';
import type { CauseKind, Trigger } from '../../core/triggers.ts';
import type { Observation } from '../observation.ts';
import { advanceRollout, delayed } from '../rollout/advance.ts';
import { calibrationFor, endEpisodes, forgetConditions } from './acts.ts';
import { arbitrate } from './arbitrate.ts';
import { draft } from './drafts.ts';
import { type Condition, conditionOf, followed, restingState } from './evaluate.ts';
import { fallBack, tryForest } from './step-down.ts';
import type { Turn } from './turn.ts';
import type { Policy } from './types.ts';

const DAY_MS = 86_400_000;

/** Windows seen under these causes teach a model nothing that is true. */
const POISONS: ReadonlySet<CauseKind> = new Set([
  'missing_data',
  'late_data',
  'schema_change',
  'unit_change',
  'fault_storm',
]);

/** Takes what was seen of a grain: triggers are followed, the rollout goes on, then whatever is due is done. */
export function takeObservation(turn: Turn, policy: Policy, observation: Observation): void {
  const { state } = turn;
  const { atMs, intervalMs, modelId, alertRate, cause, quality, spans } = observation;
  const latencyP99Ms = spans.grain.latency_p99?.value ?? null;
  const trainable = quality?.trainable ?? null;
  state.seen = { atMs, intervalMs, modelId, alertRate, cause: cause.kind, trainable, latencyP99Ms };
  if (POISONS.has(cause.kind)) turn.quarantine(atMs - intervalMs, atMs, cause.kind);
  const holding = new Set<string>();
  for (const trigger of policy.triggers) {
    if (!trigger.enabled) continue;
    const before = state.triggers[trigger.name] ?? restingState();
    const condition = conditionOf(trigger, observation, policy);
    state.triggers[trigger.name] = followed(before, condition, atMs);
    if (condition === 'holds') holding.add(trigger.name);
    if (state.hold !== null && keepsHold(trigger, condition, state.hold.trigger)) state.hold.seenMs = atMs;
  }
  endHold(turn, observation);
  endApproval(turn, policy);
  goOn(turn, policy, observation);
  arbitrate(turn, policy, holding);
  tryForest(turn, observation);
}

/** Whatever asks for a hold keeps it; and without data nobody knows whether what began it has gone. */
const keepsHold = ({ name, action }: Trigger, condition: Condition, holder: string): boolean =>
  action === 'hold' && (condition === 'holds' || (condition === 'unknown' && name === holder));

/** A candidate that nobody answers for keeps the next one away: it is given up in the end. */
function endApproval(turn: Turn, policy: Policy): void {
  const { config } = policy;
  const { rollout } = turn.state;
  if (rollout.phase !== 'approval' || turn.atMs - rollout.sinceMs < config.inconclusiveMs) return;
  const why = `Nobody approved or rejected the candidate for ${formatDuration(config.inconclusiveMs)}; it is given up.`;
  turn.decide(draft('withdraw', why, { model: rollout.candidate, urgency: 'ticket' }));
  turn.state.rollout = { phase: 'idle' };
  endEpisodes(turn, policy, 'retrain');
}

/** A hold ends when nothing that asks for one has been seen for an interval. */
function endHold(turn: Turn, { atMs, intervalMs }: Observation): void {
  const { hold } = turn.state;
  if (hold === null || atMs - hold.seenMs < intervalMs) return;
  turn.state.hold = null;
  turn.decide(
    draft('resume', `What was held for has gone (${hold.reason}); models may be changed again.`, {
      trigger: hold.trigger,
    }),
  );
}

/** What is served follows the rollout, within the budget of roll-backs: beyond it the fallback serves. */
function goOn(turn: Turn, policy: Policy, observation: Observation): void {
  const { state } = turn;
  const before = state.rollout;
  if (state.suspended || policy.config.dryRun) {
    if ('totals' in before) state.rollout = delayed(before, observation);
    return;
  }
  const advance = advanceRollout(policy, state, observation);
  const rollsBack = advance.decisions.some(({ action, result }) => action === 'roll_back' && result === 'done');
  if (rollsBack && turn.spentWithin('roll_back', DAY_MS) >= policy.config.rollbacksPerDay) {
    const why = 'The fresh champion is worse, and the budget of roll-backs is spent: the fallback serves.';
    if (state.serving.mode === 'forest') fallBack(turn, draft('fall_back', why, { urgency: 'page' }), 'fallback');
    state.rollout = { phase: 'idle' };
    return;
  }
  for (const one of advance.decisions) turn.decide(one);
  const cameToNothing = advance.rollout.phase === 'idle' && (before.phase === 'shadow' || before.phase === 'canary');
  if (cameToNothing) endEpisodes(turn, policy, 'retrain');
  if (rollsBack) turn.spend('roll_back');
  state.rollout = advance.rollout;
  if (advance.lastGood !== undefined) state.lastGood = advance.lastGood;
  if (advance.championQuality !== undefined) state.championQuality = advance.championQuality;
  if (advance.serving === undefined) return;
  const { champion } = advance.serving;
  const changed = champion !== undefined && champion?.modelId !== state.serving.champion?.modelId;
  const reason = advance.decisions.at(-1)?.reason ?? `the rollout is at ${before.phase}`;
  if (!changed) return turn.serve({ ...advance.serving, reason });
  const calibration = champion === null ? null : calibrationFor(champion, state.serving.calibration);
  turn.serve({ ...advance.serving, calibration, reason });
  forgetConditions(turn);
}
