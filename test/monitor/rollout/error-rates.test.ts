import { describe, expect, test } from 'vitest';
import { Random } from '../../../core/random.ts';
import type { LaneFigures } from '../../../monitor/observation.ts';
import { advanceRollout } from '../../../monitor/rollout/advance.ts';
import type { MonitorState, Rollout } from '../../../monitor/types.ts';
import { CANDIDATE, CHAMPION, evaluation, observation, policyWith, START_MS, Told } from '../decide/make.ts';

const ALERT_RATE = 0.001;
const WINDOWS_A_GRAIN = 600;
/** Of the windows that either model alerts on, the share that both do: models of one stream mostly agree. */
const SHARED = 0.6;
const policy = policyWith({ watch: '6h' });

interface World {
  /** Alerts of the candidate and of the champion as multiples of what is expected. */
  candidate: number;
  champion: number;
  /** Share of windows on which the candidate fails. */
  fails: number;
}
const GOOD: World = { candidate: 1, champion: 1, fails: 0 };

const drawn = (random: Random, mean: number): number => {
  let alerts = 0;
  for (let i = 0; i < WINDOWS_A_GRAIN; i++) if (random.next() < mean / WINDOWS_A_GRAIN) alerts++;
  return alerts;
};

/** A rollout from the shadow to its end; `fresh`: how the candidate is once it is champion. */
function rolled(seed: number, world: World, fresh: World = world): string[] {
  const random = new Random(seed);
  const told = Told.withChampion(policy);
  const state: MonitorState = {
    ...told.state,
    rollout: {
      phase: 'shadow',
      sinceMs: START_MS,
      startedMs: START_MS,
      decision: 'shop-1',
      candidate: CANDIDATE,
      former: null,
      share: 0,
      grains: 0,
      totals: null,
      latencyBeforeMs: null,
      told: null,
      evaluation,
    } satisfies Rollout,
  };
  const actions: string[] = [];
  for (let hours = 1; hours < 24 * 10 && state.rollout.phase !== 'idle'; hours++) {
    const stage = state.rollout as Extract<Rollout, { share: number }>;
    const watching = stage.phase === 'watching';
    const now = watching ? fresh : world;
    const mean = (ratio: number) => WINDOWS_A_GRAIN * ALERT_RATE * ratio;
    const both = drawn(random, mean(Math.min(now.candidate, now.champion) * SHARED));
    const onlyNew = drawn(random, mean(now.candidate - Math.min(now.candidate, now.champion) * SHARED));
    const onlyOld = drawn(random, mean(now.champion - Math.min(now.candidate, now.champion) * SHARED));
    const failed = drawn(random, WINDOWS_A_GRAIN * now.fails);
    const lane = (modelId: string, alerts: number, fails: number): LaneFigures => ({
      modelId,
      windows: WINDOWS_A_GRAIN,
      alerts,
      failed: fails,
    });
    const newer = lane(CANDIDATE.modelId, both + onlyNew, failed);
    const older = lane(CHAMPION.modelId, both + onlyOld, 0);
    const [champion, challenger] = watching ? [newer, older] : [older, newer];
    const [onlyChampion, onlyChallenger] = watching ? [onlyNew, onlyOld] : [onlyOld, onlyNew];
    const pairs = { share: watching ? 0 : stage.share, paired: WINDOWS_A_GRAIN, both, onlyChampion, onlyChallenger };
    const seen = observation(hours, {}, 'none', {
      modelId: champion.modelId,
      champion,
      challenger: { ...challenger, ...pairs },
    });
    const advance = advanceRollout(policy, state, seen);
    state.rollout = advance.rollout;
    state.serving = { ...state.serving, ...advance.serving };
    actions.push(...advance.decisions.map(({ action }) => action));
  }
  return actions;
}

const RUNS = 200;
/** Of so many rollouts, the share in which each action was taken. */
function shares(world: World, fresh: World = world): (action: string) => number {
  const runs = Array.from({ length: RUNS }, (_, seed) => rolled(seed + 1, world, fresh));
  return (action) => runs.filter((actions) => actions.includes(action)).length / RUNS;
}

describe('over all stages of a rollout', () => {
  test('a good candidate is seldom sent back: less often than the level of the tests', () => {
    const share = shares(GOOD);
    expect(share('withdraw') + share('roll_back')).toBeLessThan(policy.config.significance);
    expect(share('promote')).toBeGreaterThan(0.95);
  });

  test('a candidate that alerts far beyond the band never becomes champion', () => {
    expect(shares({ ...GOOD, candidate: 25 })('withdraw')).toBe(1);
  });

  test('a candidate that alerts four times the upper edge of the band is found with the power asked for', () => {
    expect(shares({ ...GOOD, candidate: 20 })('withdraw')).toBeGreaterThan(policy.config.power);
  });

  test('a candidate that fails on one window in ten never becomes champion', () => {
    expect(shares({ ...GOOD, fails: 0.1 })('withdraw')).toBe(1);
  });

  test('a fresh champion that goes bad is rolled back, seen on the windows of the former one', () => {
    expect(shares(GOOD, { ...GOOD, candidate: 25 })('roll_back')).toBeGreaterThan(0.95);
  });
});
