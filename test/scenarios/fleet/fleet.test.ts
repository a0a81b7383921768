import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { orThrow } from '../../../core/errors.ts';
import { Fleet } from '../../../scenarios/fleet/fleet.ts';
import { FLEET_ENTITIES, METRICS, PEAK_REQUESTS_PER_S, SERVICES } from '../../../scenarios/fleet/services.ts';
import { Collector, collect, correlation, differences, MONDAY_MS, mean, newFleet } from '../collect.ts';

const HOUR = 720; // steps of 5 s

function isPossible(values: readonly number[]): boolean {
  const [requests, latency, errors, cpu, memory, queue] = values as [number, number, number, number, number, number];
  return (
    values.every(Number.isFinite) &&
    requests >= 0 &&
    latency > 0 &&
    errors >= 0 &&
    errors <= 1 &&
    cpu > 0 &&
    cpu <= 100 &&
    Number.isInteger(memory) &&
    memory > 0 &&
    Number.isInteger(queue) &&
    queue >= 0
  );
}

describe('the demo fleet', () => {
  test('is a function of its seed, start and step', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 0, max: 2e12 }), fc.constantFrom(1_000, 5_000, 60_000), (...o) => {
        expect(collect(newFleet(...o), 20)).toEqual(collect(newFleet(...o), 20));
      }),
      { numRuns: 50 },
    );
    expect(differences(collect(newFleet(1), 10), collect(newFleet(2), 10)).length).toBeGreaterThan(300);
  });

  test('goes on after a save and a restore through JSON as if it had never stopped', () => {
    fc.assert(
      fc.property(fc.integer(), fc.nat(200), fc.nat(200), (seed, first, second) => {
        const whole = collect(newFleet(seed), first + second);
        const fleet = newFleet(seed);
        const before = collect(fleet, first);
        const resumed = orThrow(Fleet.restore(JSON.parse(JSON.stringify(fleet.save()))));
        const after = collect(resumed, second);
        expect([...before.samples, ...after.samples]).toEqual(whole.samples);
        expect([...before.events, ...after.events]).toEqual(whole.events);
      }),
      { numRuns: 30 },
    );
  });

  test('sends six metrics of twelve services at each step, one step apart', () => {
    const out = collect(newFleet(), 3);
    expect(out.samples.map((s) => s.entity)).toEqual([...FLEET_ENTITIES, ...FLEET_ENTITIES, ...FLEET_ENTITIES]);
    expect(new Set(out.samples.map((s) => s.timeMs))).toEqual(
      new Set([MONDAY_MS, MONDAY_MS + 5_000, MONDAY_MS + 10_000]),
    );
    for (const s of out.samples) expect(s.names).toEqual(METRICS);
  });

  test('never sends a value outside what the metric can be', () => {
    fc.assert(
      fc.property(fc.integer(), fc.constantFrom(100, 5_000, 3_600_000), (seed, stepMs) => {
        const bad = collect(newFleet(seed, MONDAY_MS, stepMs), 200).samples.filter((s) => !isPossible(s.values));
        expect(bad).toEqual([]);
      }),
      { numRuns: 20 },
    );
    expect(isPossible([1, 1, 0, 1, 1, Number.NaN])).toBe(false);
    expect(isPossible([1, 1, 1.5, 1, 1, 0])).toBe(false);
  });

  test('skips a gap of years at once, and the series goes on without a jump', () => {
    const fleet = newFleet();
    const before = collect(fleet, HOUR);
    const sevenYearsOn = MONDAY_MS + 7 * 364 * 24 * 3_600_000 + 3_600_000;
    fleet.skipTo(sevenYearsOn + 1);
    expect(fleet.timeMs).toBe(sevenYearsOn + 5_000);
    const after = collect(fleet, HOUR);
    for (const entity of FLEET_ENTITIES) {
      for (const metric of ['requests_per_s', 'latency_ms', 'cpu_percent', 'memory_bytes']) {
        const ratio = mean(after.values(entity, metric)) / mean(before.values(entity, metric));
        expect(ratio, `${entity} ${metric}`).toBeGreaterThan(0.5);
        expect(ratio, `${entity} ${metric}`).toBeLessThan(1.5);
      }
    }
  });

  test('skips a short gap exactly, and backwards not at all', () => {
    const [skipping, stepping] = [newFleet(), newFleet()];
    skipping.skipTo(MONDAY_MS + 100 * 5_000);
    collect(stepping, 100);
    expect(skipping.save()).toEqual(stepping.save());
    skipping.skipTo(0);
    expect(skipping.save()).toEqual(stepping.save());
  });

  test('refuses a damaged state and names the field', () => {
    const saved = newFleet().save();
    saved.services[3]!.heap = Number.NaN;
    expect(Fleet.restore(JSON.parse(JSON.stringify(saved)))).toMatchObject({
      ok: false,
      fault: { code: 'state_corrupt', detail: expect.stringContaining('services.3.heap') },
    });
    expect(Fleet.restore(null).ok).toBe(false);
    expect(Fleet.restore({ version: 2 }).ok).toBe(false);
  });

  test('refuses a step of zero', () => {
    expect(() => newFleet(1, 0, 0)).toThrow(/stepMs/);
  });
});

describe('a day of the fleet', () => {
  const day = new Collector();
  const fleet = newFleet(7);
  for (let i = 0; i < 24 * HOUR; i++) fleet.step(day);
  const series = new Map<string, number[]>();
  for (const s of day.samples)
    s.names.forEach((n, i) => {
      const key = `${s.entity} ${n}`;
      const values = series.get(key) ?? [];
      series.set(key, values);
      values.push(s.values[i]!);
    });
  const of = (entity: string, metric: string) => series.get(`${entity} ${metric}`)!;
  const quantile = (values: number[], p: number) =>
    values.slice().sort((a, b) => a - b)[Math.floor(p * (values.length - 1))]!;
  const residual = (values: number[]) => values.map((v, i) => v / mean(values.slice(Math.max(0, i - 60), i + 61)) - 1);

  test('is busy in the evening and quiet at night', () => {
    for (const entity of FLEET_ENTITIES) {
      const requests = of(entity, 'requests_per_s');
      expect(mean(requests.slice(19 * HOUR, 20 * HOUR))).toBeGreaterThan(2 * mean(requests.slice(3 * HOUR, 4 * HOUR)));
    }
  });

  test('is quieter on Sunday than on Monday', () => {
    const noon = 12 * 3_600_000;
    const monday = collect(newFleet(7, MONDAY_MS + noon), HOUR).values('edge', 'requests_per_s');
    const sunday = collect(newFleet(7, MONDAY_MS - 12 * 3_600_000), HOUR).values('edge', 'requests_per_s');
    expect(mean(sunday)).toBeLessThan(0.9 * mean(monday));
  });

  test('has load flow from the edge down the calls, each service adding noise of its own', () => {
    const edge = residual(of('edge', 'requests_per_s'));
    for (const entity of ['search', 'catalog', 'inventory']) {
      const r = correlation(edge, residual(of(entity, 'requests_per_s')));
      expect(r, entity).toBeGreaterThan(0.5);
      expect(r, entity).toBeLessThan(0.99);
    }
  });

  test('has noise that remembers, in load and in latency', () => {
    for (const metric of ['requests_per_s', 'latency_ms']) {
      const r = residual(of('search', metric).map((v) => Math.min(v, 60_000)));
      expect(correlation(r.slice(1), r.slice(0, -1)), metric).toBeGreaterThan(0.2);
    }
  });

  test('has latency with a tail, errors and queues near zero, and memory that the collector saws', () => {
    for (const { name } of SERVICES) {
      const latency = of(name, 'latency_ms');
      expect(Math.max(...latency)).toBeGreaterThan(1.25 * quantile(latency, 0.99));
      expect(quantile(of(name, 'error_ratio'), 0.5)).toBeLessThan(0.005);
      expect(quantile(of(name, 'error_ratio'), 1)).toBeGreaterThan(0);
      expect(quantile(of(name, 'queue_depth'), 0.5)).toBeLessThanOrEqual(3);
      expect(quantile(of(name, 'queue_depth'), 1)).toBeGreaterThan(2);
      const memory = of(name, 'memory_bytes');
      const falls = memory.filter((v, i) => i > 0 && v < memory[i - 1]! - 20 * 1_048_576).length;
      expect(falls, name).toBeGreaterThan(20);
      expect(falls, name).toBeLessThan(500);
    }
  });

  test('has restarts and deploys, told as log events and seen in memory', () => {
    // Rare enough for a forest to call them unusual: a few a week in the whole fleet.
    const fleet = new Fleet({ seed: 1, startMs: MONDAY_MS, stepMs: 60_000 });
    const memory = new Map<string, number>();
    const drops: boolean[] = [];
    let eventOf = '';
    for (let step = 0; step < 14 * 1440; step++) {
      fleet.step({
        event: ({ entity, level, body }) => {
          expect(level).toBe('info');
          expect(body).toMatch(/^(restarted|deployed) [a-z]+ 1\.\d+\.0$/);
          eventOf = entity;
        },
        sample: ({ entity, names, values }) => {
          const now = values[names.indexOf('memory_bytes')]!;
          if (entity === eventOf && memory.has(entity)) drops.push(now < memory.get(entity)!);
          memory.set(entity, now);
        },
      });
      eventOf = '';
    }
    expect(drops.length).toBeGreaterThan(5);
    expect(drops.length).toBeLessThan(60);
    expect(drops.filter(Boolean).length / drops.length).toBeGreaterThan(0.8);
  });

  test('keeps every service below what it can carry', () => {
    FLEET_ENTITIES.forEach((entity, i) => {
      expect(PEAK_REQUESTS_PER_S[i]).toBeGreaterThan(20);
      expect(quantile(of(entity, 'cpu_percent'), 0.99)).toBeLessThan(90);
    });
  });
});
