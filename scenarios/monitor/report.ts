import { sentence } from './expect.ts';
import type { RunSummary } from './judge.ts';
import { PHASES, type RunResult } from './result.ts';
import type { Scenario } from './scenario.ts';
import { number } from './scoreboard.ts';

/** report.md of a run: the story, what was done to the world, what was expected, what was decided and why. */
export function runReport(scenario: Scenario, run: RunResult, summary: RunSummary): string {
  const { plan } = run;
  const date = (ms: number) => new Date(ms).toISOString().slice(0, 16).replace('T', ' ');
  const lines = [
    `# ${scenario.title}`,
    '',
    scenario.story,
    '',
    `Told of ${run.source === 'fleet' ? 'the synthetic fleet' : `recorded days of ${run.source}`} with ${run.entities} entities, seed ${run.seed}: ` +
      `${scenario.historyDays} days of history, ${scenario.days} days of service, ${run.grains} looks of the monitor.`,
    '',
    summary.asExpected ? 'As expected.' : `Not as expected: ${summary.differences.join('; ')}.`,
    '',
    '## What happens',
    '',
    ...plan.faults.map(({ startMs, endMs, kind, ...rest }) => {
      const until = endMs === null ? 'for good' : `until ${date(endMs)}`;
      return `- ${date(startMs)} ${until}: ${kind} ${JSON.stringify(rest)}`;
    }),
    ...Object.keys(plan.meddling ?? {}).map((what) => `- ${what}`),
    ...(plan.faults.length === 0 && plan.meddling === undefined ? ['- Nothing.'] : []),
    '',
    '## Expected',
    '',
    summary.expected,
    '',
    '## Decided',
    '',
    ...run.ledger.map(
      ({ decision }) =>
        `- ${date(decision.atMs)} \`${decision.id}\` ${sentence(decision, plan.troubleMs)}. ${decision.reason}`,
    ),
    ...(run.ledger.length === 0 ? ['Nothing.'] : []),
    '',
    '## Figures',
    '',
    '| | windows | alerts | incidents | alert-rate ratio | judged by the fallback | recall on injected anomalies |',
    '|---|---|---|---|---|---|---|',
    ...PHASES.map((name) => {
      const p = run.phases[name];
      const cells = [p.windows, p.alerts, p.incidents, number(p.alertRatio), number(p.fallbackShare), number(p.recall)];
      return `| ${name} | ${cells.join(' | ')} |`;
    }),
    '',
    ...(summary.checks.length === 0 ? [] : ['## Checks', '']),
    ...summary.checks.map(({ what, holds, got }) => `- ${holds ? 'holds' : 'DOES NOT HOLD'}: ${what} (${got})`),
  ];
  return `${lines.join('\n').trimEnd()}\n`;
}
