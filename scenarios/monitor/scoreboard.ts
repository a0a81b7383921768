import { formatDuration } from '../../core/config/duration.ts';
import type { RunSummary } from './judge.ts';
import { PHASES } from './result.ts';

const MINUTE_MS = 60_000;

/** Rows of text, cells of a column equally wide. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]?.map((_, c) => Math.max(...rows.map((row) => row[c]!.length))) ?? [];
  return rows.map((row) =>
    row
      .map((cell, c) => cell.padEnd(widths[c]!))
      .join('  ')
      .trimEnd(),
  );
}

const HEADER = [
  'run',
  'as expected',
  'delay',
  'alerts',
  'false actions',
  'recall before/during/after',
  'alert ratio before/during/after',
  'differs without',
];

/** What runs came to, scenario by scenario: what was expected, a row a run, and what differs. */
export function scoreboard(runs: readonly RunSummary[]): string[] {
  const lines: string[] = [];
  for (const name of new Set(runs.map((run) => run.scenario))) {
    const own = runs.filter((run) => run.scenario === name);
    const passed = own.filter((run) => run.asExpected).length;
    lines.push(`${name}: ${own[0]!.title} (${passed} of ${own.length} as expected)`);
    lines.push(`  expected: ${own[0]!.expected}`);
    lines.push(`  got:      ${own[0]!.got}`);
    lines.push(...columns([HEADER, ...own.map(row)]).map((line) => `  ${line}`));
    for (const run of own)
      if (!run.asExpected) {
        lines.push(`  ${run.source}, seed ${run.seed}: ${run.differences.join('; ')}`);
        if (run !== own[0]) lines.push(`    got: ${run.got}`);
      }
    lines.push('');
  }
  const failed = runs.filter((run) => !run.asExpected).length;
  const falseActions = runs.reduce((sum, run) => sum + run.falseActions, 0);
  lines.push(
    `${runs.length - failed} of ${runs.length} runs as expected, ${falseActions} false ${falseActions === 1 ? 'action' : 'actions'}`,
  );
  return lines;
}

function row(run: RunSummary): string[] {
  const { phases } = run;
  return [
    `${run.source} ${run.seed}`,
    run.asExpected ? 'yes' : 'NO',
    run.delayMs === null ? '-' : duration(run.delayMs),
    String(run.alerts),
    String(run.falseActions),
    PHASES.map((phase) => number(phases[phase].recall)).join(' / '),
    PHASES.map((phase) => number(phases[phase].alertRatio)).join(' / '),
    run.differsWithout === null ? '-' : run.differsWithout ? 'yes' : 'NO',
  ];
}

export const number = (x: number | null): string => (x === null ? '-' : x.toFixed(2));

/** The two largest units: `9d 3h`. */
export function duration(ms: number): string {
  const days = Math.floor(ms / (1440 * MINUTE_MS));
  const rest = ms - days * 1440 * MINUTE_MS;
  if (days === 0) return formatDuration(rest);
  return rest === 0 ? `${days}d` : `${days}d ${formatDuration(rest - (rest % (60 * MINUTE_MS)))}`;
}
