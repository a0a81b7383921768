import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { TidewatchError } from '../../core/errors.ts';
import { fetchOnce } from './fetch-once.ts';
import type { Environment } from './java.ts';
import { CACHE_FOLDER, packageRoot } from './kafka-jars.ts';
import { relocate, unpackPackage } from './prometheus-package.ts';

/** Names the folder that holds a folder of programs for each package. */
export const PROGRAMS_VARIABLE = 'TIDEWATCH_PROGRAMS_CACHE';

interface Package {
  /** Name in Debian. */
  name: string;
  size: string;
  /** Names of the programs, in Debian and elsewhere. */
  server: readonly string[];
  tool: string;
}

const PACKAGES = {
  prometheus: { name: 'prometheus', size: '19 MB', server: ['prometheus'], tool: 'promtool' },
  alertmanager: {
    name: 'prometheus-alertmanager',
    size: '11 MB',
    server: ['alertmanager', 'prometheus-alertmanager'],
    tool: 'amtool',
  },
} as const satisfies Record<string, Package>;

export type Watcher = keyof typeof PACKAGES;
export const WATCHERS = Object.keys(PACKAGES) as Watcher[];

/** Paths of programs. */
export interface Programs {
  server: string;
  /** promtool or amtool, which checks configurations. */
  tool: string;
  /** Folder to run them in, where they were unpacked; null for those of PATH. */
  root: string | null;
}

export interface FindOptions {
  clock: Clock;
  env?: Environment;
  /** Told a line when something takes long. */
  say?: (line: string) => void;
  /** Gives the fetching up. */
  signal?: AbortSignal;
}

/**
 * Prometheus or Alertmanager with its tool: those of PATH, else those of Debian's package, unpacked into a cache. Of
 * several processes one fetches it and the others wait.
 * Throws TidewatchError program_missing, fetch_failed or file_missing.
 */
export async function findPrograms(what: Watcher, options: FindOptions): Promise<Programs> {
  const { clock, env = process.env, say = () => undefined, signal } = options;
  const wanted: Package = PACKAGES[what];
  const { name, size } = wanted;
  const onPath = (env.PATH ?? '').split(path.delimiter).filter((dir) => dir !== '');
  const here = programsIn(onPath, wanted, null);
  if (here !== null) return here;
  const cache = path.resolve(env[PROGRAMS_VARIABLE] || path.join(packageRoot(), CACHE_FOLDER));
  const root = path.join(cache, name);
  const inside = (folder: string) => programsIn([path.join(folder, 'usr/bin')], wanted, folder);
  await fetchOnce(root, { what: name, variable: PROGRAMS_VARIABLE, clock, say, signal }, async (fresh) => {
    say(`fetches Debian's package ${name} (${size}, once) …`);
    await unpackPackage(name, fresh, env, signal);
    const unpacked = inside(fresh);
    if (unpacked === null) throw new TidewatchError('fetch_failed', `Debian's package ${name} has not all programs`);
    await relocate(unpacked.server);
  });
  const found = inside(root);
  if (found === null) throw new TidewatchError('file_missing', `programs of ${name} in ${root}; remove that folder`);
  return found;
}

/** Both or none: a tool of another version may hold other things valid. */
function programsIn(dirs: readonly string[], wanted: Package, root: string | null): Programs | null {
  const find = (names: readonly string[]): string | undefined =>
    dirs.flatMap((dir) => names.map((name) => path.join(dir, name))).find((file) => existsSync(file));
  const server = find(wanted.server);
  const tool = find([wanted.tool]);
  return server !== undefined && tool !== undefined ? { server, tool, root } : null;
}
