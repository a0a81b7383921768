import { expect, test } from 'vitest';
import { DRIFTED, drifts, figure, HOUR_MS, observation, policyWith, START_MS, Told } from './make.ts';

test('a training that failed is told, and its budget stays spent', () => {
  const told = Told.withChampion();
  drifts(told);
  told.answer({ kind: 'failed', code: 'disk_full', detail: '' });
  expect(told.actions.at(-1)).toBe('train_failed refused');
  expect(told.state.rollout.phase).toBe('idle');
  drifts(told, 200, 40);
  expect(told.actions.filter((a) => a === 'retrain')).toHaveLength(1);
});

test('a training for which there were too few windows costs no budget, and is tried again when the drift has held as long again', () => {
  const told = Told.withChampion();
  drifts(told, 1, 13);
  told.answer({ kind: 'failed', code: 'too_little_data', detail: '3 windows' });
  expect(told.state.spent).toEqual([]);
  drifts(told, 14, 6);
  expect(told.actions.at(-1)).toBe('train_failed refused');
  drifts(told, 20, 90);
  expect(told.actions.filter((a) => a === 'retrain')).toHaveLength(2);
});

test('of a changed stream a model is trained on what came since, as the first trigger saw it that asks for one', () => {
  const told = Told.withChampion(policyWith({ triggers: { psi_drift: { for: '9d' } } }));
  const drifted = { psi_feature: figure(0.9, { limit: 0.2 }) };
  for (let h = 1; h < 8; h++) told.sees(observation(h, drifted, 'sudden_drift'));
  for (let h = 8; h < 33; h++) told.sees(observation(h, { ...drifted, quality: 0.5 }, 'sudden_drift'));
  expect(told.decisions.at(-1)).toMatchObject({ action: 'retrain', trigger: 'quality_fallen' });
  expect(told.state.effects).toMatchObject([{ kind: 'train', sinceMs: START_MS + HOUR_MS }]);
});

test('a forest that is no better is switched off only while nothing has changed and no candidate is on its way', () => {
  const no_better = { robust_z_share: 1 };
  const told = Told.withChampion();
  for (let h = 1; h < 30; h++) told.sees(observation(h, no_better, 'gradual_drift'));
  expect(told.actions).toEqual(['promote', 'disable_forest held']);
  drifts(told, 30, 13);
  expect(told.state.rollout.phase).toBe('training');
  for (let h = 43; h < 80; h++) told.sees(observation(h, no_better));
  expect(told.state.serving.mode).toBe('forest');
  told.answer({ kind: 'failed', code: 'disk_full', detail: '' });
  told.sees(observation(80, { ...no_better, ...DRIFTED }));
  expect(told.state.serving.mode).toBe('forest');
  told.sees(observation(81, { ...no_better, drift: 0 }));
  expect(told.actions.at(-1)).toBe('disable_forest');
});

test('a champion that is worse while no former one is ready is noted, and nobody is called for it', () => {
  const told = Told.withChampion();
  told.sees(observation(1, { quality: 0.5 }));
  expect(told.decisions.at(-1)).toMatchObject({ action: 'look', trigger: 'champion_worse', urgency: 'info' });
});

test('while the fallback serves nothing is calibrated: there are no scores to calibrate by', () => {
  const told = Told.withChampion();
  told.command({ kind: 'mode', mode: 'fallback' });
  for (let h = 1; h < 9; h++) told.sees(observation(h, { alert_rate_ratio: figure(9, { limit: [0.5, 2] }) }));
  expect(told.state.effects.filter(({ kind }) => kind === 'recalibrate')).toEqual([]);
  expect(told.decisions.at(-1)).toMatchObject({ action: 'recalibrate', result: 'held' });
});
