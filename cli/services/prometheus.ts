import path from 'node:path';
import type { Clock } from '../../core/clock.ts';
import type { Programs } from './prometheus-programs.ts';
import { Server } from './prometheus-server.ts';

export interface PrometheusOptions {
  programs: Programs;
  /** Holds its data, log and process id. */
  dir: string;
  configFile: string;
  /** null: a free one. */
  port: number | null;
  /** How long samples are kept, such as 15d. */
  kept?: string;
  clock: Clock;
}

/** A Prometheus on this machine alone. Throws what Server.start throws. */
export function startPrometheus({ programs, dir, configFile, port, kept = '15d', clock }: PrometheusOptions) {
  const { root } = programs;
  return Server.start({
    name: 'Prometheus',
    programs,
    dir,
    port,
    clock,
    args: (address) => [
      `--config.file=${path.resolve(configFile)}`,
      `--storage.tsdb.path=${path.resolve(dir, 'data')}`,
      `--storage.tsdb.retention.time=${kept}`,
      `--web.listen-address=${address}`,
      '--log.level=warn',
      // Debian's looks for its pages where they are once installed.
      ...(root === null ? [] : [`--web.local-assets=${path.join(root, 'usr/share/prometheus/web')}`]),
    ],
  });
}
