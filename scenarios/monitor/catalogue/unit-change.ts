import { between, DAY_MS, daysAfter, pick } from '../draw.ts';
import type { Scenario } from '../scenario.ts';
import { HOLD_AND_RESUME, REMARKS } from './rollout.ts';

export const unitChange: Scenario = {
  name: 'unit-change',
  title: 'A producer sends a metric in another unit',
  story:
    'For some days one metric of all entities is a thousand times as large. The model is not to blame: nothing is trained, ' +
    'nothing rolled back. The monitor holds and pages, and lets go when the unit is right again.',
  recorded: true,
  historyDays: 28,
  days: 14,
  plan: ({ random, metrics, servedMs }) => {
    const startMs = daysAfter(random, servedMs, 3, 6);
    const endMs = startMs + Math.round(between(random, 2, 4)) * DAY_MS;
    return {
      faults: [{ kind: 'unit', startMs, endMs, metric: pick(random, metrics), factor: 1000 }],
      troubleMs: startMs,
      overMs: endMs,
      asides: REMARKS,
      expected: HOLD_AND_RESUME,
    };
  },
};
