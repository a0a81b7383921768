import { DAY_MS } from '../draw.ts';
import type { Scenario } from '../scenario.ts';
import { ROLLOUT, STANDS_STILL } from './rollout.ts';

export const healthyMonth: Scenario = {
  name: 'healthy-month',
  title: 'A month in which nothing happens',
  story:
    'The fleet goes on as in training: its days, its weeks, and now and then an anomaly. Nothing may be done about it but ' +
    'the retraining that is due after a month without one, and that model is rolled out.',
  recorded: true,
  historyDays: 28,
  days: 36,
  plan: ({ servedMs, endMs }) => ({
    faults: [],
    troubleMs: servedMs + 29 * DAY_MS,
    overMs: endMs - 2 * DAY_MS,
    asides: [STANDS_STILL, { action: 'look' }],
    expected: [{ action: 'retrain', trigger: 'retraining_due', result: 'done', withinMs: 2 * DAY_MS }, ...ROLLOUT],
    without: { policy: { triggers: { retraining_due: { enabled: false } } } },
  }),
};
