import { expect, test } from 'vitest';
import type { LaneFigures } from '../../../monitor/observation.ts';
import { broken } from '../../../monitor/rollout/guards.ts';
import type { RolloutStage } from '../../../monitor/types.ts';
import { CANDIDATE, evaluation, observation, policyWith, START_MS } from '../decide/make.ts';

const stage: RolloutStage = {
  ...{ phase: 'canary', sinceMs: START_MS, startedMs: START_MS, decision: 'shop-1', candidate: CANDIDATE },
  ...{ former: null, share: 0.05, grains: 4, totals: null, latencyBeforeMs: null, told: null, evaluation },
};
const { config } = policyWith();
const lane = (alerts: number): LaneFigures => ({ modelId: 'm', windows: 300, alerts, failed: 0 });
/** What speaks against a candidate that alone has so many alerts, where incidents last so many windows. */
const against = (alerts: number, alertRun: number | null) =>
  broken(
    { fresh: lane(alerts), other: lane(0), onlyFresh: alerts, onlyOther: 0 },
    stage,
    { ...observation(5, {}, 'none', { alertRun }), alertRate: 0.005 },
    config,
    24,
  );

test('two long incidents are two events, not twenty', () => {
  expect(against(20, null)).toMatch(/it alone called 20 windows anomalous/);
  expect(against(20, 10)).toBeNull();
});

test('alerts in many incidents speak against it however long each is', () => {
  expect(against(150, 10)).toMatch(/alerts 100\.0 times as often/);
});

test('one incident of a whole week is not taken for the usual length', () => {
  expect(against(150, 1000)).not.toBeNull();
});
