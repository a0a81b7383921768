import { canonicalJson } from '../../core/config/hash.ts';
import type { Evaluation } from './evaluation.ts';
import { SETS } from './pack.ts';

/** Raised when a key of report.json changes its meaning or goes away. */
export const REPORT_SCHEMA = 1;

export interface RunFacts {
  config_hash: string;
  code_version: string;
  data_hash: string;
  split: string;
  seeds: readonly number[];
  /** Version of the reference, or null where it is not at hand. */
  sklearn: string | null;
  duration_ms: number;
  memory_bytes: number;
}

export interface Report {
  schema: number;
  run: RunFacts;
  /** What a reader should not miss, in words. */
  findings: string[];
  evaluation: Evaluation;
}

export function reportOf(evaluation: Evaluation, run: RunFacts): Report {
  const findings = evaluation.sets.flatMap((set) => set.findings);
  const outside = evaluation.tables.filter(({ reference }) => reference?.within === false);
  if (outside.length > 0) findings.push(`adbench: outside the tolerance on ${outside.map((t) => t.table).join(', ')}.`);
  return { schema: REPORT_SCHEMA, run, findings, evaluation };
}

/** One document with sorted keys; what cannot be computed is null. */
export const reportJson = (report: Report): string => `${pretty(canonicalJson(plain(report)))}\n`;

const pretty = (json: string): string => JSON.stringify(JSON.parse(json), null, 2);

function plain(value: unknown): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, v]) => [key, plain(v)]));
}

/** The figures that an experiment is remembered by. */
export function headlines({ evaluation }: Report): Record<string, number> {
  const figures: Record<string, number> = {};
  for (const set of SETS) {
    const summary = evaluation.sets.find((one) => one.set === set);
    if (summary === undefined) continue;
    for (const name of ['vus_pr', 'pr_auc', 'best_f1', 'composite_f1', 'event_f1'] as const) {
      figures[`${name}/${set}`] = summary.byEntity.tidewatch[name].mean;
    }
    figures[`alert_ratio/${set}`] = summary.alertRate.ratio;
  }
  for (const [profile, scores] of Object.entries(evaluation.nab ?? {}))
    figures[`nab/${profile}`] = scores.tidewatch.score;
  const { tables } = evaluation;
  if (tables.length > 0) figures['roc_auc/adbench'] = tables.reduce((sum, t) => sum + t.mean, 0) / tables.length;
  return figures;
}
