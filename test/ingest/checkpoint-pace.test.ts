import { expect, test } from 'vitest';
import { CheckpointPace } from '../../ingest/checkpoint-pace.ts';

const pace = (costMs: number): CheckpointPace => {
  const p = new CheckpointPace(1000);
  p.started(0);
  p.cost(costMs);
  return p;
};

test('a cheap checkpoint is due every interval, and behind a burst of verdicts after half of it', () => {
  expect([999, 1000].map((ms) => pace(5).due(ms, false))).toEqual([false, true]);
  expect([499, 500].map((ms) => pace(5).due(ms, true))).toEqual([false, true]);
});

test('a costly one is due so rarely that it takes three hundredths of the time, and every 15 s at least', () => {
  expect([1999, 2000].map((ms) => pace(60).due(ms, false))).toEqual([false, true]);
  expect([14_999, 15_000].map((ms) => pace(10_000).due(ms, false))).toEqual([false, true]);
});
