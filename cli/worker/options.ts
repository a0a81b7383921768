import type { Logger } from 'pino';
import type { Clock } from '../../core/clock.ts';
import type { Config } from '../../core/config/root.ts';

export interface WorkerOptions {
  config: Config;
  clock: Clock;
  logger: Logger;
  signal: AbortSignal;
  version: string;
}
