import path from 'node:path';
import type { Clock } from '../../core/clock.ts';
import type { Programs } from './prometheus-programs.ts';
import { Server } from './prometheus-server.ts';

export interface AlertmanagerOptions {
  programs: Programs;
  /** Holds its data, log and process id. */
  dir: string;
  configFile: string;
  /** null: a free one. */
  port: number | null;
  clock: Clock;
}

/** An Alertmanager on this machine alone, which looks for no others. Throws what Server.start throws. */
export function startAlertmanager({ programs, dir, configFile, port, clock }: AlertmanagerOptions) {
  const { root } = programs;
  return Server.start({
    name: 'Alertmanager',
    programs,
    dir,
    port,
    clock,
    args: (address) => [
      `--config.file=${path.resolve(configFile)}`,
      `--storage.path=${path.resolve(dir, 'data')}`,
      `--web.listen-address=${address}`,
      '--cluster.listen-address=',
      '--log.level=warn',
      ...(root === null ? [] : [`--web.ui-path=${path.join(root, 'usr/share/prometheus/alertmanager/no-ui/')}`]),
    ],
  });
}
