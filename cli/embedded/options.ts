import type { Logger } from 'pino';
import type { Clock } from '../../core/clock.ts';
import type { Config } from '../../core/config/root.ts';

export interface UpOptions {
  config: Config;
  /** The configuration's file, whose policies are read again; null where there is none. */
  file: string | null;
  clock: Clock;
  logger: Logger;
  /** For the person at the terminal. */
  say: (message: string) => void;
  signal: AbortSignal;
  version: string;
}
