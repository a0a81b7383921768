import { expect, test } from 'vitest';
import { defects } from './defects.ts';
import { simulate } from './simulate.ts';

/** More by `npm run protocol -- --seeds N`. */
const SEEDS = 120;
/** A defect must show within so many seeds. */
const DEFECT_SEEDS = 80;

test('killed, paused, fenced and cut off at any await, the loop yields what an undisturbed one yields', async () => {
  const exercised: Record<string, number> = {};
  for (let seed = 1; seed <= SEEDS; seed++) {
    const run = await simulate(seed);
    expect(run.violations, `npm run protocol -- --seeds 1 --from ${seed}`).toEqual([]);
    for (const [fault, n] of Object.entries(run.faults)) exercised[fault] = (exercised[fault] ?? 0) + n;
  }
  // a fault that left no trace was not exercised
  for (const [fault, n] of Object.entries(exercised)) expect(n, fault).toBeGreaterThan(SEEDS);
}, 120_000);

test('a seed replays bit for bit', async () => {
  expect(await simulate(7)).toEqual(await simulate(7));
});

test.each(Object.entries(defects))(
  'the checker notices %s',
  async (_name, { variant, shows }) => {
    for (let seed = 1; seed <= DEFECT_SEEDS; seed++)
      if ((await simulate(seed, variant)).violations.includes(shows)) return;
    expect.fail(`${shows} did not show in ${DEFECT_SEEDS} seeds`);
  },
  60_000,
);
