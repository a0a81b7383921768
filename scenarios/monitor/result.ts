import type { Observation } from '../../monitor/observation.ts';
import type { LedgerEntry } from '../../monitor/store.ts';
import type { Decision } from '../../monitor/types.ts';
import type { Plan } from './scenario.ts';

export type PhaseName = 'before' | 'during' | 'after';
export const PHASES: readonly PhaseName[] = ['before', 'during', 'after'];

/** One stretch of a run, as the verdicts that were served saw it. */
export interface PhaseFigures {
  windows: number;
  /** Points sent. */
  points: number;
  alerts: number;
  /** Alerts observed against those that the alert rate lets expect; null without windows of the forest. */
  alertRatio: number | null;
  /** Alerts that the alert rate lets expect of the windows of the forest. */
  alertsExpected: number;
  fallbackShare: number | null;
  incidents: number;
  /** Recall on injected anomalies at an equal alert budget, of the model in force at its end; null where it was not measured. */
  recall: number | null;
}

/** Decisions of service, without the one that put the first model in force. */
export const decisionsOf = ({ ledger, servedMs }: Pick<RunResult, 'ledger' | 'servedMs'>): Decision[] =>
  ledger.map(({ decision }) => decision).filter(({ atMs }) => atMs > servedMs);

export interface RunResult {
  scenario: string;
  seed: number;
  /** `fleet`, or the recorded set. */
  source: string;
  plan: Plan;
  /** When service began; what was decided by then put the first model in force. */
  servedMs: number;
  ledger: readonly LedgerEntry[];
  observations: readonly Observation[];
  phases: Readonly<Record<PhaseName, PhaseFigures>>;
  /** Ends of the controller's process, and of those the ones in the middle of a step. */
  kills: number;
  points: { sent: number; counted: number };
  grains: number;
  entities: number;
  /** Wall clock. */
  wallMs: number;
}
