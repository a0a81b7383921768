import { execFileSync } from 'node:child_process';
import { chownSync, closeSync, mkdirSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import path from 'node:path';
import { systemClock } from '../../../core/clock.ts';
import type { Arena, Fault } from '../fault.ts';
import type { Site } from '../site.ts';

const SLOW_MS = 2_000;
const TABLESPACE = 'chaos_small';
const DISK_MIB = 96;
const BALLAST_BYTES = 1 << 20;
const wait = (ms: number, { signal }: Arena) => systemClock.sleep(ms, signal);
const diskOf = (site: Site): string => path.join(site.dir, 'small-disk');

/** What befalls PostgreSQL and the way to it. */
export const POSTGRES_FAULTS: readonly Fault[] = [
  {
    name: 'PostgreSQL 2 s a statement',
    what: 'each statement takes two seconds longer, for six seconds at a time',
    criterion: 'lag grows and shrinks again; heartbeats go on, nobody leaves the group',
    short: false,
    proxied: true,
    everyMs: 4_000,
    async strike(arena) {
      arena.site.postgresProxy.latencyMs = SLOW_MS;
      await wait(6_000, arena);
      arena.site.postgresProxy.heal();
    },
    traces: ({ site }) => site.postgresProxy.delayed,
  },
  {
    name: 'answer of a commit lost',
    what: 'a checkpoint or COMMIT reaches PostgreSQL and the connection breaks before its answer',
    criterion: 'the worker reads the row again, learns that it did commit, and goes on; nothing is written twice',
    short: false,
    proxied: true,
    everyMs: 400,
    async strike({ site }) {
      site.postgresProxy.loseAnswer((request) => request.includes('tw_checkpoint') || request.includes('COMMIT'));
    },
    traces: ({ site }) => site.postgresProxy.broken,
  },
  {
    name: 'disk full',
    what: 'the file system that holds the verdicts has no byte left, for four seconds at a time',
    criterion: 'workers say disk_full, wait, keep their membership, and write on when there is room',
    short: false,
    everyMs: 4_000,
    prepare: smallDisk,
    undo: async ({ pool }) => void (await pool.query('ALTER DATABASE tidewatch RESET default_tablespace')),
    async strike(arena) {
      const ballast = path.join(diskOf(arena.site), 'ballast');
      fill(ballast);
      await wait(4_000, arena);
      rmSync(ballast);
    },
    traces: ({ workers }) => workers.said(/disk_full/),
  },
];

/** A file system of its own in memory, where workers put what they make from now on. */
async function smallDisk(site: Site): Promise<string | null> {
  const disk = diskOf(site);
  mkdirSync(disk);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MIB}m`, 'tmpfs', disk], { stdio: 'ignore' });
  } catch {
    return 'it takes the right to mount a file system';
  }
  site.atClose(() => execFileSync('umount', ['--lazy', disk], { stdio: 'ignore' }));
  const space = path.join(disk, 'space');
  mkdirSync(space);
  const owner = statSync(path.join(site.dir, 'postgres'));
  chownSync(space, owner.uid, owner.gid);
  await site.pool.query(`CREATE TABLESPACE ${TABLESPACE} LOCATION '${space}'`);
  await site.pool.query(`ALTER DATABASE tidewatch SET default_tablespace = '${TABLESPACE}'`);
  return null;
}

/** Writes until there is no room. */
function fill(file: string): void {
  const handle = openSync(file, 'w');
  const bytes = Buffer.alloc(BALLAST_BYTES);
  for (let sizeBytes = bytes.length; sizeBytes >= 4096; sizeBytes >>= 1)
    for (let full = false; !full; ) {
      try {
        writeSync(handle, bytes, 0, sizeBytes);
      } catch {
        full = true; // which is what this is for
      }
    }
  closeSync(handle);
}
