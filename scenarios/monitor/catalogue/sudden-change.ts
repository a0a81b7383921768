import { between, DAY_MS, daysAfter } from '../draw.ts';
import type { Scenario } from '../scenario.ts';
import { BACK_IN_BAND, RECALL_KEPT } from './checks.ts';
import { RECALIBRATIONS, REMARKS, RETRAIN_FOR_DRIFT, ROLLOUT, TOO_EARLY } from './rollout.ts';

export const suddenChange: Scenario = {
  name: 'sudden-change',
  title: 'A release changes how the fleet behaves',
  story:
    'From one window to the next half of the metrics of all entities move together, neither by a constant nor by a factor, ' +
    'and stay there. That is genuine: the forest is trained again and rolled out.',
  recorded: true,
  historyDays: 28,
  days: 24,
  plan: ({ random, servedMs, endMs }) => {
    const startMs = daysAfter(random, servedMs, 4, 7);
    return {
      faults: [{ kind: 'shift', startMs, endMs: null, rampMs: 0, sd: between(random, 0.8, 1.2), metricShare: 0.5 }],
      troubleMs: startMs,
      overMs: endMs - 3 * DAY_MS,
      asides: [...REMARKS, RECALIBRATIONS, TOO_EARLY],
      expected: [{ ...RETRAIN_FOR_DRIFT, withinMs: 14 * DAY_MS }, ...ROLLOUT],
      checks: [BACK_IN_BAND, RECALL_KEPT],
    };
  },
};
