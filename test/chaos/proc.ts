import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** What Linux tells of processes; nothing elsewhere, or when they have ended. */
function told<T>(ask: () => T, otherwise: T): T {
  try {
    return ask();
  } catch {
    return otherwise;
  }
}

/** The most memory that a process has had, in MiB. */
export function peakRssMib(pid: number): number {
  const status = told(() => readFileSync(`/proc/${pid}/status`, 'utf8'), '');
  return Math.round(Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024);
}

/** Whether a process has a TCP socket on a local port. */
export function ownsPort(pid: number, port: number): boolean {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const inodes = new Set<string>();
  for (const line of told(() => readFileSync(`/proc/${pid}/net/tcp`, 'utf8'), '').split('\n')) {
    const columns = line.trim().split(/\s+/);
    if (columns[1]?.endsWith(`:${hex}`)) inodes.add(`socket:[${columns[9]}]`);
  }
  const files = told(() => readdirSync(`/proc/${pid}/fd`), []);
  return files.some((fd) => inodes.has(told(() => readlinkSync(`/proc/${pid}/fd/${fd}`), '')));
}
