import type { CauseKind } from '../core/triggers.ts';
import type { Words } from './panel.ts';

/** Values as people read them, with the state that each stands for. */

/** tidewatch_controller_state, as core/monitor-metrics.ts numbers it. */
export const CONTROLLER: Words = {
  0: ['Idle', 'ok'],
  1: ['Training', 'info'],
  2: ['Evaluating', 'info'],
  3: ['Waits for approval', 'warn'],
  4: ['Shadow', 'info'],
  5: ['Canary', 'info'],
  6: ['Watching', 'info'],
  7: ['Held', 'warn'],
  8: ['Suspended', 'bad'],
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

/** What trustOf() in overview-queries.ts comes to. */
export const TRUST: Words = {
  0: ['Yes', 'ok'],
  1: ['Alerts are off their rate', 'warn'],
  2: ['Features have drifted', 'warn'],
  3: ['Serves without its forest', 'bad'],
  4: ['Figures are stale', 'unknown'],
};

export const URGENCY: Words = { page: ['page', 'bad'], ticket: ['ticket', 'warn'], info: ['info', 'info'] };
