import { expect, test } from 'vitest';
import { within } from '../../../cli/worker/within.ts';
import { ManualClock } from '../../../core/clock.ts';

test('what ends in time is waited for, what does not is left to itself, and what fails is thrown', async () => {
  const clock = new ManualClock();
  expect(await within(1_000, clock, Promise.resolve())).toBe(true);
  await expect(within(1_000, clock, Promise.reject(new Error('no')))).rejects.toThrow('no');
  const never = within(1_000, clock, new Promise(() => undefined));
  clock.advance(1_000);
  expect(await never).toBe(false);
});
