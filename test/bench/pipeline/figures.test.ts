import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Fleet } from '../../../bench/lib/fleet.ts';
import { Exposition, nearestRank, quantile } from '../../../bench/pipeline/exposition.ts';
import { between, cpuPerPoint } from '../../../bench/pipeline/figures.ts';
import { boundariesBetween, delayMs } from '../../../bench/pipeline/latency.ts';
import { baseBefore, closingRecord, PARTITIONS, writeFleet } from '../../../bench/pipeline/load.ts';
import { cpuMs, parseSize, parseStat } from '../../../bench/pipeline/proc.ts';

const load = { broker: '', topic: 't', entities: 1_000, metrics: 5, records: 60_000, baseMs: 1_700_000_000_000 };

test('the fleet that is sent is the one that the model was trained on', () => {
  const dir = mkdtempSync(join(tmpdir(), 'tidewatch-test-'));
  writeFleet(dir, 1_000);
  const fleet = new Fleet(1_000, 5);
  expect(readFileSync(join(dir, 'entities'), 'utf8').trim().split('\n')).toEqual(fleet.entities);
  const noise = readFileSync(join(dir, 'noise'));
  const at = (Math.imul(7 * 64 + 3, 0x9e3779b1) + 9) & (noise.length / 8 - 1);
  expect(noise.readDoubleBE(at * 8) + 100 + 7 + 3).toBeCloseTo(fleet.value(7, 3, 9), 9);
  rmSync(dir, { recursive: true });
});

test('a load ends before now and begins where windows do', () => {
  const base = baseBefore(1_700_000_123_456, 60_000, 1_000);
  expect(base % 10_000).toBe(0);
  expect(base + 60_000).toBeLessThanOrEqual(1_700_000_123_456);
});

test('a window is closed by the first record of its partition past its end and its lateness', () => {
  const i = closingRecord(load, 2, load.baseMs + 10_000);
  expect(i).toBe(22 * load.entities + 2);
  expect((i % load.entities) % PARTITIONS).toBe(2);
});

test('delay counts from when the closing record was due, and only past the warm-up', () => {
  const due = (i: number): number => 1_000 + i;
  const seen = { partition: 1, windowStartMs: load.baseMs + 10_000, atMs: 1_000 + 22_001 + 17 };
  expect(delayMs(load, seen, 0, due)).toBe(17);
  expect(delayMs(load, seen, 1e6, due)).toBe(0);
  // closed at 12, 22, 32, 42 and 52 s by four partitions each
  expect(boundariesBetween(load, 0, 1e9, due)).toBe(20);
  expect(boundariesBetween(load, due(22_000), due(32_003), due)).toBe(8);
});

test('the text of /metrics is read with its labels and buckets', () => {
  const text = `# HELP a b
a_total{stream="x",outcome="decoded"} 3
a_total{stream="y \\"z\\"",outcome="refused"} 4
plain 7
lat_bucket{le="0.01",stream="x"} 1
lat_bucket{le="0.1",stream="x"} 3
lat_bucket{le="+Inf",stream="x"} 4`;
  const metrics = new Exposition(text);
  expect(metrics.sum('a_total')).toBe(7);
  expect(metrics.sum('a_total', { outcome: 'refused' })).toBe(4);
  expect(metrics.sum('plain')).toBe(7);
  expect(metrics.sum('absent')).toBe(0);
  expect([...metrics.buckets('lat')]).toEqual([
    [0.01, 1],
    [0.1, 3],
    [Number.POSITIVE_INFINITY, 4],
  ]);
});

test('quantiles of a histogram count what has grown, within its buckets', () => {
  const before = new Map([
    [0.01, 100],
    [0.1, 100],
    [Number.POSITIVE_INFINITY, 100],
  ]);
  const after = new Map([
    [0.01, 100],
    [0.1, 110],
    [Number.POSITIVE_INFINITY, 110],
  ]);
  expect(quantile(before, after, 0.5)).toBeCloseTo(0.055);
  expect(quantile(before, before, 0.5)).toBeNaN();
  expect(nearestRank([1, 2, 3, 4], 0.5)).toBe(2);
  expect(nearestRank([1, 2, 3, 4], 0.99)).toBe(4);
  expect(nearestRank([], 0.5)).toBeNaN();
});

test('processes are read as proc(5) writes them, whatever their name', () => {
  const text = '42 (a) b (c) S 7 42 42 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 11 0 100 1000 200';
  expect(parseStat(text)).toEqual({ parent: 7, cpuMs: 3_000 });
  expect(parseSize('VmPeak:\t  100 kB\nVmHWM:\t    64 kB\n', 'VmHWM')).toBe(65_536);
  expect(parseSize('', 'VmHWM')).toBeNaN();
  expect(cpuMs(process.pid)).toBeGreaterThan(0);
});

const sample = (atMs: number, records: number, cpu: number) => ({
  atMs,
  records,
  verdicts: records / 10,
  cpuMs: cpu,
  postgresMs: cpu / 10,
});
const samples = [sample(0, 0, 500), sample(1_000, 100, 600), sample(2_000, 300, 800), sample(3_000, 400, 900)];

test('rates are taken between the first record and the last, without the start of the process', () => {
  const f = between(samples, 0, 400, 5);
  expect(f).toMatchObject({ recordsPerS: 200, pointsPerS: 1_000, verdictsPerS: 20, postgresUsPerVerdict: 1_000 });
  expect(f.cpuNsPerPoint).toBe(200_000);
  expect(() => between(samples.slice(0, 2), 0, 100, 5)).toThrow('too few samples');
});

test('CPU time is divided among records between two samples', () => {
  expect(cpuPerPoint(samples, 200, 300, 1)).toBe(1e6);
  expect(() => cpuPerPoint(samples, 200, 900, 1)).toThrow('no samples around 900');
});
