import { expect, test } from 'vitest';
import { alternate, Contestant } from '../../bench/lib/contestant.ts';
import { markdown, median, versus, within } from '../../bench/lib/section.ts';

test('a goal against a reference is met by the ratio, and open when the reference is absent', () => {
  expect(versus('batch', 'µs', 2, 5, 2)).toMatchObject({ ratio: 2.5, goal: '≥ 2 × as fast', met: true });
  expect(versus('batch', 'µs', 2, 3, 2).met).toBe(false);
  expect(versus('batch', 'µs', 1.2, 1, 1 / 1.3)).toMatchObject({ goal: '≤ 1.3 × its time', met: true });
  expect(versus('batch', 'µs', 1.4, 1, 1 / 1.3).met).toBe(false);
  expect(versus('batch', 'µs', 2, null, 2)).toMatchObject({ ratio: null, met: null });
  expect(within('row', 'µs', 11, 10)).toMatchObject({ goal: '≤ 10 µs', met: false });
});

test('a figure that never came is no goal met', () => {
  expect(versus('batch', 'µs', Number.NaN, 5, 2).met).toBe(false);
  expect(within('row', 'µs', Number.NaN, 10).met).toBe(false);
  expect(median([])).toBeNaN();
  expect(median([3, 1, 2])).toBe(2);
});

test('a section says in its page what was missed and what is absent', () => {
  const page = markdown({
    name: 'Forest',
    rows: [within('row', 'µs', 11, 10), versus('batch', 'µs', 2, null, 2)],
    notes: ['C is absent: no compiler'],
  });
  expect(page).toContain('| row | 11 | – | – | µs | ≤ 10 µs | **no** |');
  expect(page).toContain('| batch | 2 | – | – | µs | ≥ 2 × as fast |  |');
  expect(page).toContain('- C is absent: no compiler');
});

const player = (script: string): Promise<[Contestant, Record<string, unknown>]> =>
  Contestant.start('player', process.execPath, ['-e', script]);

test('contestants answer in turn, round by round', async () => {
  const [one, ready] = await player(`
    console.log('{"ready":1}');
    let n = 0;
    process.stdin.on('data', () => console.log(JSON.stringify({ n: ++n })));`);
  try {
    expect(ready).toEqual({ ready: 1 });
    expect((await alternate([one], 3)).get('player')).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
  } finally {
    one.stop();
  }
});

test('a contestant that dies or cannot be started is an error, not a wait', async () => {
  await expect(player('process.exit(3)')).rejects.toThrow('player ended without an answer');
  await expect(Contestant.start('nobody', '/nonexistent/program', [])).rejects.toThrow(
    'nobody ended without an answer',
  );
});
