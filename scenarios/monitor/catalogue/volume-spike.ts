import { DAY_MS, daysAfter } from '../draw.ts';
import type { Scenario } from '../scenario.ts';
import { ALL_COUNTED } from './checks.ts';

export const volumeSpike: Scenario = {
  name: 'volume-spike',
  title: 'Ten times the usual volume',
  story:
    'For a day every entity sends ten samples where it sent one, of the same values. Every point is counted, none is shed, ' +
    'and nothing is decided: what is measured has not changed.',
  recorded: true,
  historyDays: 28,
  days: 12,
  plan: ({ random, servedMs }) => {
    const startMs = daysAfter(random, servedMs, 3, 6);
    const endMs = startMs + DAY_MS;
    return {
      faults: [{ kind: 'volume', startMs, endMs, factor: 10 }],
      troubleMs: startMs,
      overMs: endMs,
      asides: [{ action: 'look' }],
      expected: [],
      checks: [ALL_COUNTED],
    };
  },
};
