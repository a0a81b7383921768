import { between, DAY_MS, daysAfter } from '../draw.ts';
import type { Scenario } from '../scenario.ts';
import { RECALIBRATIONS, REMARKS, RETRAIN_FOR_DRIFT, TOO_EARLY } from './rollout.ts';

export const badChallenger: Scenario = {
  name: 'bad-challenger',
  title: 'A candidate that was evaluated well serves badly',
  story:
    'The fleet changes, the forest is trained again and passes its gates; but what is handed over alerts far too often. ' +
    'The canary sees it on a few entities and withdraws it; the champion stays.',
  recorded: false,
  historyDays: 28,
  days: 24,
  plan: ({ random, servedMs, endMs }) => {
    const startMs = daysAfter(random, servedMs, 4, 7);
    return {
      faults: [{ kind: 'shift', startMs, endMs: null, rampMs: 0, sd: between(random, 0.8, 1.2), metricShare: 0.5 }],
      meddling: { badCandidate: true },
      troubleMs: startMs,
      overMs: endMs,
      asides: [...REMARKS, RECALIBRATIONS, TOO_EARLY],
      expected: [
        { ...RETRAIN_FOR_DRIFT, withinMs: 14 * DAY_MS },
        { action: 'start_shadow' },
        { action: ['start_canary', 'canary_step'], times: [0, 2] },
        { action: 'withdraw', result: 'done' },
      ],
    };
  },
};
