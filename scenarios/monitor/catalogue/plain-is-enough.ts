import { DAY_MS } from '../draw.ts';
import type { Scenario } from '../scenario.ts';
import { REMARKS } from './rollout.ts';

export const plainIsEnough: Scenario = {
  name: 'plain-is-enough',
  title: 'A fleet that needs no forest',
  story:
    'There is no season and no memory in this fleet: a plain robust z finds what the forest finds. So the forest is disabled, ' +
    'and the fallback serves.',
  recorded: false,
  historyDays: 28,
  days: 10,
  plain: true,
  plan: ({ servedMs, endMs }) => ({
    faults: [],
    troubleMs: servedMs,
    overMs: endMs,
    asides: REMARKS,
    expected: [{ action: 'disable_forest', result: 'done', withinMs: 8 * DAY_MS }],
    without: { plain: false },
  }),
};
