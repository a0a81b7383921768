import { between, DAY_MS, daysAfter } from '../draw.ts';
import type { Scenario } from '../scenario.ts';
import { BACK_IN_BAND } from './checks.ts';
import { REMARKS, ROLLOUT, TOO_EARLY } from './rollout.ts';

export const calibrationShift: Scenario = {
  name: 'calibration-shift',
  title: 'Values stay where they were, and alerts come too often',
  story:
    'What wanders wanders faster: every value lies where it always lay, but less can be told from the one before, so p-values ' +
    'are too small. Recalibrating is enough, and cheap. Less is found all the same, which a new model may mend in its time.',
  recorded: false,
  historyDays: 28,
  days: 16,
  plan: ({ random, servedMs, endMs }) => {
    const startMs = daysAfter(random, servedMs, 4, 7);
    return {
      faults: [{ kind: 'restless', startMs, endMs: null, factor: between(random, 6, 9) }],
      troubleMs: startMs,
      overMs: endMs - 3 * DAY_MS,
      // a model that has seen it is better than the one that has not: it may be trained, once
      asides: [...REMARKS, TOO_EARLY, { action: 'retrain', trigger: 'quality_fallen', times: [0, 1] }, ...ROLLOUT],
      expected: [{ action: 'recalibrate', result: 'done', times: [1, 3], withinMs: 3 * DAY_MS }],
      checks: [BACK_IN_BAND],
    };
  },
};
