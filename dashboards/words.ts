import { CONTROLLER_STATES } from '../core/controller-state.ts';
import type { CauseKind } from '../core/triggers.ts';
import type { State } from './colours.ts';
import type { Words } from './panel.ts';

/** Values as people read them, with the state that each stands for. */

/** tidewatch_controller_state. */
export const CONTROLLER: Words = {
  [CONTROLLER_STATES.idle]: ['Idle', 'ok'],
  [CONTROLLER_STATES.training]: ['Training', 'info'],
  [CONTROLLER_STATES.evaluating]: ['Evaluating', 'info'],
  [CONTROLLER_STATES.approval]: ['Waits for approval', 'warn'],
  [CONTROLLER_STATES.shadow]: ['Shadow', 'info'],
  [CONTROLLER_STATES.canary]: ['Canary', 'info'],
  [CONTROLLER_STATES.watching]: ['Watching', 'info'],
  [CONTROLLER_STATES.held]: ['Held', 'warn'],
  [CONTROLLER_STATES.suspended]: ['Suspended', 'bad'],
};

export const CAUSE: Record<CauseKind, Words[string]> = {
  none: ['Nothing has shifted', 'ok'],
  missing_data: ['Data are missing', 'bad'],
  late_data: ['Data come late', 'warn'],
  schema_change: ['A producer renamed or dropped metrics', 'bad'],
  unit_change: ['A producer changed a unit', 'bad'],
  entity_mix: ['Other entities than before', 'warn'],
  fault_storm: ['Many entities fail at once', 'bad'],
  season: ['A season', 'info'],
  gradual_drift: ['Gradual drift', 'warn'],
  sudden_drift: ['Sudden drift', 'warn'],
  unknown: ['Unknown', 'unknown'],
};

/** Of figures and features. */
export const STATUS = {
  ok: ['ok', 'ok'],
  warn: ['warn', 'warn'],
  drift: ['drift', 'bad'],
  unknown: ['unknown', 'unknown'],
} as const satisfies Words;
/** The same as tidewatch_drift_status numbers it. */
export const STATUS_NUMBERS: Words = {
  0: STATUS.ok,
  1: STATUS.warn,
  2: STATUS.drift,
  3: STATUS.unknown,
};

export const RESULT: Words = {
  done: ['done', 'ok'],
  held: ['held', 'warn'],
  dry_run: ['dry run', 'info'],
  refused: ['refused', 'bad'],
};

export const SOURCE: Words = { forest: ['Forest', 'ok'], fallback: ['Fallback', 'warn'] };

/** tidewatch_breaker_state. */
export const BREAKER: Words = {
  0: ['Closed: the forest serves', 'ok'],
  1: ['Open: the fallback serves', 'bad'],
  2: ['On trial', 'warn'],
};

/** What a cause adds to a doubt; short, since both stand in one answer. */
const BECAUSE: Record<Exclude<CauseKind, 'none'>, string> = {
  missing_data: 'data are missing',
  late_data: 'data come late',
  schema_change: 'metrics renamed or gone',
  unit_change: 'a unit was changed',
  entity_mix: 'other entities',
  fault_storm: 'many entities fail',
  season: 'a season',
  gradual_drift: 'slowly',
  sudden_drift: 'suddenly',
  unknown: 'nobody knows why',
};
/** Causes in the order of their numbers in an answer, from 1 on. */
export const NUMBERED_CAUSES = Object.keys(BECAUSE) as Exclude<CauseKind, 'none'>[];

const doubts = (number: number, alone: string, before: string): Words =>
  Object.fromEntries([
    [number, [alone, 'warn']],
    ...NUMBERED_CAUSES.map((cause, i) => {
      const state = CAUSE[cause][1] === 'bad' ? 'bad' : 'warn';
      return [number + 1 + i, [`${before}: ${BECAUSE[cause]}`, state]];
    }),
  ]);

/** What trustOf() in overview-queries.ts comes to; a doubt has the number of its cause added. */
export const TRUST_NUMBERS = { yes: 0, learning: 50, alerts: 100, drift: 200, withoutForest: 300, stale: 400 } as const;
export const TRUST: Words = {
  [TRUST_NUMBERS.yes]: ['Yes', 'ok'],
  [TRUST_NUMBERS.learning]: ['Learning: there is no model yet', 'info'],
  ...doubts(TRUST_NUMBERS.alerts, 'Alerts are off their rate', 'Alert rate off'),
  ...doubts(TRUST_NUMBERS.drift, 'Features have drifted', 'Drifted'),
  [TRUST_NUMBERS.withoutForest]: ['No: serves without its forest', 'bad'],
  [TRUST_NUMBERS.stale]: ['Unknown: figures are stale', 'unknown'],
};

/** What somebody must do when an alert of the installation or of missing data fires; the worst last. */
export const ALARMS: readonly (readonly [alert: string, text: string, state: State])[] = [
  ['config_not_reloaded', 'Mend the new configuration', 'warn'],
  ['webhook_silent', 'See why no alert arrives', 'warn'],
  ['telemetry_silent', 'See why telemetry is silent', 'warn'],
  ['figures_missing', 'See why there are no figures', 'bad'],
  ['figures_behind', 'See why figures are behind', 'bad'],
  ['target_down', 'See which process is down', 'bad'],
  ['monitor_silent', 'Start the monitor', 'bad'],
];
export const ALARM_WORDS: Words = Object.fromEntries(ALARMS.map(([, text, state], i) => [i + 1, [text, state]]));

export const URGENCY: Words = { page: ['page', 'bad'], ticket: ['ticket', 'warn'], info: ['info', 'info'] };
