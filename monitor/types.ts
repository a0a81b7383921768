import type { CauseKind, TriggerAction, Urgency } from '../core/triggers.ts';
import type { Dismissal, ServingMode } from '../core/types.ts';
import type { ChallengerFigures, LaneFigures, Observation } from './observation.ts';

/** What the monitor decides and remembers: plain JSON, as observations are, and times are event time. */

/** A model as decisions name it. */
export interface ModelRef {
  modelId: string;
  sha256: string;
}

export interface Calibration {
  modelId: string;
  version: number;
  alertRate: number;
  /** null: the model's own. */
  combined: readonly number[] | null;
  dismissals: readonly Dismissal[];
}

/** What ought to be in force; owners of partitions append the control entries that lead there. */
export interface Serving {
  /** Rises with every change. */
  revision: number;
  champion: ModelRef | null;
  challenger: (ModelRef & { share: number }) | null;
  calibration: Calibration | null;
  mode: ServingMode;
  reason: string;
}

/** How a candidate compares with the champion on the same held-back windows. */
export interface Evaluation {
  candidate: ModelRef;
  champion: ModelRef | null;
  /** labels: PR-AUC on labelled windows; injected: recall on injected anomalies at an equal alert budget. */
  basis: 'labels' | 'injected';
  windows: number;
  positives: number;
  candidateQuality: number;
  championQuality: number | null;
  /** Paired bootstrap interval of candidate − champion. */
  difference: readonly [low: number, high: number] | null;
  robustZ: number;
  random: number;
  /** Normal windows called anomalous / expected. */
  candidateAlertRatio: number;
  championAlertRatio: number | null;
  artifactBytes: number;
  memoryBytes: number;
  /** Of scoring one row; wall clock. */
  p99Ms: number;
  /** Groups of entities in which the candidate is worse, with the difference. */
  worseSegments: readonly { segment: string; difference: number }[];
  /** On the golden set, which never changes. */
  golden: { candidate: number; champion: number | null } | null;
}

export interface GateResult {
  gate: string;
  passed: boolean;
  detail: string;
}

/** How far a candidate has come. */
export type Rollout =
  | { phase: 'idle' }
  | { phase: 'training'; sinceMs: number; decision: string; attempt: number }
  | { phase: 'evaluating'; sinceMs: number; decision: string; candidate: ModelRef }
  | { phase: 'approval'; sinceMs: number; decision: string; candidate: ModelRef; evaluation: Evaluation }
  | RolloutStage;
export interface RolloutStage {
  phase: 'shadow' | 'canary' | 'watching';
  /** When this stage began, and when the rollout did. */
  sinceMs: number;
  startedMs: number;
  decision: string;
  /** The new model; while watching it is champion already and `former` runs in its shadow. */
  candidate: ModelRef;
  former: ModelRef | null;
  share: number;
  /** Grains of this stage so far, and what they summed to. */
  grains: number;
  totals: { champion: LaneFigures; challenger: ChallengerFigures } | null;
  /** 99th percentile of the latency when the rollout began; null where nobody measures it. */
  latencyBeforeMs: number | null;
  /** Why it does not go on, as was told last. */
  told: string | null;
  evaluation: Evaluation;
}

export interface TriggerState {
  /** Since when its condition has held; null while it does not. */
  sinceMs: number | null;
  /** Counts the times that it began to hold; (trigger, stream, episode) is the identity of what it asks for. */
  episode: number;
  /** The episode that was acted upon last. */
  acted: number;
  /** Why it was held back in this episode: the reasons told, one a line. */
  held: string | null;
  restsUntilMs: number;
}

/** What is asked of the world, done at least once and safe to repeat; `id` makes it so. */
export type Effect = { id: string; decision: string } & EffectOrder;
export type EffectOrder =
  /** sinceMs: what came before was normal then and is not now; left out: all of the span is. */
  | { kind: 'train'; seed: number; quarantine: readonly Quarantine[]; toMs: number; sinceMs?: number }
  /** calibration: of the champion, where it is not its own. */
  | { kind: 'evaluate'; candidate: ModelRef; champion: ModelRef | null; calibration?: Calibration; toMs: number }
  | { kind: 'recalibrate'; modelId: string; version: number; toMs: number; quarantine: readonly Quarantine[] }
  | { kind: 'serve'; serving: Serving };

export type EffectResult =
  | { kind: 'trained'; model: ModelRef; lineage: Lineage }
  | { kind: 'evaluated'; evaluation: Evaluation; gates: readonly GateResult[] }
  | { kind: 'recalibrated'; calibration: Calibration }
  | { kind: 'served' }
  | { kind: 'failed'; code: string; detail: string };

export interface Quarantine {
  fromMs: number;
  toMs: number;
  /** One entity, or all of the stream. */
  entity: string | null;
  reason: string;
}

/** Where a model comes from. */
export interface Lineage {
  /** Windows that start in [fromMs, toMs). */
  fromMs: number;
  toMs: number;
  rows: number;
  entities: number;
  /** SHA-256 over the rows in order. */
  dataHash: string;
  seed: number;
  parameters: Readonly<Record<string, number>>;
  codeVersion: string;
  configHash: string;
  /** The model before, whose parameters it has. */
  parent: string | null;
  /** How many windows were left out, by reason. */
  leftOut: readonly { reason: string; windows: number }[];
  quarantined: readonly Quarantine[];
  cost: { wallMs: number; cpuMs: number; memoryBytes: number };
}

export type Actor = 'controller' | 'webhook' | `operator:${string}`;

export const DECISION_ACTIONS = [
  'retrain',
  'train_failed',
  'candidate_refused',
  'await_approval',
  'start_shadow',
  'start_canary',
  'canary_step',
  'promote',
  'roll_back',
  'withdraw',
  'keep_champion',
  'recalibrate',
  'fall_back',
  'resume_forest',
  'disable_forest',
  'hold',
  'page',
  'look',
  'suspend',
  'resume',
  'label',
] as const;
export type DecisionAction = (typeof DECISION_ACTIONS)[number];

/** What was decided; one entry of the ledger. */
export interface Decision {
  /** `STREAM-N`, N counting the decisions of a stream from 1. */
  id: string;
  stream: string;
  atMs: number;
  action: DecisionAction;
  /** Name of the trigger, or null when a step of a rollout or a person asked for it. */
  trigger: string | null;
  episode: number | null;
  /** What the trigger asked for, where that is not what was done. */
  asked: TriggerAction | null;
  cause: CauseKind | null;
  /** done: in force or begun; held: nothing was done, and why; dry_run: would have been done; refused: not allowed. */
  result: 'done' | 'held' | 'dry_run' | 'refused';
  reason: string;
  urgency: Urgency;
  actor: Actor;
  model: ModelRef | null;
  /** Trigger's runbook, or ''. */
  runbook: string;
}

/** All that the monitor remembers of a stream between two inputs. */
export interface MonitorState {
  stream: string;
  /** Inputs taken so far. */
  version: number;
  atMs: number;
  decisions: number;
  serving: Serving;
  /** When the champion was trained, or adopted; the clock of the scheduled retraining. */
  trainedMs: number | null;
  lastGood: ModelRef | null;
  /** The quality figure of the champion at its promotion. */
  championQuality: number | null;
  rollout: Rollout;
  triggers: Record<string, TriggerState>;
  /** What was spent of the budgets, newest last. */
  spent: { action: 'retrain' | 'roll_back' | 'recalibrate'; atMs: number }[];
  suspended: boolean;
  /** A hold keeps training and rollouts away until the cause has gone. */
  hold: { sinceMs: number; seenMs: number; trigger: string; reason: string } | null;
  /** Of the newest observation; null before the first. */
  seen: {
    atMs: number;
    intervalMs: number;
    modelId: string;
    alertRate: number;
    cause: CauseKind;
    trainable: boolean | null;
    latencyP99Ms: number | null;
  } | null;
  /** The fallback serves because the forest failed: by which trigger, how often by now, and until when it rests. */
  steppedDown: { trigger: string; tries: number; untilMs: number } | null;
  quarantine: Quarantine[];
  /** Ordered and not yet answered. */
  effects: Effect[];
}

/** What an operator may ask for. */
export type Command =
  /** The model that a stream trained by itself, or that served before there was a monitor. */
  | { kind: 'adopt'; model: ModelRef; trainedMs: number }
  | { kind: 'promote'; model: ModelRef }
  | { kind: 'revert' }
  | { kind: 'retrain' }
  | { kind: 'recalibrate' }
  | { kind: 'approve'; model: ModelRef }
  | { kind: 'reject'; model: ModelRef }
  | { kind: 'suspend' }
  | { kind: 'resume' }
  | { kind: 'mode'; mode: ServingMode }
  | { kind: 'dismiss'; dismissals: readonly Dismissal[]; incident: string }
  | { kind: 'undismiss'; entity: string; metric: string };

/** What the monitor is told. Each is taken once, in order; `key` makes a repeat known. */
export type Input =
  | { kind: 'observation'; key: string; observation: Observation }
  | { kind: 'effect'; key: string; effect: string; atMs: number; result: EffectResult }
  | { kind: 'command'; key: string; actor: Actor; atMs: number; command: Command; note: string }
  | { kind: 'alert'; key: string; trigger: string; atMs: number; firing: boolean };

/** What taking an input comes to. */
export interface Step {
  state: MonitorState;
  decisions: Decision[];
}
