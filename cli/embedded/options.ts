import type { Logger } from 'pino';
import type { Clock } from '../../core/clock.ts';
import type { Config } from '../../core/config/root.ts';

export interface UpOptions {
  config: Config;
  clock: Clock;
  logger: Logger;
  /** For the person at the terminal. */
  say: (message: string) => void;
  signal: AbortSignal;
  version: string;
}
