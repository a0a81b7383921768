import type { Expected } from '../scenario.ts';

export const DRIFT = ['psi_drift', 'psi_top_features', 'drift', 'quality_fallen', 'calibration_stays_out'] as const;

/** A retraining that a genuine change of the telemetry has called for, and what was tried before there were enough windows. */
export const RETRAIN_FOR_DRIFT: Expected = {
  action: 'retrain',
  trigger: DRIFT,
  cause: ['gradual_drift', 'sudden_drift'],
  result: 'done',
  times: [1, 4],
  afterMs: 0,
};

/** What follows a retraining that turns out well: shadow, the steps of the canary, promotion … */
export const PROMOTED: readonly Expected[] = [
  { action: 'start_shadow', result: 'done' },
  { action: 'start_canary', result: 'done' },
  { action: 'canary_step', result: 'done', times: [3, 3] },
  { action: 'promote', result: 'done' },
];

/** … and a day in which the former champion stayed ready and was not needed. */
export const ROLLOUT: readonly Expected[] = [...PROMOTED, { action: 'keep_champion', result: 'done' }];

/** A change at a producer, or of what comes at all, and its end: nothing is changed until it is over. */
export const HOLD_AND_RESUME: readonly Expected[] = [
  { action: 'hold', result: 'done' },
  { action: 'resume', result: 'done' },
];

/** The cheap answer while the dear one waits for its time. */
export const RECALIBRATIONS: Expected = { action: 'recalibrate', result: 'done', afterMs: 0 };

/** A training that was asked for too early: of the new normal there are too few windows yet, and it is tried again. */
export const TOO_EARLY: Expected = { action: 'train_failed', result: 'refused' };

/** Words beside what is done, which change nothing: something is noted, or told to be held back. */
export const REMARKS: readonly Expected[] = [
  { action: ['look', 'page'] },
  { action: ['hold', 'retrain', 'recalibrate', 'disable_forest', 'roll_back'], result: 'held' },
];

/** A step of a rollout says that it needs more windows. */
export const STANDS_STILL: Expected = { action: 'hold', result: 'held' };
