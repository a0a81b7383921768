import type { Logger } from 'pino';
import type { Clock } from '../../core/clock.ts';
import type { Config } from '../../core/config/root.ts';
import type { StreamConfig } from '../../core/config/stream.ts';
import type { Metrics } from '../metrics/ports.ts';
import type { MonitorStores } from './stores.ts';
import type { Training } from './training.ts';

export interface MonitorOptions {
  config: Pick<Config, 'notify'>;
  /** The streams that it looks after. */
  streams: readonly StreamConfig[];
  /** The configuration, to be read again when it changes; null where there is no file. */
  file: string | null;
  env: Readonly<Record<string, string | undefined>>;
  stores: MonitorStores;
  training: Training;
  clock: Clock;
  logger: Logger;
  metrics: Metrics;
  version: string;
  /** Names this process in the hold. */
  owner: string;
  /** How often it looks for grains that are whole, and stands in line while another decides. */
  lookMs?: number;
}
