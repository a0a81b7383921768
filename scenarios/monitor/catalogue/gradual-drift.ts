import { between, DAY_MS, daysAfter } from '../draw.ts';
import type { Scenario } from '../scenario.ts';
import { BACK_IN_BAND, RECALL_KEPT } from './checks.ts';
import { RECALIBRATIONS, REMARKS, RETRAIN_FOR_DRIFT, ROLLOUT, TOO_EARLY } from './rollout.ts';

export const gradualDrift: Scenario = {
  name: 'gradual-drift',
  title: 'The fleet changes slowly, and for good',
  story:
    'Over days, half of the metrics move to where they stay, each entity in a measure of its own. The forest is trained ' +
    'again on what is normal now and rolled out; afterwards alerts mean again what they should, and it finds as much.',
  recorded: true,
  historyDays: 28,
  days: 26,
  plan: ({ random, servedMs, endMs }) => {
    const startMs = daysAfter(random, servedMs, 2, 4);
    const rampMs = Math.round(between(random, 2, 3)) * DAY_MS;
    return {
      faults: [{ kind: 'shift', startMs, endMs: null, rampMs, sd: between(random, 0.8, 1.2), metricShare: 0.5 }],
      troubleMs: startMs,
      overMs: endMs - 3 * DAY_MS,
      asides: [...REMARKS, RECALIBRATIONS, TOO_EARLY],
      expected: [{ ...RETRAIN_FOR_DRIFT, withinMs: rampMs + 14 * DAY_MS }, ...ROLLOUT],
      checks: [BACK_IN_BAND, RECALL_KEPT],
    };
  },
};
