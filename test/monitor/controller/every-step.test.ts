import { beforeAll, describe, expect, test } from 'vitest';
import { verifyChain } from '../../../monitor/ledger/verify.ts';
import { DECISION_ACTIONS, type DecisionAction, type Effect } from '../../../monitor/types.ts';
import { Site } from './site.ts';

/** Every action that can be decided and every effect that can be ordered; a new one does not compile without its line. */
const ACTIONS: Record<DecisionAction, 'killed at' | 'words only'> = {
  retrain: 'killed at',
  train_failed: 'killed at',
  candidate_refused: 'killed at',
  await_approval: 'killed at',
  start_shadow: 'killed at',
  start_canary: 'killed at',
  canary_step: 'killed at',
  promote: 'killed at',
  roll_back: 'killed at',
  withdraw: 'killed at',
  keep_champion: 'killed at',
  recalibrate: 'killed at',
  fall_back: 'killed at',
  resume_forest: 'killed at',
  disable_forest: 'killed at',
  hold: 'killed at',
  suspend: 'killed at',
  resume: 'killed at',
  label: 'killed at',
  page: 'words only',
  look: 'words only',
};
const EFFECTS: Record<Effect['kind'], 'killed at' | 'part of the commit'> = {
  train: 'killed at',
  evaluate: 'killed at',
  recalibrate: 'killed at',
  serve: 'part of the commit',
};

const undisturbed = new Site();
beforeAll(async () => {
  await undisturbed.live();
});

test('the story comes to every decision that touches the world, and to every effect', () => {
  const decided = new Set(undisturbed.calls.flatMap(({ actions }) => actions));
  const ordered = new Set(undisturbed.calls.map(({ call }) => call));
  const missing = DECISION_ACTIONS.filter((action) => ACTIONS[action] === 'killed at' && !decided.has(action));
  expect(missing).toEqual([]);
  for (const [kind, how] of Object.entries(EFFECTS))
    expect([kind, ordered.has(`effect ${kind}`)]).toEqual([kind, how === 'killed at']);
});

describe.each(['before', 'after'] as const)('killed %s it', (side) => {
  test('whatever was decided or done, the next controller comes to the same end', async () => {
    let killed = 0;
    for (const [number, { call, actions }] of undisturbed.calls.entries()) {
      // a commit that decides nothing and answers nothing is like any other of its kind
      if (actions.length === 0 && call.startsWith('commit grain') && number % 20 !== 0) continue;
      const site = await new Site(number, side).live();
      const about = `killed ${side} call ${number}, ${call} (${actions.join(', ')})`;
      expect(site.left, about).toEqual(undisturbed.left);
      expect(await verifyChain(site.tables.ledger), about).toMatchObject({ ok: true });
      expect(site.deaths, about).toBe(1);
      killed++;
    }
    expect(killed).toBeGreaterThan(DECISION_ACTIONS.length);
  });
});

test('a controller that forgets what it ordered is found out', async () => {
  const number = undisturbed.calls.findIndex(({ call }) => call === 'effect train');
  const site = await new Site(number, 'before', true).live();
  expect(site.left).not.toEqual(undisturbed.left);
});
