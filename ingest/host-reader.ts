import { readdir, readFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { fsStats, mem, networkStats } from 'systeminformation';
import { parseDiskStats, parseNetDev } from './host-proc.ts';

/** Distance of the probes of the event loop: finer ones cost more than all else that is read here. */
const LOOP_PROBE_MS = 50;

/** One look at a machine. null or not finite: this platform does not tell, and the metric is left out. */
export interface HostReading {
  /** Metrics as they are. */
  gauges: Readonly<Record<string, number | null>>;
  /** Totals since some start; name N becomes the metric N_per_s. */
  totals: Readonly<Record<string, number | null>>;
  /** CPU time of all cores since some start. */
  cpu: { busyMs: number; totalMs: number } | null;
}

export interface HostReader {
  read(): Promise<HostReading>;
  close(): void;
}

type Totals = Record<'disk_read_bytes' | 'disk_write_bytes' | 'net_rx_bytes' | 'net_tx_bytes', number | null>;

/**
 * Reads this machine. Memory comes from systeminformation everywhere; its calls for CPU, disks and networks start
 * processes on Linux, so there the counters are read from /proc, and CPU times come from Node on every platform.
 */
export function machineReader(platform: NodeJS.Platform = process.platform): HostReader {
  const loopDelay = monitorEventLoopDelay({ resolution: LOOP_PROBE_MS });
  loopDelay.enable();
  const linux = platform === 'linux';
  return {
    async read() {
      const [memory, totals, processes] = await Promise.all([
        mem(),
        linux ? linuxTotals() : libraryTotals(),
        linux ? linuxProcesses() : null,
      ]);
      // The histogram measures the distance between probes, which includes the planned one.
      const delayMs = loopDelay.count > 0 ? Math.max(0, loopDelay.max / 1e6 - LOOP_PROBE_MS) : null;
      loopDelay.reset();
      return {
        gauges: {
          // Windows has no load average; Node says 0 there.
          load1: platform === 'win32' ? null : loadavg()[0]!,
          memory_used_bytes: memory.active,
          memory_available_bytes: memory.available,
          swap_used_bytes: memory.swapused,
          processes,
          event_loop_delay_ms: delayMs,
        },
        totals,
        cpu: cpuTimes(),
      };
    },
    close: () => loopDelay.disable(),
  };
}

function cpuTimes(): HostReading['cpu'] {
  let totalMs = 0;
  let idleMs = 0;
  for (const { times } of cpus()) {
    totalMs += times.user + times.nice + times.sys + times.idle + times.irq;
    idleMs += times.idle;
  }
  return totalMs > 0 ? { busyMs: totalMs - idleMs, totalMs } : null;
}

async function linuxTotals(): Promise<Totals> {
  const [disks, links] = await Promise.all([readTable('/proc/diskstats'), readTable('/proc/net/dev')]);
  const disk = disks === null ? null : parseDiskStats(disks);
  const net = links === null ? null : parseNetDev(links);
  return {
    disk_read_bytes: disk?.readBytes ?? null,
    disk_write_bytes: disk?.writeBytes ?? null,
    net_rx_bytes: net?.rxBytes ?? null,
    net_tx_bytes: net?.txBytes ?? null,
  };
}

/** Some sandboxes hide these tables: what they would have told is then left out. */
async function readTable(path: string): Promise<string | null> {
  return readFile(path, 'utf8').catch(() => null);
}

async function linuxProcesses(): Promise<number | null> {
  const names = await readdir('/proc').catch(() => null);
  if (names === null) return null;
  let count = 0;
  for (const name of names) {
    const first = name.charCodeAt(0);
    if (first >= 48 && first <= 57) count++;
  }
  return count;
}

async function libraryTotals(): Promise<Totals> {
  const [disk, links] = await Promise.all([fsStats(), networkStats('*')]);
  const real = links.filter((link) => link.iface !== 'lo' && link.iface !== 'lo0');
  return {
    disk_read_bytes: disk?.rx ?? null,
    disk_write_bytes: disk?.wx ?? null,
    net_rx_bytes: real.length > 0 ? real.reduce((sum, link) => sum + link.rx_bytes, 0) : null,
    net_tx_bytes: real.length > 0 ? real.reduce((sum, link) => sum + link.tx_bytes, 0) : null,
  };
}
