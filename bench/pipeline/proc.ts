import { readdirSync, readFileSync } from 'node:fs';

/** Ticks of /proc: USER_HZ, which Linux has fixed at 100 on every machine that Node runs on. */
const TICK_MS = 10;

export interface Stat {
  parent: number;
  /** User and system time, milliseconds. */
  cpuMs: number;
}

/** What /proc/PID/stat says (proc(5)); the name in it may hold spaces and parentheses. */
export function parseStat(text: string): Stat {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { parent: Number(fields[1]), cpuMs: (Number(fields[11]) + Number(fields[12])) * TICK_MS };
}

/** A size of /proc/PID/status, such as VmHWM, in bytes; NaN when it is not there. */
export function parseSize(status: string, name: string): number {
  const kib = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
  return kib === undefined ? Number.NaN : Number(kib) * 1024;
}

export const cpuMs = (pid: number): number => parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8')).cpuMs;

export const peakRssBytes = (pid: number): number => parseSize(readFileSync(`/proc/${pid}/status`, 'utf8'), 'VmHWM');

export const rssBytes = (pid: number): number => parseSize(readFileSync(`/proc/${pid}/status`, 'utf8'), 'VmRSS');

/** Of a process and its children, as PostgreSQL has one for each connection; what has ended counts no more. */
export function treeCpuMs(pid: number): number {
  let sum = 0;
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = statOf(entry);
    if (stat !== null && (Number(entry) === pid || stat.parent === pid)) sum += stat.cpuMs;
  }
  return sum;
}

function statOf(pid: string): Stat | null {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return null; // ended since it was listed
  }
}
