import { expect, test } from 'vitest';
import type { Sample } from '../../../core/types.ts';
import { DAY_MS, HOUR_MS } from '../../../scenarios/monitor/draw.ts';
import type { FaultKind, MonitorFault } from '../../../scenarios/monitor/faults.ts';
import { SyntheticFleet } from '../../../scenarios/monitor/synthetic.ts';
import { WORLD_START_MS, World } from '../../../scenarios/monitor/world.ts';

const PERIOD_MS = 600_000;
const DAYS = 4;
const FROM_MS = WORLD_START_MS + 3 * DAY_MS;

/** What four days send, with a fault on the last of them. */
function sent(fault: FaultKind | null, seed = 1): { sample: Sample; atMs: number }[] {
  const telemetry = new SyntheticFleet(seed, 6, PERIOD_MS);
  const faults: MonitorFault[] = fault === null ? [] : [{ startMs: FROM_MS, endMs: null, ...fault }];
  const world = new World({ telemetry, faults, seed, startMs: WORLD_START_MS });
  const out: { sample: Sample; atMs: number }[] = [];
  while (world.timeMs < WORLD_START_MS + DAYS * DAY_MS) {
    const atMs = world.timeMs;
    world.step({
      sample: (s) => out.push({ sample: { ...s, names: [...s.names], values: [...s.values] }, atMs }),
      event: () => undefined,
    });
  }
  return out;
}

const usual = sent(null);
const lastDay = (all: ReturnType<typeof sent>) => all.filter(({ sample }) => sample.timeMs >= FROM_MS);

test('the same seed sends the same, another seed something else', () => {
  expect(sent(null)).toEqual(usual);
  expect(sent(null, 2)).not.toEqual(usual);
});

test.each<[string, FaultKind]>([
  ['shift', { kind: 'shift', rampMs: 0, sd: 3, metricShare: 0.5 }],
  ['unit', { kind: 'unit', metric: 'latency_ms', factor: 1000 }],
  ['drop', { kind: 'drop', metric: 'latency_ms' }],
  ['silence', { kind: 'silence', share: 0.5 }],
  ['delay', { kind: 'delay', share: 0.5, byMs: 2 * HOUR_MS }],
  ['volume', { kind: 'volume', factor: 10 }],
  ['prevalence', { kind: 'prevalence', factor: 50 }],
  ['season', { kind: 'season', factor: 0.5 }],
  ['restless', { kind: 'restless', factor: 8 }],
  ['newcomers', { kind: 'newcomers', share: 0.5 }],
])('%s changes nothing before it starts, and something afterwards', (_name, fault) => {
  const all = sent(fault);
  const before = (of: typeof all) => of.filter(({ sample }) => sample.timeMs < FROM_MS);
  expect(before(all)).toEqual(before(usual));
  expect(lastDay(all)).not.toEqual(lastDay(usual));
});

test('a thousandfold unit touches one metric of every entity', () => {
  const changed = lastDay(sent({ kind: 'unit', metric: 'latency_ms', factor: 1000 }));
  for (const [i, { sample }] of changed.entries()) {
    const was = lastDay(usual)[i]!.sample;
    for (const [k, name] of sample.names.entries())
      expect(sample.values[k]).toBe(name === 'latency_ms' ? was.values[k]! * 1000 : was.values[k]);
  }
});

test('delayed samples keep their time and come later, lost ones never', () => {
  const delayed = lastDay(sent({ kind: 'delay', share: 0.5, byMs: 2 * HOUR_MS }));
  const late = delayed.filter(({ sample, atMs }) => atMs > sample.timeMs);
  expect(late.length).toBeGreaterThan(delayed.length / 4);
  expect(late.every(({ sample, atMs }) => atMs - sample.timeMs === 2 * HOUR_MS)).toBe(true);
  const some = lastDay(sent({ kind: 'silence', share: 0.5 }));
  expect(some.length).toBeGreaterThan(lastDay(usual).length * 0.4);
  expect(some.length).toBeLessThan(lastDay(usual).length * 0.6);
});

test('what wanders faster stays where it was', () => {
  const latency = (all: ReturnType<typeof sent>) =>
    lastDay(all).map(({ sample }) => sample.values[sample.names.indexOf('latency_ms')]!);
  const mean = (xs: number[]) => xs.reduce((sum, x) => sum + x, 0) / xs.length;
  const [was, now] = [mean(latency(usual)), mean(latency(sent({ kind: 'restless', factor: 8 })))];
  expect(Math.abs(now / was - 1)).toBeLessThan(0.05);
});
