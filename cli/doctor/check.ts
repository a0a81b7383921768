import type { Config } from '../../core/config/root.ts';

export interface CheckResult {
  /** warn: it works, but somebody should know. skip: it could not be looked at, because another check failed. */
  status: 'ok' | 'warn' | 'fail' | 'skip';
  /** What was found. */
  found: string;
  /** What to do, unless ok or skip. */
  remedy?: string;
}

export interface DoctorContext {
  /** Of the file when that is valid, else the defaults. */
  config: Config;
  /** --file, for the check of the configuration itself. */
  file?: string | undefined;
  nowMs: number;
}

export interface Check {
  name: string;
  /** Several results where there are several things to say. */
  run(context: DoctorContext): CheckResult | readonly CheckResult[] | Promise<CheckResult | readonly CheckResult[]>;
}

export const ok = (found: string): CheckResult => ({ status: 'ok', found });
export const warn = (found: string, remedy: string): CheckResult => ({ status: 'warn', found, remedy });
export const bad = (found: string, remedy: string): CheckResult => ({ status: 'fail', found, remedy });
export const skip = (found: string): CheckResult => ({ status: 'skip', found });

/** What is not in order, each on a line of its own; what is, together on one when nothing else is to be said. */
export function summed(results: readonly CheckResult[]): CheckResult[] {
  const problems = results.filter((r) => r.status !== 'ok');
  if (problems.length > 0) return problems;
  return [ok(results.map((r) => r.found).join(', '))];
}
