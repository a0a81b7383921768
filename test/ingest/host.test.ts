import { describe, expect, test } from 'vitest';
import { ManualClock, systemClock } from '../../core/clock.ts';
import type { Sample } from '../../core/types.ts';
import { hostSource } from '../../ingest/host.ts';
import { parseDiskStats, parseNetDev } from '../../ingest/host-proc.ts';
import type { HostReader, HostReading } from '../../ingest/host-reader.ts';

const settle = () => new Promise((resolve) => setImmediate(resolve));

const reading = (over: Partial<HostReading> = {}): HostReading => ({
  gauges: { load1: 0.5 },
  totals: { net_rx_bytes: 1_000 },
  cpu: { busyMs: 100, totalMs: 1_000 },
  ...over,
});

/** A source on a manual clock, whose readings a test hands out. */
function source(readings: (() => HostReading | Promise<HostReading>)[]) {
  const clock = new ManualClock(1_700_000_000_000);
  const samples: Sample[] = [];
  const errors: unknown[] = [];
  const calls = { read: 0, close: 0 };
  const reader: HostReader = {
    read: async () => readings[Math.min(calls.read++, readings.length - 1)]!(),
    close: () => {
      calls.close++;
    },
  };
  const host = hostSource({
    clock,
    entity: 'box',
    reader,
    onSample: (s) => samples.push(s),
    onError: (e) => errors.push(e),
  });
  const seconds = async (n: number) => {
    for (let i = 0; i < n; i++) {
      await settle();
      clock.advance(1_000);
      await settle();
    }
  };
  return { clock, samples, errors, calls, host, seconds };
}

const values = (s: Sample) => Object.fromEntries(s.names.map((name, i) => [name, s.values[i]]));

describe('the host source', () => {
  test('sends one sample a second, with rates and cpu from the second reading on', async () => {
    const { samples, host, seconds } = source([
      () => reading(),
      () => reading({ totals: { net_rx_bytes: 3_500 }, cpu: { busyMs: 600, totalMs: 2_000 } }),
    ]);
    host.start();
    await seconds(1);
    await host.stop();
    expect(samples.map((s) => s.timeMs)).toEqual([1_700_000_000_000, 1_700_000_001_000]);
    expect(values(samples[0]!)).toEqual({ load1: 0.5 });
    expect(values(samples[1]!)).toEqual({ cpu_percent: 50, load1: 0.5, net_rx_bytes_per_s: 2_500 });
    expect(samples[0]!.entity).toBe('box');
  });

  test('leaves out what a platform does not tell, and a rate across a counter that was reset', async () => {
    const { samples, host, seconds } = source([
      () => reading({ totals: { net_rx_bytes: 9_000, disk_read_bytes: null } }),
      () => reading({ gauges: { load1: null, processes: Number.NaN, swap_used_bytes: 0 }, cpu: null }),
    ]);
    host.start();
    await seconds(1);
    await host.stop();
    expect(values(samples[1]!)).toEqual({ swap_used_bytes: 0 });
  });

  test('never overlaps readings: a slow one delays the next', async () => {
    let finish: (r: HostReading) => void = () => undefined;
    const slow = () =>
      new Promise<HostReading>((resolve) => {
        finish = resolve;
      });
    const { samples, host, seconds, calls } = source([slow, () => reading()]);
    host.start();
    await seconds(5);
    expect(calls.read).toBe(1);
    finish(reading());
    await settle();
    await settle();
    expect(calls.read).toBe(1);
    await seconds(1);
    expect(calls.read).toBe(2);
    await host.stop();
    expect(samples).toHaveLength(2);
  });

  test('goes on after a failed reading, and reports the first of a row', async () => {
    const broken = new Error('no such table');
    const fails = () => {
      throw broken;
    };
    const { samples, errors, host, seconds } = source([() => reading(), fails, fails, fails, () => reading(), fails]);
    host.start();
    await seconds(6);
    await host.stop();
    expect(samples).toHaveLength(2);
    expect(errors).toEqual([broken, broken]);
  });

  test('stops at once, closes its reader, and sends nothing afterwards', async () => {
    const { samples, host, seconds, calls } = source([() => reading()]);
    host.start();
    host.start();
    await seconds(2);
    await host.stop();
    const sent = samples.length;
    await seconds(3);
    expect(samples).toHaveLength(sent);
    expect(calls.close).toBe(1);
    await host.stop();
  });

  test('reads this very machine', async () => {
    const samples: Sample[] = [];
    const errors: unknown[] = [];
    let host: ReturnType<typeof hostSource> | undefined;
    await new Promise<void>((resolve) => {
      host = hostSource({
        clock: systemClock,
        intervalMs: 100,
        onSample: (s) => samples.push(s) === 3 && resolve(),
        onError: (e) => errors.push(e),
      });
      host.start();
    });
    await host!.stop();
    expect(errors).toEqual([]);
    const last = values(samples[2]!);
    expect(last.memory_used_bytes).toBeGreaterThan(1e6);
    expect(last.memory_available_bytes).toBeGreaterThan(1e6);
    expect(Object.values(last).every((v) => Number.isFinite(v))).toBe(true);
    if (process.platform === 'linux') expect(last.processes).toBeGreaterThan(0);
    expect(samples[0]!.entity.length).toBeGreaterThan(0);
  });
});

describe("Linux's tables", () => {
  const disk = (name: string, read: number, written: number) => `   8  0 ${name} 1 0 ${read} 3 4 5 ${written} 7 0 1 2`;

  test('of disks: whole disks are counted once, partitions and layers not', () => {
    const table = [
      disk('sda', 10, 20),
      disk('sda1', 10, 20),
      disk('nvme0n1', 1, 2),
      disk('nvme0n1p3', 1, 2),
      disk('dm-0', 500, 500),
      disk('loop3', 500, 500),
    ].join('\n');
    expect(parseDiskStats(table)).toEqual({ readBytes: 11 * 512, writeBytes: 22 * 512 });
  });

  test('of disks: a partition without its disk is counted', () => {
    expect(parseDiskStats(disk('xvda1', 4, 6))).toEqual({ readBytes: 4 * 512, writeBytes: 6 * 512 });
  });

  test('of links: real ones are summed, loopback and bridges are not', () => {
    const table = [
      'Inter-|   Receive                            |  Transmit',
      ' face |bytes packets errs drop fifo frame compressed multicast|bytes packets',
      '    lo: 9 1 0 0 0 0 0 0 9 1 0 0 0 0 0 0',
      '  eth0: 100 1 0 0 0 0 0 0 50 1 0 0 0 0 0 0',
      '  eth1:7 1 0 0 0 0 0 0 3 1 0 0 0 0 0 0',
      'docker0: 100 1 0 0 0 0 0 0 50 1 0 0 0 0 0 0',
    ].join('\n');
    expect(parseNetDev(table)).toEqual({ rxBytes: 107, txBytes: 53 });
  });

  test('that are empty or strange tell nothing', () => {
    for (const text of ['', 'nonsense', '8 0 sda 1 0 x 3 4 5 y 7', 'eth0: 1 2 3']) {
      expect(parseDiskStats(text)).toBeNull();
      expect(parseNetDev(text)).toBeNull();
    }
  });
});
