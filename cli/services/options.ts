import type { Clock } from '../../core/clock.ts';
import type { Watcher } from './prometheus-programs.ts';

export interface ServicesOptions {
  /** Folder of all data. */
  dir: string;
  /** The configuration that the other commands read. */
  configFile: string;
  /** Whether an existing configuration is written over. */
  force: boolean;
  kafkaVersion: string;
  /** null: the one of the last start, else 9092, else a free one. */
  kafkaPort: number | null;
  /** Of topics that are not there yet. */
  partitions: number;
  /** What runs beside Kafka and PostgreSQL. */
  beside: ReadonlySet<Watcher>;
  clock: Clock;
  /** One line of what is going on. */
  say: (part: string, line: string) => void;
  signal: AbortSignal;
}
