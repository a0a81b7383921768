import type { PolicyConfig } from '../../core/config/policy.ts';
import type { ChallengerFigures, LaneFigures, Observation } from '../observation.ts';
import type { RolloutStage } from '../types.ts';
import { mcnemarMidP, ratioInterval, shareInterval } from './paired.ts';

/** Fewer windows than this convict nobody. */
const LEAST_WINDOWS = 50;
/** A share of failed windows below this is no reason, whatever the other model's. */
const ERRORS_BORNE = 0.01;
/**
 * Alerts come in runs: what is unlike itself stays so for some windows, and moves its neighbours. Tests for independent
 * events are given as many events as there are runs, of the length that the stream's incidents have; within these bounds,
 * as few incidents tell little of it and a single long one too much.
 */
export const RUN_WINDOWS = [2, 12] as const;

const runLength = ({ alertRun }: Observation): number =>
  Math.min(RUN_WINDOWS[1], Math.max(RUN_WINDOWS[0], alertRun ?? 0));

/** The new model and the one that it is held against, on the same windows. */
export interface Pair {
  fresh: LaneFigures;
  other: LaneFigures;
  onlyFresh: number;
  onlyOther: number;
}

/** While watching the new model is champion and the former one runs in its shadow. */
export function pairOf(phase: RolloutStage['phase'], champion: LaneFigures, challenger: ChallengerFigures): Pair {
  const { onlyChampion, onlyChallenger } = challenger;
  return phase === 'watching'
    ? { fresh: champion, other: challenger, onlyFresh: onlyChampion, onlyOther: onlyChallenger }
    : { fresh: challenger, other: champion, onlyFresh: onlyChallenger, onlyOther: onlyChampion };
}

/**
 * Why the new model must go, as a sentence with the numbers, or null. Looked at after every grain, so each test is made
 * at the significance divided by the looks that a stage has (Bonferroni), and only an interval that lies outside a limit
 * as a whole is beyond it.
 */
export function broken(
  pair: Pair,
  stage: RolloutStage,
  seen: Observation,
  config: PolicyConfig,
  looks: number,
): string | null {
  const { fresh, other } = pair;
  const { alertRate, spans } = seen;
  const run = runLength(seen);
  if (fresh.windows < LEAST_WINDOWS) return null;
  const coverage = 1 - config.significance / looks;

  const [failsFrom] = shareInterval(fresh.failed, fresh.windows, coverage);
  const borne = Math.max(ERRORS_BORNE, config.factor * (other.failed / Math.max(1, other.windows)));
  if (failsFrom > borne)
    return `it failed on ${fresh.failed} of ${fresh.windows} windows, the other on ${other.failed} of ${other.windows}`;

  const latencyMs = spans.grain.latency_p99?.value ?? null;
  if (latencyMs !== null && stage.latencyBeforeMs !== null && latencyMs > config.factor * stage.latencyBeforeMs)
    return `the latency rose from ${stage.latencyBeforeMs.toFixed(1)} to ${latencyMs.toFixed(1)} ms at the 99th percentile`;

  const expected = fresh.windows * alertRate;
  const [low, high] = ratioInterval(Math.floor(fresh.alerts / run), expected / run, coverage);
  const [least, most] = config.alertRatioBand;
  if (low > most || high < least)
    return `it alerts ${(fresh.alerts / expected).toFixed(1)} times as often as it should (${fresh.alerts} of ${fresh.windows} windows), outside ${least} to ${most}`;

  const quality = stage.phase === 'watching' ? (spans.day.quality?.value ?? null) : null;
  if (quality !== null && quality < 1 - config.worse)
    return `its quality fell to ${(100 * quality).toFixed(0)} % of what it was when it was chosen`;
  return worseThanOther(pair, alertRate, run, 1 - coverage);
}

/** Significantly more often anomalous than the other on the same windows, and further from what was configured. */
function worseThanOther(
  { fresh, other, onlyFresh, onlyOther }: Pair,
  alertRate: number,
  run: number,
  level: number,
): string | null {
  const runs = (windows: number) => Math.floor(windows / run);
  if (onlyFresh <= onlyOther || mcnemarMidP(runs(onlyFresh), runs(onlyOther)) >= level) return null;
  const off = (lane: LaneFigures) => Math.abs(Math.log((lane.alerts + 0.5) / (lane.windows * alertRate + 0.5)));
  if (off(fresh) <= off(other)) return null;
  return `it alone called ${onlyFresh} windows anomalous, the other alone ${onlyOther}`;
}
