import { between, DAY_MS, daysAfter } from '../draw.ts';
import type { Scenario } from '../scenario.ts';
import { PROMOTED, RECALIBRATIONS, REMARKS, RETRAIN_FOR_DRIFT, TOO_EARLY } from './rollout.ts';

export const championGoneBad: Scenario = {
  name: 'champion-gone-bad',
  title: 'A fresh champion that does not fit any more',
  story:
    'A release changes the fleet, the forest is trained again and promoted; then the release is taken back. The fresh ' +
    'champion calls everything anomalous, the former one, still beside it, does not: it is put back.',
  recorded: false,
  historyDays: 28,
  days: 24,
  plan: ({ random, servedMs, endMs }) => {
    const startMs = daysAfter(random, servedMs, 4, 7);
    return {
      faults: [{ kind: 'shift', startMs, endMs: null, rampMs: 0, sd: between(random, 0.8, 1.2), metricShare: 0.5 }],
      meddling: { takenBackAtPromotion: true },
      troubleMs: startMs,
      overMs: endMs - 3 * DAY_MS,
      asides: [...REMARKS, RECALIBRATIONS, TOO_EARLY],
      expected: [{ ...RETRAIN_FOR_DRIFT, withinMs: 14 * DAY_MS }, ...PROMOTED, { action: 'roll_back', result: 'done' }],
    };
  },
};
