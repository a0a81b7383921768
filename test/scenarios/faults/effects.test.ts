import { describe, expect, test } from 'vitest';
import { orThrow } from '../../../core/errors.ts';
import type { FaultRequest } from '../../../monitor/ports.ts';
import { encodeTidewatchJson } from '../../../scenarios/encode.ts';
import { FaultInjector } from '../../../scenarios/faults/injector.ts';
import { Collector, collect, correlation, FLEET_METRICS, MONDAY_MS, mean, newFleet } from '../collect.ts';

/** An hour before the fault, and half an hour under it, of one entity. */
const BEFORE = 720;
const UNDER = 360;
const startMs = MONDAY_MS + BEFORE * 5_000;
const ENTITY = 'catalog';

function struck(request: Omit<FaultRequest, 'entity'>) {
  const injector = new FaultInjector(1, FLEET_METRICS);
  orThrow(injector.inject({ durationMs: 3_600_000, ...request, entity: ENTITY }, startMs));
  return collect(newFleet(), BEFORE + UNDER, injector);
}

const normal = collect(newFleet(), BEFORE + UNDER);
const series = (out: Collector, metric: string) => out.values(ENTITY, metric);
const under = (out: Collector, metric: string) => series(out, metric).slice(BEFORE);
/** Means of 10 s windows. */
const windows = (values: number[]) =>
  Array.from({ length: Math.floor(values.length / 2) }, (_, i) => (values[2 * i]! + values[2 * i + 1]!) / 2);

/** How many standard deviations of the hour before each window under the fault is off. */
function deviations(out: Collector, metric: string): number[] {
  const before = windows(series(out, metric).slice(0, BEFORE));
  const level = mean(before);
  const sd = Math.sqrt(mean(before.map((v) => (v - level) ** 2)));
  return windows(under(out, metric)).map((v) => (v - level) / sd);
}

describe('what a fault does', () => {
  test('nothing at all stays within what is normal', () => {
    for (const metric of ['latency_ms', 'memory_bytes', 'cpu_percent'])
      expect(Math.abs(mean(deviations(normal, metric))), metric).toBeLessThan(3);
  });

  test('leak: memory leaves its band within a minute and grows in a straight line', () => {
    const leak = deviations(struck({ fault: 'leak' }), 'memory_bytes');
    expect(leak[5]).toBeGreaterThan(4);
    const [early, middle, late] = [mean(leak.slice(0, 60)), mean(leak.slice(60, 120)), mean(leak.slice(120))];
    expect((late - middle) / (middle - early)).toBeCloseTo(1, 0);
    expect(deviations(struck({ fault: 'leak', magnitude: 0.3 }), 'memory_bytes')[1]).toBeLessThan(3);
  });

  test('latency step: three times the latency from the first window on, and a third more at magnitude 0.3', () => {
    expect(Math.min(...deviations(struck({ fault: 'latency_step' }), 'latency_ms').slice(0, 3))).toBeGreaterThan(6);
    const subtle = struck({ fault: 'latency_step', magnitude: 0.3 });
    expect(mean(under(subtle, 'latency_ms')) / mean(under(normal, 'latency_ms'))).toBeCloseTo(1.39, 2);
  });

  test('traffic drop: a fifth of the requests', () => {
    const out = struck({ fault: 'traffic_drop' });
    expect(Math.max(...deviations(out, 'requests_per_s').slice(0, 3))).toBeLessThan(-3);
    expect(mean(under(out, 'requests_per_s')) / mean(under(normal, 'requests_per_s'))).toBeCloseTo(0.2, 6);
  });

  test('stuck sensor: one value from the start on, half the movement at magnitude 0.5', () => {
    const frozen = under(struck({ fault: 'stuck_sensor' }), 'cpu_percent');
    expect(new Set(frozen)).toEqual(new Set([under(normal, 'cpu_percent')[0]]));
    const range = (values: number[]) => Math.max(...values) - Math.min(...values);
    const half = under(struck({ fault: 'stuck_sensor', magnitude: 0.5 }), 'cpu_percent');
    expect(range(half) / range(under(normal, 'cpu_percent'))).toBeCloseTo(0.5, 6);
  });

  test('unit change: 1024 times for bytes, 1000 times for other units', () => {
    const factor = (metric: string) =>
      under(struck({ fault: 'unit_change', metric }), metric)[0]! / under(normal, metric)[0]!;
    expect(factor('memory_bytes')).toBe(1024);
    expect(factor('latency_ms')).toBeCloseTo(1000, 6);
  });

  test('slow drift: no window stands out at first, the level does in the end', () => {
    const drift = struck({ fault: 'slow_drift' });
    expect(Math.max(...deviations(drift, 'latency_ms').slice(0, 3))).toBeLessThan(4);
    const ratio = under(drift, 'latency_ms').map((v, i) => v / under(normal, 'latency_ms')[i]!);
    expect(mean(ratio.slice(-12))).toBeGreaterThan(1.2);
    expect(mean(ratio.slice(-12))).toBeLessThan(1.4);
    expect(
      correlation(
        ratio,
        ratio.map((_, i) => i),
      ),
    ).toBeGreaterThan(0.95);
  });

  test('silence: no sample and no log event, about a third of them missing at magnitude 0.3', () => {
    expect(under(struck({ fault: 'silence' }), 'cpu_percent')).toEqual([]);
    const left = under(struck({ fault: 'silence', magnitude: 0.3 }), 'cpu_percent').length / UNDER;
    expect(left).toBeGreaterThan(0.6);
    expect(left).toBeLessThan(0.8);
    const injector = new FaultInjector(1, FLEET_METRICS);
    orThrow(injector.inject({ fault: 'silence', entity: ENTITY }, 0));
    const out = new Collector();
    for (const entity of [ENTITY, 'edge']) injector.event({ entity, timeMs: 1, level: 'info', body: 'hello' }, out);
    expect(out.events.map((e) => e.entity)).toEqual(['edge']);
  });

  test('dropped metric: that metric is gone, the others are untouched', () => {
    const out = struck({ fault: 'dropped_metric', metric: 'queue_depth' });
    expect(under(out, 'queue_depth')).toEqual([]);
    expect(under(out, 'cpu_percent')).toEqual(under(normal, 'cpu_percent'));
    const only = new FaultInjector(1);
    orThrow(only.inject({ fault: 'dropped_metric', entity: 'x' }, 0));
    const none = new Collector();
    only.apply({ entity: 'x', timeMs: 1, names: ['a'], values: [1] }, none);
    expect(none.samples).toEqual([]);
  });

  test('delayed: the same samples of the entity, a minute late and in their order', () => {
    const out = struck({ fault: 'delayed' });
    const ofEntity = out.samples.filter((s) => s.entity === ENTITY);
    const times = ofEntity.map((s) => s.timeMs);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    const late = out.samples
      .map((s, i) => ({ s, now: Math.max(...out.samples.slice(Math.max(0, i - 24), i + 1).map((x) => x.timeMs)) }))
      .filter(({ s }) => s.entity === ENTITY && s.timeMs >= startMs)
      .map(({ s, now }) => now - s.timeMs);
    expect(late.length).toBe(UNDER - 12);
    expect(Math.min(...late)).toBeGreaterThanOrEqual(50_000);
    expect(Math.max(...late)).toBeLessThanOrEqual(60_000);
  });

  test('delayed and then over: what was on its way comes before what is new', () => {
    const injector = new FaultInjector(1, FLEET_METRICS);
    orThrow(injector.inject({ fault: 'delayed', entity: ENTITY, durationMs: 30_000 }, MONDAY_MS));
    const out = collect(newFleet(), 20, injector).samples.filter((s) => s.entity === ENTITY);
    expect(out).toEqual(collect(newFleet(), 20).samples.filter((s) => s.entity === ENTITY));
  });

  test('truncated: records that cannot be read, in the share of the magnitude', () => {
    const unreadable = (magnitude: number) => {
      const injector = new FaultInjector(1, FLEET_METRICS);
      orThrow(injector.inject({ fault: 'truncated', entity: ENTITY, magnitude, durationMs: 3_600_000 }, startMs));
      const records = normal.samples
        .filter((s) => s.entity === ENTITY && s.timeMs >= startMs)
        .map((s) => ({ whole: encodeTidewatchJson(s), sent: injector.encode(s) }));
      for (const { whole, sent } of records) expect(whole.subarray(0, sent.length)).toEqual(sent);
      return records.filter(({ sent }) => !isJson(sent)).length / UNDER;
    };
    expect(unreadable(1)).toBe(1);
    expect(unreadable(0.3)).toBeGreaterThan(0.2);
    expect(unreadable(0.3)).toBeLessThan(0.4);
  });
});

function isJson(bytes: Uint8Array): boolean {
  try {
    JSON.parse(new TextDecoder().decode(bytes));
    return true;
  } catch {
    return false;
  }
}
