import { expect, test } from 'vitest';
import type { Decision } from '../../../monitor/types.ts';
import { matchDecisions } from '../../../scenarios/monitor/expect.ts';
import type { Expected } from '../../../scenarios/monitor/scenario.ts';

const HOUR_MS = 3_600_000;

const decided = (action: Decision['action'], atHours: number, more: Partial<Decision> = {}): Decision => ({
  id: `s-${atHours}`,
  stream: 's',
  atMs: atHours * HOUR_MS,
  action,
  trigger: null,
  episode: null,
  asked: null,
  cause: 'none',
  result: 'done',
  reason: '',
  urgency: 'info',
  actor: 'controller',
  model: null,
  runbook: '',
  ...more,
});

const match = (expected: Expected[], decisions: Decision[], asides: Expected[] = []) =>
  matchDecisions({ expected, asides, troubleMs: 10 * HOUR_MS }, decisions);

test('decisions in the order of the plan match, and the delay counts from the start of the trouble', () => {
  const result = match(
    [{ action: 'retrain' }, { action: 'promote' }],
    [decided('retrain', 13), decided('promote', 20)],
  );
  expect(result).toMatchObject({ matches: true, delayMs: 3 * HOUR_MS, surprises: [] });
});

test('another order, a decision too few and one too many do not match', () => {
  const expected: Expected[] = [{ action: 'retrain' }, { action: 'promote' }];
  expect(match(expected, [decided('promote', 13), decided('retrain', 20)]).matches).toBe(false);
  expect(match(expected, [decided('retrain', 13)]).why).toContain('the ledger ends');
  expect(match(expected, [decided('retrain', 13), decided('promote', 14), decided('promote', 15)]).why).toContain(
    'too many',
  );
});

test('a decision that nothing expects is named', () => {
  const result = match(
    [{ action: 'retrain' }],
    [decided('retrain', 13), decided('roll_back', 15, { cause: 'unit_change' })],
  );
  expect(result.matches).toBe(false);
  expect(result.why).toBe('not expected: roll_back by unit_change at +5h');
  expect(result.surprises).toHaveLength(1);
});

test('an expectation that allows several takes as many as lets the rest match', () => {
  const expected: Expected[] = [
    { action: ['look', 'hold'], times: [1, Number.POSITIVE_INFINITY] },
    { action: 'hold', result: 'done' },
  ];
  expect(match(expected, [decided('look', 11), decided('hold', 12), decided('hold', 13)]).matches).toBe(true);
  expect(match(expected, [decided('hold', 12)]).matches).toBe(false);
});

test('trigger, result, cause and time must be as expected', () => {
  const expected: Expected[] = [
    { action: 'hold', trigger: 'producer_changed', cause: ['unit_change'], result: 'done', withinMs: 2 * HOUR_MS },
  ];
  const right = { trigger: 'producer_changed', cause: 'unit_change' } as const;
  expect(match(expected, [decided('hold', 11, right)]).matches).toBe(true);
  expect(match(expected, [decided('hold', 13, right)]).matches).toBe(false);
  expect(match(expected, [decided('hold', 11, { ...right, cause: 'none' })]).matches).toBe(false);
  expect(match(expected, [decided('hold', 11, { ...right, result: 'held' })]).matches).toBe(false);
  expect(match(expected, [decided('hold', 11, { ...right, trigger: 'drift' })]).matches).toBe(false);
});

test('asides may come at any time', () => {
  const result = match(
    [{ action: 'retrain' }],
    [decided('look', 5), decided('retrain', 12), decided('look', 13)],
    [{ action: 'look' }],
  );
  expect(result.matches).toBe(true);
});
