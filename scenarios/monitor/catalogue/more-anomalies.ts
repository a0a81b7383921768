import { between, DAY_MS, daysAfter } from '../draw.ts';
import type { Scenario } from '../scenario.ts';
import { MORE_INCIDENTS } from './checks.ts';
import { REMARKS } from './rollout.ts';

export const moreAnomalies: Scenario = {
  name: 'more-anomalies',
  title: 'Anomalies become many times as frequent',
  story:
    'For some days entities break many times as often as before. More alerts are right then: what is normal has not ' +
    'changed, so nothing is trained, nothing rolled back and the threshold is not raised.',
  recorded: true,
  historyDays: 28,
  days: 18,
  plan: ({ random, servedMs }) => {
    const startMs = daysAfter(random, servedMs, 4, 7);
    const endMs = startMs + Math.round(between(random, 3, 5)) * DAY_MS;
    return {
      faults: [{ kind: 'prevalence', startMs, endMs, factor: between(random, 12, 18) }],
      troubleMs: startMs,
      overMs: endMs,
      asides: REMARKS,
      expected: [],
      checks: [MORE_INCIDENTS],
    };
  },
};
