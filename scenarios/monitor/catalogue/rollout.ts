import type { Expected } from '../scenario.ts';

/** What follows a retraining that turns out well: shadow, the steps of the canary, promotion. */
export const ROLLOUT: readonly Expected[] = [
  { action: 'start_shadow', result: 'done' },
  { action: 'start_canary', result: 'done' },
  { action: 'canary_step', result: 'done', times: [3, 3] },
  { action: 'promote', result: 'done' },
];

/** Words about what is seen, which change nothing. */
export const REMARKS: Expected = { action: ['look', 'page'], times: [0, Number.POSITIVE_INFINITY] };
