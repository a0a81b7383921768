import { describe, expect, test } from 'vitest';
import { RATE_WINDOW_MS, RateMeter } from '../../../monitor/api/rates.ts';
import type { PartitionStatus } from '../../../monitor/ports.ts';

const at = (seconds: number, points: number, offset = points, partition = 0): PartitionStatus => ({
  stream: 's',
  partition,
  offsetNext: offset,
  watermarkMs: 0,
  checkpointedMs: seconds * 1_000,
  counters: { applied: points, late: 0, duplicate: 0, dead_lettered: 0, filtered: 0, conflicts: 0, events: 0 },
});

describe('the rate meter', () => {
  test('needs two checkpoints, then says points a second', () => {
    const meter = new RateMeter();
    meter.observe([at(10, 100)]);
    expect(meter.pointsPerS('s')).toBeNull();
    meter.observe([at(12, 150)]);
    expect(meter.pointsPerS('s')).toBe(25);
  });

  test('forgets what is older than its window', () => {
    const meter = new RateMeter();
    for (let s = 0; s <= 100; s += 2) meter.observe([at(s, s < 50 ? 0 : (s - 50) * 10)]);
    expect(meter.pointsPerS('s')).toBe(10);
    expect(RATE_WINDOW_MS).toBeLessThan(50_000);
  });

  test('adds partitions up', () => {
    const meter = new RateMeter();
    meter.observe([at(0, 10, 10, 0), at(0, 20, 20, 1)]);
    meter.observe([at(5, 20, 20, 0), at(5, 60, 60, 1)]);
    expect(meter.pointsPerS('s')).toBe(10);
  });

  test('starts anew when totals go back, rather than showing a negative rate', () => {
    const meter = new RateMeter();
    meter.observe([at(0, 1_000)]);
    meter.observe([at(5, 10)]);
    expect(meter.pointsPerS('s')).toBeNull();
    meter.observe([at(10, 60)]);
    expect(meter.pointsPerS('s')).toBe(10);
  });

  test('the last record is as old as the last checkpoint that moved', () => {
    const meter = new RateMeter();
    expect(meter.lastRecordMs('s')).toBeNull();
    meter.observe([at(1, 10)]);
    meter.observe([at(3, 20)]);
    meter.observe([at(60, 20)]);
    expect(meter.lastRecordMs('s')).toBe(3_000);
  });
});
