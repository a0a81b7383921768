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
export function chooseServerUser(
  clusterDir: string,
  passwdFile = '/etc/passwd',
  ownUid: number | undefined = process.getuid?.(),
): ServerUser | null {
  if (ownUid !== 0) return null;
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

/**
 * A cluster of another user looks like an empty folder to us, so it must be refused before anything is made or mended.
 * Root may use any.
 */
export function refuseForeignCluster(clusterDir: string, ownUid: number | undefined = process.getuid?.()): void {
  const owner = statSync(clusterDir, { throwIfNoEntry: false })?.uid;
  if (owner === undefined || ownUid === undefined || ownUid === 0 || owner === ownUid) return;
  throw new TidewatchError(
    'database_unavailable',
    `${clusterDir} belongs to the user with id ${owner} (was Tidewatch started as root before?); run as that user, give the folder away with chown -R, or choose another data directory`,
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
/** The lesser first; it lets a program pass folders and read, but not run a file that only root may run. */
const CAPABILITIES = [
  { name: 'dac_read_search', bit: 2n, runs: false },
  { name: 'dac_override', bit: 1n, runs: true },
];

/**
 * The command as the user. Where a folder above the program or the data is closed to it (root's home is, on most
 * systems), the program keeps the one capability that lets it pass; changing the permissions of somebody's home or
 * moving the data elsewhere would surprise more.
 */
export function spawnAs(
  user: ServerUser | null,
  file: string,
  args: string[],
  reach: string[],
  capabilities: () => bigint = effectiveCapabilities,
): SpawnAs {
  if (user === null) return { file, args, options: {} };
  const closed = [file, ...reach].find((target) => !canReach(user, target));
  if (closed === undefined) return { file, args, options: { uid: user.uid, gid: user.gid } };
  const setpriv = SETPRIV.find(isExecutable);
  const runnable = (statSync(file).mode & 0o001) !== 0;
  const ours = setpriv === undefined ? 0n : capabilities();
  const capability = CAPABILITIES.find(({ bit, runs }) => (runs || runnable) && ((ours >> bit) & 1n) === 1n)?.name;
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
      // without it access(2), by which the programs look for each other, leaves the capability out of account
      '--securebits=+no_setuid_fixup',
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

/** capabilities(7): the mask of what this process may do beyond an ordinary user. Linux only, as setpriv is. */
function effectiveCapabilities(): bigint {
  const mask = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  return BigInt(`0x${mask}`);
}
