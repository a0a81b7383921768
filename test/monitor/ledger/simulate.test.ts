import { expect, test } from 'vitest';
import { firstState } from '../../../monitor/decide/step.ts';
import { compareDecisions } from '../../../monitor/ledger/compare.ts';
import { simulate } from '../../../monitor/ledger/simulate.ts';
import type { EffectResult } from '../../../monitor/types.ts';
import { policyWith } from '../decide/make.ts';
import { written } from './make.ts';

const policy = policyWith();
const book = written(policy);
const first = firstState('shop');

test('the current policy simulates to exactly the ledger', () => {
  const { decisions, state, notes } = simulate(policy, first, book.inputs);
  expect(decisions).toEqual(book.decisions);
  expect(state).toEqual(book.state);
  expect(notes).toEqual([]);
  expect(compareDecisions(book.decisions, decisions)).toMatchObject({ same: true, lines: [] });
});

test.each<[string, (kind: string) => EffectResult | null]>([
  ['answers that were never given', () => null],
  ['answers that were failures', () => ({ kind: 'failed', code: 'internal', detail: 'no disk' })],
])('so it does with %s', (_, answer) => {
  const other = written(policy, ({ kind }) => answer(kind));
  const { decisions, state } = simulate(policy, first, other.inputs);
  expect(decisions).toEqual(other.decisions);
  expect(state).toEqual(other.state);
});

test('so it does from any point of the record on', () => {
  for (const at of [1, 100, 182, 200, 320]) {
    let state = first;
    const before: string[] = [];
    const head = simulate(policy, first, book.inputs.slice(0, at));
    state = head.state;
    for (const { id } of head.decisions) before.push(id);
    const { decisions } = simulate(policy, state, book.inputs.slice(at));
    expect([...before, ...decisions.map(({ id }) => id)]).toEqual(book.decisions.map(({ id }) => id));
  }
});

test('a policy without retrainings does something else, and the difference is told in words', () => {
  const thrifty = policyWith({ retrainsPerMonth: 0 });
  const { decisions, notes } = simulate(thrifty, first, book.inputs, { recordedUnder: policy });
  expect(decisions.map(({ action }) => action)).not.toContain('retrain');
  expect(decisions.map(({ action }) => action)).toContain('recalibrate');
  const { same, lines, onlyFirst } = compareDecisions(book.decisions, decisions);
  expect(same).toBe(false);
  expect(lines.join('\n')).toMatch(/≠ .*retrain by drift, done → .*recalibrate/);
  expect(onlyFirst.map(({ action }) => action)).toContain('start_shadow');
  // nobody knows what calibrating anew would have come to
  expect(notes.join('\n')).toMatch(/orders to recalibrate .* not done in the record, so it is answered as failed/);
  expect(notes.join('\n')).toMatch(/recorded answers? (is|are) left out/);
});

test('an effect that the record ran too is answered as it was then, though it is numbered otherwise', () => {
  const quiet = policyWith({ triggers: { producer_changed: { urgency: 'ticket' } } });
  const { decisions, notes } = simulate(quiet, first, book.inputs, { recordedUnder: policy });
  expect(decisions.map(({ action }) => action)).toEqual(book.decisions.map(({ action }) => action));
  expect(notes).toEqual([]);
});

test('a policy that trains at another time is told that nobody knows what it would have learnt', () => {
  const hasty = policyWith({ triggers: { drift: { for: '2h' } } });
  const { decisions, notes } = simulate(hasty, first, book.inputs, { recordedUnder: policy });
  const trained = decisions.find(({ action }) => action === 'retrain')!;
  expect(trained.atMs).toBeLessThan(book.decisions.find(({ action }) => action === 'retrain')!.atMs);
  expect(decisions.map(({ action }) => action)).toContain('train_failed');
  expect(notes.join('\n')).toMatch(/orders to train/);
});

test('a dry run decides and does nothing', () => {
  const { decisions, state } = simulate(policyWith({ dryRun: true }), first, book.inputs, { recordedUnder: policy });
  expect(
    decisions.filter(({ result, actor }) => result === 'done' && actor === 'controller').map((d) => d.action),
  ).toEqual(['promote']);
  expect(state.rollout.phase).toBe('idle');
});
