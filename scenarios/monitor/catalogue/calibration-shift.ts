import { between, DAY_MS, daysAfter } from '../draw.ts';
import type { Scenario } from '../scenario.ts';
import { BACK_IN_BAND } from './checks.ts';
import { REMARKS } from './rollout.ts';

export const calibrationShift: Scenario = {
  name: 'calibration-shift',
  title: 'Values stay where they were, and alerts come too often',
  story:
    'What wanders wanders faster: every value lies where it always lay, but less can be told from the one before, so p-values ' +
    'are too small. Recalibrating is enough, and cheap; nothing is trained.',
  recorded: false,
  historyDays: 28,
  days: 16,
  plan: ({ random, servedMs, endMs }) => {
    const startMs = daysAfter(random, servedMs, 4, 7);
    return {
      faults: [{ kind: 'restless', startMs, endMs: null, factor: between(random, 6, 9) }],
      troubleMs: startMs,
      overMs: endMs - 3 * DAY_MS,
      asides: REMARKS,
      expected: [{ action: 'recalibrate', result: 'done', times: [1, 3], withinMs: 3 * DAY_MS }],
      checks: [BACK_IN_BAND],
    };
  },
};
