import type { PolicyConfig } from '../../core/config/policy.ts';
import type { CauseKind } from '../../core/triggers.ts';
import { draft } from '../decide/drafts.ts';
import type { Policy, RolloutAdvance } from '../decide/types.ts';
import type { ChallengerFigures, LaneFigures, Observation } from '../observation.ts';
import type { ModelRef, MonitorState, RolloutStage } from '../types.ts';
import { broken, pairOf } from './guards.ts';
import { expectedAlertsNeeded } from './paired.ts';

/** Causes under which windows say nothing of a model: the stage stands still meanwhile. */
const BLINDING: ReadonlySet<CauseKind> = new Set(['missing_data', 'late_data', 'schema_change', 'unit_change']);

/**
 * How far a candidate comes with what was seen of a grain: from the shadow over the steps of the canary to champion, then
 * watched beside the former one; or back. Each stage lasts its event time and one grain at least, and until it has seen
 * enough windows to have found a model that alerts too often.
 */
export function advanceRollout({ config }: Policy, state: MonitorState, seen: Observation): RolloutAdvance {
  const stage = state.rollout;
  if (stage.phase !== 'shadow' && stage.phase !== 'canary' && stage.phase !== 'watching')
    return { rollout: stage, decisions: [] };
  if (state.hold !== null || BLINDING.has(seen.cause.kind)) {
    const why = state.hold?.reason ?? `The cause is ${seen.cause.kind.replaceAll('_', ' ')}`;
    return standStill(delayed(stage, seen), `${why}: the rollout stands still.`);
  }
  const lanes = lanesOf(stage, seen);
  if (lanes === null) return unseen(stage, seen, config);

  const counted = { ...stage, grains: stage.grains + 1, totals: added(stage.totals, lanes) };
  const { champion, challenger } = counted.totals;
  const lengthMs = { shadow: config.shadowMs, canary: config.stepMs, watching: config.watchMs }[stage.phase];
  const looks = Math.max(1, Math.ceil(lengthMs / seen.grainMs)) * (config.steps.length + 2);
  const fault = broken(pairOf(stage.phase, champion, challenger), counted, seen, config, looks);
  if (fault !== null) return stage.phase === 'watching' ? rolledBack(counted, fault) : withdrawn(counted, fault);

  // grains without both models, or with another share, are no part of a candidate's stage
  const lastedMs = stage.phase === 'watching' ? seen.atMs - stage.sinceMs : counted.grains * seen.grainMs;
  if (lastedMs < lengthMs) return { rollout: counted, decisions: [] };
  const expected = pairOf(stage.phase, champion, challenger).fresh.windows * seen.alertRate;
  const needed = expectedAlertsNeeded(config.alertRatioBand[1], config.significance, config.power);
  if (expected < needed && stage.phase !== 'watching') {
    if (seen.atMs - stage.sinceMs >= config.inconclusiveMs) return givenUp(counted);
    const windows = Math.ceil(needed / seen.alertRate);
    return standStill(counted, `Inconclusive: this step needs ${windows} windows to tell a bad model.`);
  }
  return stage.phase === 'watching' ? kept(counted) : forward(counted, seen, config);
}

function lanesOf(stage: RolloutStage, { champion, challenger }: Observation) {
  if (champion === null || challenger === null) return null;
  const [first, second] = stage.phase === 'watching' ? [stage.candidate, stage.former] : [null, stage.candidate];
  if (first !== null && champion.modelId !== first.modelId) return null;
  if (challenger.modelId !== second?.modelId) return null;
  // a step counts from when its share is in force
  if (stage.phase === 'canary' && challenger.share < stage.share) return null;
  return { champion, challenger };
}

/** A grain in which the stage stood still is no part of the time that it may take. */
export const delayed = (stage: RolloutStage, { grainMs }: Pick<Observation, 'grainMs'>): RolloutStage => ({
  ...stage,
  sinceMs: stage.sinceMs + grainMs,
});

/** Says why the stage does not go on, once for each reason. */
function standStill(stage: RolloutStage, why: string): RolloutAdvance {
  if (stage.told === why) return { rollout: stage, decisions: [] };
  return {
    rollout: { ...stage, told: why },
    decisions: [draft('hold', why, { result: 'held', model: stage.candidate })],
  };
}

/** Nothing was seen of both models in this grain: they are not in force yet, or there is no telemetry. */
function unseen(stage: RolloutStage, { atMs, intervalMs }: Observation, config: PolicyConfig): RolloutAdvance {
  // without the former model beside it a fresh champion is as good as kept once its time is over
  if (stage.phase === 'watching')
    return atMs - stage.sinceMs < config.watchMs ? { rollout: stage, decisions: [] } : kept(stage);
  const lastedMs = atMs - stage.sinceMs;
  if (lastedMs >= config.inconclusiveMs) return givenUp(stage);
  // what was decided takes effect a little later, so an interval passes before it is worth a word
  const dueMs = (stage.phase === 'shadow' ? config.shadowMs : config.stepMs) + intervalMs;
  if (stage.totals !== null || lastedMs < dueMs) return { rollout: stage, decisions: [] };
  return standStill(stage, 'Inconclusive: no window was judged by both models.');
}

const givenUp = (stage: RolloutStage): RolloutAdvance =>
  withdrawn(stage, 'the step stayed inconclusive for as long as is allowed');

function withdrawn(stage: RolloutStage, why: string): RolloutAdvance {
  const said = `The candidate is withdrawn: ${why}. The champion goes on.`;
  return {
    rollout: { phase: 'idle' },
    serving: { challenger: null },
    decisions: [draft('withdraw', said, { model: stage.candidate, urgency: 'ticket' })],
  };
}

function rolledBack(stage: RolloutStage, why: string): RolloutAdvance {
  const { candidate, former } = stage;
  return {
    rollout: { phase: 'idle' },
    serving: { champion: former, challenger: null },
    lastGood: null,
    championQuality: null,
    decisions: [
      draft('roll_back', `The fresh champion ${candidate.modelId} is rolled back: ${why}.`, {
        model: former,
        urgency: 'page',
        trigger: 'champion_worse',
        runbook: 'champion_worse',
      }),
    ],
  };
}

function kept(stage: RolloutStage): RolloutAdvance {
  return {
    rollout: { phase: 'idle' },
    serving: { challenger: null },
    championQuality: stage.evaluation.candidateQuality,
    decisions: [
      draft('keep_champion', 'The new champion has served well; the former one is stored.', { model: stage.candidate }),
    ],
  };
}

function forward(stage: RolloutStage, seen: Observation, { steps }: PolicyConfig): RolloutAdvance {
  const next = steps.find((share) => share > stage.share);
  const fresh = { ...stage, sinceMs: seen.atMs, grains: 0, totals: null, told: null };
  const { candidate } = stage;
  if (next !== undefined) {
    const first = stage.phase === 'shadow';
    const percent = `${+(100 * next).toFixed(1)} % of the entities`;
    const why = `${summary(stage)} The candidate serves ${percent}.`;
    return {
      rollout: { ...fresh, phase: 'canary', share: next },
      serving: { challenger: { ...candidate, share: next } },
      decisions: [draft(first ? 'start_canary' : 'canary_step', why, { model: candidate })],
    };
  }
  const former = formerOf(stage);
  return {
    rollout: { ...fresh, phase: 'watching', share: 1, former },
    serving: { champion: candidate, challenger: former === null ? null : { ...former, share: 0 } },
    lastGood: former,
    championQuality: stage.evaluation.candidateQuality,
    decisions: [draft('promote', `${summary(stage)} The candidate is champion.`, { model: candidate })],
  };
}

/** The champion until now, by what was agreed when the candidate was evaluated. */
const formerOf = ({ evaluation }: RolloutStage): ModelRef | null => evaluation.champion;

function summary({ totals, evaluation }: RolloutStage): string {
  if (totals === null) return '';
  const { champion, challenger } = totals;
  const quality = `quality ${evaluation.candidateQuality.toFixed(3)} against ${evaluation.championQuality?.toFixed(3) ?? 'none'}`;
  return `Of ${challenger.windows} windows it called ${challenger.alerts} anomalous, the champion ${champion.alerts}; ${quality}.`;
}

function added(totals: RolloutStage['totals'], more: { champion: LaneFigures; challenger: ChallengerFigures }) {
  if (totals === null) return more;
  const lane = <T extends LaneFigures>(a: T, b: T): T => ({
    ...b,
    windows: a.windows + b.windows,
    alerts: a.alerts + b.alerts,
    failed: a.failed + b.failed,
  });
  const { champion: c, challenger: d } = totals;
  return {
    champion: lane(c, more.champion),
    challenger: {
      ...lane(d, more.challenger),
      paired: d.paired + more.challenger.paired,
      both: d.both + more.challenger.both,
      onlyChampion: d.onlyChampion + more.challenger.onlyChampion,
      onlyChallenger: d.onlyChallenger + more.challenger.onlyChallenger,
    },
  };
}
