import { expect, test } from 'vitest';
import type { Lineage } from '../../../monitor/types.ts';
import {
  CANDIDATE,
  CHAMPION,
  DRIFTED,
  drifts,
  evaluation,
  figure,
  observation,
  policyWith,
  START_MS,
  Told,
} from './make.ts';

const lineage = {} as Lineage;

test('nothing is decided of a stream that is well', () => {
  const told = Told.withChampion();
  for (let h = 1; h < 600; h++) told.sees(observation(h, { drift: 0.4, model_age: h * 3_600_000 }));
  expect(told.actions).toEqual(['promote']);
});

test('genuine drift that lasts is answered with one retraining, once an episode', () => {
  const told = Told.withChampion();
  drifts(told, 1, 12);
  expect(told.actions).toEqual(['promote']);
  drifts(told, 13, 30);
  expect(told.actions).toEqual(['promote', 'retrain']);
  expect(told.state.effects).toMatchObject([{ kind: 'train' }]);
});

test.each(['unit_change', 'schema_change', 'missing_data', 'fault_storm', 'unknown', 'season'] as const)(
  'drift whose cause is %s retrains nothing, and the ledger says so once',
  (cause) => {
    const told = Told.withChampion();
    drifts(told, 1, 60, cause);
    expect(told.actions).toEqual(['promote', 'retrain held']);
    expect(told.decisions[1]!.reason).toContain(`The cause is ${cause.replaceAll('_', ' ')}`);
    expect(told.state.serving.champion).toEqual(CHAMPION);
  },
);

test('a change at the producer holds everything and pages; when it has gone for an interval the hold ends', () => {
  const told = Told.withChampion();
  const changed = { ...DRIFTED, producer_change: 1 };
  for (let h = 1; h < 20; h++) told.sees(observation(h, changed, 'unit_change'));
  expect(told.actions.slice(0, 2)).toEqual(['promote', 'hold']);
  expect(told.decisions[1]).toMatchObject({ urgency: 'page', trigger: 'producer_changed', cause: 'unit_change' });
  for (let h = 20; h < 25; h++) told.sees(observation(h, { drift: 0.2, producer_change: 0 }));
  expect(told.state.hold).not.toBeNull();
  told.sees(observation(25, { drift: 0.2, producer_change: 0 }));
  expect(told.state.hold).toBeNull();
  expect(told.actions.at(-1)).toBe('resume');
  expect(told.actions).not.toContain('roll_back');
  expect(told.state.quarantine).toMatchObject([{ reason: 'unit_change', fromMs: START_MS - 5 * 3_600_000 }]);
});

test('without budget for a retraining it is calibrated anew, and the reason says why', () => {
  const told = Told.withChampion(policyWith({ retrainsPerMonth: 0 }));
  drifts(told, 1, 20);
  expect(told.actions).toEqual(['promote', 'recalibrate']);
  expect(told.decisions[1]!.reason).toContain('The budget of retrainings is spent, so it is calibrated anew');
});

test('a retraining goes through training, evaluation and gates into the shadow', () => {
  const told = Told.withChampion();
  drifts(told);
  told.answer({ kind: 'trained', model: CANDIDATE, lineage });
  expect(told.state.rollout.phase).toBe('evaluating');
  told.answer({ kind: 'evaluated', evaluation, gates: [{ gate: 'size', passed: true, detail: '' }] });
  expect(told.actions).toEqual(['promote', 'retrain', 'start_shadow']);
  expect(told.state.serving).toMatchObject({ champion: CHAMPION, challenger: { ...CANDIDATE, share: 0 } });
});

test('a candidate that fails a gate is refused with the gate named, and the champion goes on', () => {
  const told = Told.withChampion();
  drifts(told);
  told.answer({ kind: 'trained', model: CANDIDATE, lineage });
  told.answer({ kind: 'evaluated', evaluation, gates: [{ gate: 'size', passed: false, detail: '21 MB' }] });
  expect(told.actions.at(-1)).toBe('candidate_refused refused');
  expect(told.decisions.at(-1)!.reason).toContain('size: 21 MB');
  expect(told.state).toMatchObject({ rollout: { phase: 'idle' }, serving: { champion: CHAMPION, challenger: null } });
});

test('a model that is a month old is trained anew, and the clock starts again', () => {
  const told = Told.withChampion();
  const aged = (h: number) => observation(h, { model_age: told.state.atMs - told.state.trainedMs! });
  for (let h = 1; h < 730; h++) told.sees(aged(h));
  expect(told.actions).toEqual(['promote', 'retrain']);
  told.answer({ kind: 'trained', model: CANDIDATE, lineage });
  expect(told.state.trainedMs).toBe(told.state.atMs);
});

test('a drift trigger that is due goes before the scheduled retraining', () => {
  const told = Told.withChampion();
  for (let h = 1; h < 20; h++) told.sees(observation(h, { ...DRIFTED, model_age: h > 12 ? 1e11 : 0 }, 'gradual_drift'));
  expect(told.decisions.filter(({ action }) => action === 'retrain').map(({ trigger }) => trigger)).toEqual(['drift']);
});

test('errors of the forest step down to the fallback at once', () => {
  const told = Told.withChampion();
  told.sees(observation(1, { errors: 0.02 }));
  expect(told.actions).toEqual(['promote', 'fall_back']);
  expect(told.state.serving.mode).toBe('fallback');
});

test('a forest that failed is tried again after a rest, which doubles each time it fails, and recovers', () => {
  const told = Told.withChampion();
  let h = 1;
  const tried: number[] = [];
  const grain = (errors: number | null) => told.sees(observation(h++, { errors }));
  for (let failures = 0; failures < 4; failures++) {
    grain(0.5);
    expect(told.state.serving.mode).toBe('fallback');
    const fromH = h;
    while (told.state.serving.mode === 'fallback') grain(null);
    tried.push(h - fromH);
  }
  expect(tried).toEqual([1, 2, 4, 8]);
  for (let i = 0; i < 7; i++) grain(0);
  expect(told.state.steppedDown).toBeNull();
  expect(told.actions.slice(1, 5)).toEqual(['fall_back', 'resume_forest', 'fall_back', 'resume_forest']);
});

test('what an operator stepped down stays so until an operator says otherwise', () => {
  const told = Told.withChampion();
  told.command({ kind: 'mode', mode: 'fallback' });
  for (let h = 1; h < 100; h++) told.sees(observation(h));
  expect(told.state.serving.mode).toBe('fallback');
});

test('an alert from outside and our own evaluation give one decision, whichever comes first', () => {
  const outside = Told.withChampion();
  outside.sees(observation(1, DRIFTED, 'gradual_drift'));
  outside.alert('drift');
  drifts(outside, 2, 20);
  outside.alert('drift');
  const inside = Told.withChampion();
  drifts(inside, 1, 20);
  inside.alert('drift');
  for (const told of [outside, inside]) expect(told.actions).toEqual(['promote', 'retrain']);
});

test('a dry run writes down what it would do, and does nothing', () => {
  const told = Told.withChampion(policyWith({ dryRun: true }));
  drifts(told, 1, 40);
  expect(told.actions).toEqual(['promote', 'retrain dry_run']);
  expect(told.state).toMatchObject({ effects: [], rollout: { phase: 'idle' } });
});

test('no data is neither drift nor its end', () => {
  const told = Told.withChampion();
  drifts(told, 1, 6);
  for (let h = 7; h < 14; h++) told.sees(observation(h, { drift: null }, 'unknown'));
  expect(told.state.triggers.drift).toMatchObject({ sinceMs: START_MS + 3_600_000, episode: 1 });
  expect(told.actions).toEqual(['promote']);
});

test('a dry run does nothing in place of what the budget forbids either', () => {
  const told = Told.withChampion(policyWith({ dryRun: true, retrainsPerMonth: 0 }));
  drifts(told, 1, 40);
  expect(told.actions).toEqual(['promote', 'recalibrate dry_run']);
  expect(told.state.effects).toEqual([]);
});

test('without data a hold stays, for nobody knows whether its cause has gone', () => {
  const told = Told.withChampion();
  told.sees(observation(1, { producer_change: 1 }, 'schema_change'));
  for (let h = 2; h < 30; h++) told.sees(observation(h, { producer_change: null }, 'unknown'));
  expect(told.state.hold).not.toBeNull();
  for (let h = 30; h < 37; h++) told.sees(observation(h, { producer_change: 0 }));
  expect(told.state.hold).toBeNull();
});

test('drift that goes on after a training failed waits its time again, and then what the budget leaves is done', () => {
  const told = Told.withChampion();
  drifts(told, 1, 13);
  told.answer({ kind: 'failed', code: 'disk_full', detail: '' });
  drifts(told, 14, 60);
  expect(told.actions.slice(1, 3)).toEqual(['retrain', 'train_failed refused']);
  drifts(told, 74, 40);
  expect(told.actions.slice(3)).toEqual(['recalibrate']);
  expect(told.decisions.at(-1)).toMatchObject({ trigger: 'drift', episode: 2, asked: 'retrain' });
});

test('nothing trains on data of which nobody knows how good they are', () => {
  const told = Told.withChampion();
  for (let h = 1; h < 20; h++) told.sees(observation(h, { model_age: 1e11 }, 'none', { quality: null }));
  expect(told.actions).toEqual(['promote', 'retrain held']);
  expect(told.decisions[1]!.reason).toContain('The data quality is not known');
});

test('causes that change by the hour are told once each, not every hour', () => {
  const told = Told.withChampion();
  for (let h = 1; h < 200; h++) told.sees(observation(h, DRIFTED, h % 2 === 0 ? 'season' : 'unknown'));
  expect(told.actions).toEqual(['promote', 'retrain held', 'retrain held']);
});

const MORE = { ...DRIFTED, psi_feature: figure(0.9, { limit: 0.2 }), psi_top_feature: figure(0.9, { limit: 0.2 }) };

test('three triggers of one drift ask for one retraining, and what holds it back is told once', () => {
  const told = Told.withChampion();
  for (let h = 1; h < 20; h++) told.sees(observation(h, MORE, 'unit_change'));
  expect(told.actions.filter((action) => action === 'retrain held')).toHaveLength(1);
  for (let h = 20; h < 30; h++) told.sees(observation(h, MORE, 'sudden_drift'));
  expect(told.actions.filter((action) => action === 'retrain')).toHaveLength(1);
  told.answer({ kind: 'failed', code: 'internal', detail: '' });
  // they wait their time again
  for (let h = 30; h < 42; h++) told.sees(observation(h, MORE, 'sudden_drift'));
  expect(told.actions.at(-1)).toBe('train_failed refused');
});

test('when calibrating anew day by day does not help, a new model is trained after four days', () => {
  const told = Told.withChampion();
  const out = { alert_rate_ratio: figure(9, { limit: [0.5, 2] }) };
  for (let h = 1; h < 5 * 24; h++) {
    told.sees(observation(h, out));
    const [effect] = told.state.effects;
    const calibration = { modelId: CHAMPION.modelId, version: 2, alertRate: 0.001, combined: null, dismissals: [] };
    if (effect?.kind === 'recalibrate') told.answer({ kind: 'recalibrated', calibration });
  }
  const anew = ['recalibrate', 'recalibrate', 'recalibrate', 'recalibrate'];
  expect(told.actions).toEqual(['promote', ...anew, 'retrain']);
  expect(told.decisions.at(-1)).toMatchObject({ trigger: 'calibration_stays_out', atMs: START_MS + 97 * 3_600_000 });
});

test('a fall of quality trains nothing anew while the forest does not serve, and does otherwise', () => {
  const fallen = (mode: 'disabled' | 'fallback' | 'forest') => {
    const told = Told.withChampion();
    if (mode !== 'forest') told.command({ kind: 'mode', mode });
    for (let hours = 1; hours <= 30; hours++) told.sees(observation(hours, { quality: 0.9 }));
    return told.actions;
  };
  for (const mode of ['disabled', 'fallback'] as const) expect(fallen(mode)).toContain('retrain held');
  for (const mode of ['disabled', 'fallback'] as const) expect(fallen(mode)).not.toContain('retrain');
  expect(fallen('forest')).toContain('retrain');
});

test('a candidate is evaluated against the champion as it is calibrated by then, and not by a calibration of another model', () => {
  for (const modelId of [CHAMPION.modelId, 'another']) {
    const told = Told.withChampion();
    const calibration = { modelId, version: 2, alertRate: 0.001, combined: [1, 2], dismissals: [] };
    told.state.serving.calibration = calibration;
    told.command({ kind: 'retrain' });
    told.answer({ kind: 'trained', model: CANDIDATE, lineage });
    const [effect] = told.state.effects;
    expect(effect).toMatchObject({ kind: 'evaluate', candidate: CANDIDATE, champion: CHAMPION });
    expect(effect && 'calibration' in effect ? effect.calibration : null).toEqual(
      modelId === CHAMPION.modelId ? calibration : null,
    );
  }
});
