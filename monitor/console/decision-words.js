/** What the monitor's names mean to a person. An unknown name is shown as it is, with spaces. */
const ACTIONS = {
  retrain: 'Train a new model',
  train_failed: 'Training failed',
  candidate_refused: 'Candidate refused',
  await_approval: 'Wait for approval',
  start_shadow: 'Candidate judges in the shadow',
  start_canary: 'Candidate serves a first share',
  canary_step: 'Candidate serves a larger share',
  promote: 'Promote to champion',
  roll_back: 'Roll back',
  withdraw: 'Withdraw the candidate',
  keep_champion: 'Keep the champion',
  recalibrate: 'Calibrate anew',
  fall_back: 'Step down to the fallback',
  resume_forest: 'Back to the forest',
  disable_forest: 'Switch the forest off',
  hold: 'Hold',
  page: 'Page somebody',
  look: 'Have a look',
  suspend: 'Suspend the controller',
  resume: 'Resume',
  label: 'Take a label',
};

const RESULTS = { done: 'done', held: 'held back', dry_run: 'dry run', refused: 'refused' };

const CAUSES = {
  none: 'nothing moved',
  missing_data: 'data missing',
  late_data: 'data late',
  schema_change: 'producer changed its schema',
  unit_change: 'producer changed a unit',
  entity_mix: 'other entities than before',
  fault_storm: 'many faults at once',
  season: 'season',
  gradual_drift: 'gradual drift',
  sudden_drift: 'sudden drift',
  unknown: 'not known',
};

const URGENCIES = { page: 'urgent: pages somebody', ticket: 'ticket', info: 'for information' };

const PHASES = {
  idle: 'none under way',
  training: 'training',
  evaluating: 'evaluation',
  approval: 'approval',
  shadow: 'shadow',
  canary: 'canary',
  watching: 'watching',
};

export const spaced = (name) => name.replaceAll('_', ' ').replace(/[a-z][A-Z]/g, ([a, b]) => `${a} ${b.toLowerCase()}`);
const from = (words) => (name) => words[name] ?? spaced(name);

export const actionWords = from(ACTIONS);
export const resultWords = from(RESULTS);
export const causeWords = from(CAUSES);
export const urgencyWords = from(URGENCIES);
export const phaseWords = from(PHASES);

/** "ann", "the controller", "an alert" */
export function actorWords(actor) {
  if (actor === 'controller') return 'the controller';
  if (actor === 'webhook') return 'an alert from outside';
  return actor.replace(/^operator:/, '');
}
