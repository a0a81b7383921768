import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { TidewatchError } from '../core/errors.ts';

/** PostgreSQL refuses to run as root; then it runs as this user. null: as whoever we are. */
export interface ServerUser {
  name: string;
  uid: number;
  gid: number;
}

/** How to spawn a program as the server user. */
export interface SpawnAs {
  file: string;
  args: string[];
  options: { uid?: number; gid?: number };
}

/**
 * Picks the user: whoever owns the cluster already, else postgres, else nobody. It must be in the user database,
 * because initdb looks its name up.
 */
export function chooseServerUser(clusterDir: string, passwdFile = '/etc/passwd'): ServerUser | null {
  if (process.getuid?.() !== 0) return null;
  const users = readFileSync(passwdFile, 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .map(([name = '', , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }))
    .filter((user) => user.name !== '' && user.uid > 0);
  const owner = statSync(clusterDir, { throwIfNoEntry: false });
  if (owner && owner.uid !== 0) {
    const known = users.find((user) => user.uid === owner.uid);
    return known ?? { name: `uid ${owner.uid}`, uid: owner.uid, gid: owner.gid };
  }
  for (const name of ['postgres', 'nobody']) {
    const user = users.find((candidate) => candidate.name === name);
    if (user) return user;
  }
  throw new TidewatchError(
    'database_unavailable',
    'PostgreSQL refuses to run as root and there is neither a user postgres nor nobody; run as another user',
  );
}

/** Whether the user may pass through every folder above the path. */
function canReach(user: ServerUser, target: string): boolean {
  for (let dir = path.dirname(path.resolve(target)); ; dir = path.dirname(dir)) {
    const stat = statSync(dir);
    const bit = stat.uid === user.uid ? 0o100 : stat.gid === user.gid ? 0o010 : 0o001;
    if ((stat.mode & bit) === 0) return false;
    if (dir === path.dirname(dir)) return true;
  }
}

const SETPRIV = ['/usr/bin/setpriv', '/bin/setpriv'];
const CAPABILITIES = [
  { name: 'dac_read_search', bit: 2 },
  { name: 'dac_override', bit: 1 },
];

/**
 * The command as the user. Where a folder above the program or the data is closed to it (root's home is, on most
 * systems), the program keeps the one capability that lets it pass; changing the permissions of somebody's home or
 * moving the data elsewhere would surprise more.
 */
export function spawnAs(user: ServerUser | null, file: string, args: string[], reach: string[]): SpawnAs {
  if (user === null) return { file, args, options: {} };
  const closed = [file, ...reach].find((target) => !canReach(user, target));
  if (closed === undefined) return { file, args, options: { uid: user.uid, gid: user.gid } };
  const setpriv = SETPRIV.find(isExecutable);
  const capability = CAPABILITIES.find(({ bit }) => hasCapability(bit))?.name;
  if (setpriv === undefined || capability === undefined)
    throw new TidewatchError(
      'database_unavailable',
      `PostgreSQL refuses to run as root and user ${user.name} cannot reach ${path.dirname(closed)}; run as another user, or from a folder that others may enter`,
    );
  return {
    file: setpriv,
    args: [
      `--reuid=${user.uid}`,
      `--regid=${user.gid}`,
      '--clear-groups',
      `--inh-caps=-all,+${capability}`,
      `--ambient-caps=-all,+${capability}`,
      '--',
      file,
      ...args,
    ],
    options: {},
  };
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function hasCapability(bit: number): boolean {
  try {
    const mask = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
    return ((BigInt(`0x${mask}`) >> BigInt(bit)) & 1n) === 1n;
  } catch {
    return false; // no /proc: not Linux, so there is no setpriv either
  }
}
