import { between, DAY_MS, daysAfter, HOUR_MS } from '../draw.ts';
import type { Scenario } from '../scenario.ts';
import { CAUSE_SEEN } from './checks.ts';
import { REMARKS } from './rollout.ts';

export const missingAndLate: Scenario = {
  name: 'missing-and-late',
  title: 'Part of the telemetry does not come, part of it comes too late',
  story:
    'For a day or two the way from the fleet is bad: a good part of the samples is lost and another part comes when its ' +
    'windows have closed. The monitor says so and holds; it does not learn from what is left.',
  recorded: true,
  historyDays: 28,
  days: 14,
  plan: ({ random, servedMs }) => {
    const startMs = daysAfter(random, servedMs, 3, 6);
    const endMs = startMs + Math.round(between(random, 1, 2)) * DAY_MS;
    return {
      faults: [
        { kind: 'silence', startMs, endMs, share: between(random, 0.3, 0.5) },
        { kind: 'delay', startMs, endMs, share: between(random, 0.3, 0.5), byMs: 2 * HOUR_MS },
      ],
      troubleMs: startMs,
      overMs: endMs,
      asides: REMARKS,
      expected: [],
      checks: [CAUSE_SEEN('missing_data', 'late_data')],
    };
  },
};
