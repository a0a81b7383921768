import type { Config } from '../../core/config/root.ts';

export interface CheckResult {
  /** warn: it works, but somebody should know. */
  status: 'ok' | 'warn' | 'fail';
  /** What was found. */
  found: string;
  /** What to do, unless ok. */
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
  run(context: DoctorContext): CheckResult | Promise<CheckResult>;
}

export const ok = (found: string): CheckResult => ({ status: 'ok', found });
export const warn = (found: string, remedy: string): CheckResult => ({ status: 'warn', found, remedy });
export const bad = (found: string, remedy: string): CheckResult => ({ status: 'fail', found, remedy });
