import type { DecisionAction } from '../../monitor/types.ts';
import { inWords, matchDecisions, sentence } from './expect.ts';
import { decisionsOf, type PhaseFigures, type PhaseName, type RunResult } from './result.ts';
import type { Scenario } from './scenario.ts';

/** Decisions that change what serves, or spend a budget. */
const ACTS: ReadonlySet<DecisionAction> = new Set<DecisionAction>([
  'retrain',
  'promote',
  'roll_back',
  'withdraw',
  'recalibrate',
  'fall_back',
  'resume_forest',
  'disable_forest',
]);

/** What a run came to, small enough to be passed on and printed. */
export interface RunSummary {
  scenario: string;
  title: string;
  source: string;
  seed: number;
  asExpected: boolean;
  /** What differs, in words; empty when nothing does. */
  differences: readonly string[];
  expected: string;
  got: string;
  checks: readonly { what: string; holds: boolean; got: string }[];
  delayMs: number | null;
  alerts: number;
  /** Decisions that act and that nothing called for. */
  falseActions: number;
  phases: Readonly<Record<PhaseName, PhaseFigures>>;
  /** Whether the run without the trouble came to something else; null when there was none. */
  differsWithout: boolean | null;
  decisions: number;
  kills: number;
  wallMs: number;
}

/** Holds a run against its plan. without: the same world without its trouble, which must not fit the plan. */
export function judge(scenario: Scenario, run: RunResult, without: RunResult | null): RunSummary {
  const { plan } = run;
  const decisions = decisionsOf(run);
  const match = matchDecisions(plan, decisions);
  const checks = (plan.checks ?? []).map(({ what, of }) => ({ what, ...of(run) }));
  const differsWithout = without === null ? null : !fulfils(run, without);
  const differences = [
    ...(match.matches ? [] : [match.why]),
    ...checks.filter(({ holds }) => !holds).map(({ what, got }) => `${what}: ${got}`),
    ...(differsWithout === false ? ['without the trouble it comes to the same'] : []),
  ];
  return {
    scenario: scenario.name,
    title: scenario.title,
    source: run.source,
    seed: run.seed,
    asExpected: differences.length === 0,
    differences,
    expected: plan.expected.length === 0 ? 'no decision' : plan.expected.map(inWords).join('; '),
    got: decisions.length === 0 ? 'no decision' : decisions.map((d) => sentence(d, plan.troubleMs)).join('; '),
    checks,
    delayMs: match.delayMs,
    alerts: run.phases.before.alerts + run.phases.during.alerts + run.phases.after.alerts,
    falseActions: match.surprises.filter(({ action, result }) => ACTS.has(action) && result === 'done').length,
    phases: run.phases,
    differsWithout,
    decisions: decisions.length,
    kills: run.kills,
    wallMs: run.wallMs,
  };
}

/** Whether another run would pass for this one. */
function fulfils(run: RunResult, other: RunResult): boolean {
  const decisions = decisionsOf(other);
  return (
    matchDecisions(run.plan, decisions).matches &&
    (run.plan.checks ?? []).every((check) => check.of({ ...other, plan: run.plan }).holds)
  );
}
