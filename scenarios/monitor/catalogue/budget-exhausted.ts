import { between, DAY_MS, daysAfter } from '../draw.ts';
import type { Scenario } from '../scenario.ts';
import { DRIFT, REMARKS, RETRAIN_FOR_DRIFT, ROLLOUT, TOO_EARLY } from './rollout.ts';

export const budgetExhausted: Scenario = {
  name: 'budget-exhausted',
  title: 'A second change in the month of the first',
  story:
    'The fleet changes, and the forest is trained again; a week later it changes once more. The month’s retraining is spent, ' +
    'so the second time the monitor does what is cheaper, recalibrates, and says why it does no more.',
  recorded: false,
  historyDays: 28,
  days: 33,
  plan: ({ random, servedMs, endMs }) => {
    const firstMs = daysAfter(random, servedMs, 2, 4);
    const secondMs = daysAfter(random, firstMs, 15, 16);
    const shift = (startMs: number) =>
      ({ kind: 'shift', startMs, endMs: null, rampMs: 0, sd: between(random, 0.8, 1.2), metricShare: 0.5 }) as const;
    const first = shift(firstMs);
    return {
      faults: [first, shift(secondMs)],
      troubleMs: secondMs,
      overMs: endMs - 2 * DAY_MS,
      asides: [...REMARKS, { action: 'recalibrate', trigger: 'calibration_out' }, TOO_EARLY],
      expected: [
        { ...RETRAIN_FOR_DRIFT, afterMs: Number.NEGATIVE_INFINITY, withinMs: 0 },
        ...ROLLOUT,
        {
          action: 'recalibrate',
          trigger: DRIFT,
          result: 'done',
          afterMs: 0,
          times: [1, Number.POSITIVE_INFINITY],
        },
      ],
      without: { faults: [first] },
    };
  },
};
