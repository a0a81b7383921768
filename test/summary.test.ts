import { expect, test } from 'vitest';
import { summarise } from './summary.ts';

const report = (...tests: [status: string, fullName: string][]) => ({
  testResults: [
    {
      name: 'test/a.test.ts',
      status: 'passed',
      assertionResults: tests.map(([status, fullName]) => ({ status, fullName })),
    },
  ],
});
const STEPS = [
  { name: 'types', ok: true },
  { name: 'lint', ok: true },
];

test('tests are counted by what became of them', () => {
  const { passed, failures, skipped } = summarise(
    report(['passed', 'a'], ['failed', 'b'], ['passed', 'c']),
    STEPS,
    false,
  );
  expect([passed, failures, skipped]).toEqual([2, ['test/a.test.ts: b'], 0]);
});

test('types, lint, a file that cannot be loaded and a missing report are failures', () => {
  expect(summarise(report(), [{ name: 'types', ok: false }], false).failures).toEqual(['types']);
  expect(summarise(null, STEPS, false).failures).toHaveLength(1);
  const unloadable = {
    testResults: [{ name: 'test/a.test.ts', status: 'failed', message: 'no b.ts\n at', assertionResults: [] }],
  };
  expect(summarise(unloadable, STEPS, false).failures).toEqual(['test/a.test.ts: no b.ts']);
});

test('skips are told with their reasons', () => {
  const skips = report(
    ['skipped', 'x [needs pack: no data] a'],
    ['pending', 'x [needs pack: no data] b'],
    ['todo', 'c'],
  );
  const { skipped, reasons, failures } = summarise(skips, STEPS, false);
  expect([skipped, failures]).toEqual([3, []]);
  expect([...reasons]).toEqual([
    ['pack: no data', 2],
    ['no reason given (test/a.test.ts: c)', 1],
  ]);
});

test('under CI only what needs pack or peers may be skipped', () => {
  const skips = report(
    ['skipped', 'x [needs pack: no data] a'],
    ['skipped', 'y [needs python: none] b'],
    ['skipped', 'c'],
  );
  expect(summarise(skips, STEPS, true).failures).toEqual([
    'skipped although CI=true: y [needs python: none] b',
    'skipped although CI=true: c',
  ]);
});
