import { expect, test } from 'vitest';
import type { Lineage } from '../../../monitor/types.ts';
import { CANDIDATE, CHAMPION, evaluation, figure, observation, policyWith, START_MS, Told } from './make.ts';

const DRIFTED = { drift: figure(3, { status: 'drift', limit: 1 }) };
const lineage = {} as Lineage;
/** The same for as many hours as a trigger of drift waits. */
const drifts = (told: Told, from = 1, hours = 13, cause: Parameters<typeof observation>[2] = 'gradual_drift') => {
  for (let h = from; h < from + hours; h++) told.sees(observation(h, DRIFTED, cause));
};

test('with approval on, a candidate waits for an operator, who may also reject it', () => {
  for (const answer of ['approve', 'reject'] as const) {
    const told = Told.withChampion(policyWith({ approval: true }));
    drifts(told);
    told.answer({ kind: 'trained', model: CANDIDATE, lineage });
    told.answer({ kind: 'evaluated', evaluation, gates: [] });
    expect(told.state.rollout.phase).toBe('approval');
    told.command({ kind: answer, model: CANDIDATE });
    expect(told.state.rollout.phase).toBe(answer === 'approve' ? 'shadow' : 'idle');
    expect(told.state.serving.challenger === null).toBe(answer === 'reject');
  }
});

test('while suspended nothing is done, and what would have been is told once', () => {
  const told = Told.withChampion();
  told.command({ kind: 'suspend' });
  drifts(told, 1, 30);
  expect(told.actions).toEqual(['promote', 'suspend', 'retrain held']);
  told.command({ kind: 'resume' });
  drifts(told, 31, 1);
  expect(told.actions.slice(3)).toEqual(['resume', 'retrain']);
});

test('a dismissal changes the calibration of the champion, and can be taken back', () => {
  const told = Told.withChampion();
  told.sees(observation(1));
  const dismissals = [{ entity: 'web-1', metric: 'cpu', direction: 'high', decades: 4 }] as const;
  told.command({ kind: 'dismiss', dismissals, incident: 'inc-1' });
  expect(told.state.serving.calibration).toMatchObject({ modelId: CHAMPION.modelId, version: 2, dismissals });
  told.command({ kind: 'undismiss', entity: 'web-1', metric: 'cpu' });
  expect(told.state.serving.calibration).toMatchObject({ version: 3, dismissals: [] });
});

test('an operator promotes and reverts, one model at a time', () => {
  const told = Told.withChampion();
  told.command({ kind: 'promote', model: CANDIDATE });
  expect(told.state).toMatchObject({ serving: { champion: CANDIDATE }, lastGood: CHAMPION });
  told.command({ kind: 'revert' });
  expect(told.state.serving.champion).toEqual(CHAMPION);
  told.command({ kind: 'revert' });
  expect(told.actions.slice(1)).toEqual(['promote', 'roll_back', 'roll_back refused']);
});

test('an operator lifts a hold by hand', () => {
  const told = Told.withChampion();
  told.command({ kind: 'resume' });
  told.sees(observation(1, { producer_change: 1 }, 'unit_change'));
  told.command({ kind: 'resume' }, 'meant to be');
  expect(told.state.hold).toBeNull();
  expect(told.actions).toEqual(['promote', 'resume refused', 'hold', 'resume']);
});

test('what was evaluated while the controller is suspended waits for an operator', () => {
  const told = Told.withChampion();
  drifts(told);
  told.command({ kind: 'suspend' });
  told.answer({ kind: 'trained', model: CANDIDATE, lineage });
  told.answer({ kind: 'evaluated', evaluation, gates: [] });
  expect(told.actions.at(-1)).toBe('await_approval');
  expect(told.state.serving.challenger).toBeNull();
});

test('a calibration that comes after the controller was suspended is not put in force', () => {
  const told = Told.withChampion(policyWith({ retrainsPerMonth: 0 }));
  drifts(told, 1, 13);
  const effect = told.state.effects[0]!;
  told.command({ kind: 'suspend' });
  const calibration = { modelId: CHAMPION.modelId, version: 2, alertRate: 0.001, combined: null, dismissals: [] };
  const result = { kind: 'recalibrated', calibration } as const;
  told.take({ kind: 'effect', key: effect.id, effect: effect.id, atMs: told.state.atMs, result });
  expect(told.state.serving.calibration).toBeNull();
});

test('a candidate that nobody answers for is given up in the end', () => {
  const told = Told.withChampion(policyWith({ approval: true }));
  drifts(told);
  told.answer({ kind: 'trained', model: CANDIDATE, lineage });
  told.answer({ kind: 'evaluated', evaluation, gates: [] });
  for (let h = 14; h < 14 + 7 * 24; h++) told.sees(observation(h));
  expect(told.actions.at(-1)).toBe('withdraw');
  expect(told.state.rollout.phase).toBe('idle');
});

test('a sender of commands and alerts whose clock runs ahead makes nothing due', () => {
  const told = Told.withChampion();
  drifts(told, 1, 3);
  const atMs = START_MS + 1e12;
  told.take({
    kind: 'command',
    key: 'late',
    actor: 'operator:ann',
    atMs,
    command: { kind: 'undismiss', entity: 'a', metric: 'b' },
    note: '',
  });
  told.take({ kind: 'alert', key: 'alert', trigger: 'psi_warn', atMs, firing: true });
  drifts(told, 4, 3);
  expect(told.actions).toEqual(['promote', 'label', 'look']);
  expect(told.state.atMs).toBe(START_MS + 6 * 3_600_000);
});
