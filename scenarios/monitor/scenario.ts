import type { Random } from '../../core/random.ts';
import type { CauseKind } from '../../core/triggers.ts';
import type { DecisionAction } from '../../monitor/types.ts';
import type { MonitorFault } from './faults.ts';
import type { RunResult } from './result.ts';

/** A story of the monitor: what happens to a fleet in event time, and what must come of it. */
export interface Scenario {
  name: string;
  title: string;
  /** For people: what happens, what must come of it, and why that is right. */
  story: string;
  /** Whether it is told of recorded telemetry too. */
  recorded: boolean;
  /** Of telemetry that the first model is trained on, then of service. */
  historyDays: number;
  days: number;
  /** Keys of streams[].policy that differ from the defaults. */
  policy?: Record<string, unknown>;
  /** The fleet has no season and no memory, so that there is nothing in it for a forest to learn. */
  plain?: boolean;
  plan(about: About): Plan;
}

/** What a plan may depend on. All chance comes from `random`, which the seed sets. */
export interface About {
  random: Random;
  /** Those that move all the time. */
  metrics: readonly string[];
  /** When service begins. */
  servedMs: number;
  endMs: number;
}

export interface Plan {
  faults: readonly MonitorFault[];
  meddling?: Meddling;
  /** The span of the trouble; figures are told before, during and after it. Delays count from its start. */
  troubleMs: number;
  overMs: number;
  expected: readonly Expected[];
  /** Decisions that may come beside these, at any time and any number of them. */
  asides?: readonly Expected[];
  checks?: readonly Check[];
  /** What the run without the trouble has instead of these faults and this meddling. */
  without?: { faults?: readonly MonitorFault[]; policy?: Record<string, unknown>; plain?: boolean };
}

/** What goes wrong with the monitor's own work. */
export interface Meddling {
  /** The process of the controller dies at every step that it takes, and starts again. */
  kills?: boolean;
  /** What training hands over is not what was evaluated. */
  badCandidate?: boolean;
  /** What shifted goes back when a new champion is promoted. */
  takenBackAtPromotion?: boolean;
}

/** Decisions that the ledger must hold at this place, between `times` of them. */
export interface Expected {
  action: DecisionAction | readonly DecisionAction[];
  trigger?: string | readonly string[];
  result?: 'done' | 'held' | 'refused';
  cause?: CauseKind | readonly CauseKind[];
  /** How often; once if left out. */
  times?: readonly [least: number, most: number];
  /** Event time after the start of the trouble, at the earliest and the latest. */
  afterMs?: number;
  withinMs?: number;
}

/** Something else that must hold of a run. */
export interface Check {
  what: string;
  /** got: in words. */
  of(run: RunResult): { holds: boolean; got: string };
}

export const oneOf = <T>(asked: T | readonly T[]): readonly T[] => (Array.isArray(asked) ? asked : [asked as T]);
