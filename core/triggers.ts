import type { FigureName } from './figures.ts';

/** Why figures moved; monitor/cause says how each is told. */
export const CAUSES = [
  'none',
  'missing_data',
  'late_data',
  'schema_change',
  'unit_change',
  'entity_mix',
  'fault_storm',
  'season',
  'gradual_drift',
  'sudden_drift',
  'unknown',
] as const;
export type CauseKind = (typeof CAUSES)[number];

/** What may be done about a stream, from the cheapest on. */
export const ACTIONS = [
  'look',
  'page',
  'hold',
  'recalibrate',
  'fall_back',
  'disable_forest',
  'retrain',
  'roll_back',
] as const;
export type TriggerAction = (typeof ACTIONS)[number];

export const URGENCIES = ['page', 'ticket', 'info'] as const;
export type Urgency = (typeof URGENCIES)[number];

/** How far back a figure looks: the newest grain, the newest interval, a day, a week. */
export const SPANS = ['grain', 'interval', 'day', 'week'] as const;
export type Span = (typeof SPANS)[number];

/** `measured`: the limit that was set from the training data; `band`: the configured band, left on either side. */
export type TriggerLimit = number | 'measured' | 'band';

export interface Trigger {
  name: string;
  title: string;
  figure: FigureName;
  span: Span;
  comparison: '>' | '<' | 'outside';
  limit: TriggerLimit;
  /** How long it must hold, in event time, before it acts. */
  forMs: number;
  /** Causes for which it acts; all if left out. Other causes are written down as held. */
  causes?: readonly CauseKind[];
  action: TriggerAction;
  /** What is done where budget, cooldown or data forbid the action. */
  otherwise?: TriggerAction;
  urgency: Urgency;
  /** After acting it rests for so long, in event time. */
  cooldownMs: number;
  /** Evaluated and written down, nothing done. */
  dryRun: boolean;
  enabled: boolean;
  /** Higher acts first when several are due. */
  priority: number;
  /** Page of docs/runbooks. */
  runbook: string;
  /** One sentence for a person: what it means. */
  means: string;
}
