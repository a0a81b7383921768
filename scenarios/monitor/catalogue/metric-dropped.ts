import { between, DAY_MS, daysAfter, pick } from '../draw.ts';
import type { Scenario } from '../scenario.ts';
import { FALLBACK_SERVED } from './checks.ts';
import { HOLD_AND_RESUME, REMARKS } from './rollout.ts';

export const metricDropped: Scenario = {
  name: 'metric-dropped',
  title: 'A metric is not sent any more, then it is again',
  story:
    'For some days one metric of all entities is missing. Windows that lack what training had are judged by the fallback, ' +
    'and by the forest again as soon as the metric is back; nothing is trained and nothing rolled back.',
  recorded: true,
  historyDays: 28,
  days: 14,
  plan: ({ random, metrics, servedMs }) => {
    const startMs = daysAfter(random, servedMs, 3, 6);
    const endMs = startMs + Math.round(between(random, 2, 4)) * DAY_MS;
    return {
      faults: [{ kind: 'drop', startMs, endMs, metric: pick(random, metrics) }],
      troubleMs: startMs,
      overMs: endMs,
      asides: REMARKS,
      expected: HOLD_AND_RESUME,
      checks: [FALLBACK_SERVED],
    };
  },
};
