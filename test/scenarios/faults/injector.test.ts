import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { orThrow } from '../../../core/errors.ts';
import type { Sample } from '../../../core/types.ts';
import type { FaultRequest } from '../../../monitor/ports.ts';
import { FaultInjector, MAX_ACTIVE_FAULTS } from '../../../scenarios/faults/injector.ts';
import { FAULT_BY_NAME, FAULTS } from '../../../scenarios/faults/table.ts';
import { FLEET_ENTITIES, METRICS } from '../../../scenarios/fleet/services.ts';
import { Collector, collect, differences, FLEET_METRICS, MONDAY_MS, newFleet } from '../collect.ts';

const STEPS = 120;
const at = (step: number) => MONDAY_MS + step * 5_000;
const newInjector = (seed = 1) => new FaultInjector(seed, FLEET_METRICS);
const untouched = collect(newFleet(), STEPS);
const names = FAULTS.map((f) => f.name);

/** STEPS steps of the fleet with one fault from a step on, and the fault. */
function withFault(request: FaultRequest, fromStep: number, seed = 1) {
  const injector = newInjector(seed);
  const fault = orThrow(injector.inject(request, at(fromStep)));
  const out = collect(newFleet(), STEPS, injector);
  injector.flush(out);
  return { out, fault };
}

describe('a fault', () => {
  test('strikes its entity, its metric and its time, and nothing else', () => {
    let struck = 0;
    fc.assert(
      fc.property(
        fc.constantFrom(...names),
        fc.option(fc.constantFrom(...FLEET_ENTITIES), { nil: undefined }),
        fc.nat(STEPS - 1),
        fc.integer({ min: 1, max: 400_000 }),
        fc.double({ min: 0.1, max: 3, noNaN: true }),
        fc.integer(),
        (name, entity, from, durationMs, magnitude, seed) => {
          const request = { fault: name, durationMs, magnitude, ...(entity ? { entity } : {}) };
          const { out, fault } = withFault(request, from, seed);
          for (const d of differences(untouched, out)) {
            struck++;
            expect(d.entity).toBe(fault.entity);
            expect(d.timeMs >= fault.startMs && d.timeMs < fault.endMs).toBe(true);
            if (fault.metric) expect(d.metric).toBe(fault.metric);
          }
        },
      ),
      { numRuns: 60 },
    );
    expect(struck).toBeGreaterThan(500);
  });

  test('that is cleared leaves the series as it would have been, bit for bit', () => {
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.nat(60), fc.integer({ min: 1, max: 50 }), (name, from, length) => {
        const injector = newInjector();
        let id = '';
        const out = collect(newFleet(), STEPS, injector, (step) => {
          if (step === from) id = orThrow(injector.inject({ fault: name, entity: 'cart' }, at(from))).id;
          if (step === from + length) expect(injector.clear(id)).toBe(true);
        });
        expect(differences(untouched, out).filter((d) => d.timeMs >= at(from + length))).toEqual([]);
        expect(injector.clear(id)).toBe(false);
      }),
      { numRuns: 60 },
    );
  });

  test('never makes a value that is not finite, whatever the stream and the strength', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...names),
        fc.double({ min: 1e-6, max: 100, noNaN: true }),
        fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 20 }),
        (fault, magnitude, values) => {
          const injector = new FaultInjector(1);
          orThrow(injector.inject({ fault, entity: 'x', magnitude, durationMs: 7 * 86_400_000 }, 0));
          const out = new Collector();
          values.forEach((v, i) => {
            injector.apply({ entity: 'x', timeMs: i * 3_600_000, names: ['anything'], values: [v] }, out);
          });
          injector.flush(out);
          expect(out.samples.flatMap((s) => s.values).filter((v) => !Number.isFinite(v))).toEqual([]);
        },
      ),
    );
  });

  test('does not change the sample it was given', () => {
    for (const fault of names) {
      const injector = new FaultInjector(1);
      orThrow(injector.inject({ fault, entity: 'x' }, 0));
      const sample: Sample = { entity: 'x', timeMs: 60_000, names: ['a', 'b'], values: [1, 2] };
      injector.apply(sample, new Collector());
      injector.encode(sample);
      expect(sample).toEqual({ entity: 'x', timeMs: 60_000, names: ['a', 'b'], values: [1, 2] });
    }
  });

  test('finds a metric in telemetry it has never seen', () => {
    const injector = new FaultInjector(3);
    const fault = orThrow(injector.inject({ fault: 'latency_step', entity: 'pump-1' }, 0));
    expect(fault.metric).toBeNull();
    const out = new Collector();
    injector.apply({ entity: 'pump-1', timeMs: 0, names: ['flow', 'torque'], values: [2, 5] }, out);
    expect(out.samples[0]!.values.filter((v, i) => v !== [2, 5][i])).toHaveLength(1);
    expect(['flow', 'torque']).toContain(injector.active(0)[0]!.metric);
  });

  test('may strike together with others, in the order they were injected', () => {
    const injector = newInjector();
    const on = { entity: 'cart', metric: 'latency_ms' };
    orThrow(injector.inject({ fault: 'latency_step', ...on }, at(0)));
    orThrow(injector.inject({ fault: 'traffic_drop', ...on }, at(0)));
    const out = collect(newFleet(), 10, injector);
    const expected = untouched.values('cart', 'latency_ms').slice(0, 10);
    out.values('cart', 'latency_ms').forEach((v, i) => {
      expect(v / expected[i]!).toBeCloseTo(0.6, 9);
    });
  });
});

test('samples held back beyond the limit go on early, oldest first, and none is lost', () => {
  const injector = new FaultInjector(1);
  orThrow(injector.inject({ fault: 'delayed', entity: 'x', magnitude: 100 }, 0));
  const times: number[] = [];
  const sink = { sample: (s: Sample) => times.push(s.timeMs), event: () => undefined };
  for (let t = 0; t < 100_005; t++) injector.apply({ entity: 'x', timeMs: t, names: ['a'], values: [t] }, sink);
  expect(times).toEqual([0, 1, 2, 3, 4]);
  injector.flush(sink);
  expect(times).toHaveLength(100_005);
  expect(times.every((t, i) => t === i)).toBe(true);
});

describe('a request', () => {
  test('for an unknown fault names the nearest one', () => {
    expect(newInjector().inject({ fault: 'latencystep' }, 0)).toEqual({
      ok: false,
      fault: { code: 'fault_unknown', detail: 'fault "latencystep", did you mean latency_step?' },
    });
    expect(newInjector().inject({ fault: '__proto__' }, 0)).toMatchObject({ fault: { code: 'fault_unknown' } });
  });

  test('for an unknown entity or metric names the nearest one', () => {
    const detail = (request: FaultRequest) => newInjector().inject(request, 0);
    expect(detail({ fault: 'leak', entity: 'chekout' })).toMatchObject({
      fault: { code: 'not_found', detail: expect.stringContaining('did you mean checkout?') },
    });
    expect(detail({ fault: 'leak', metric: 'memory' })).toMatchObject({
      fault: { code: 'not_found', detail: expect.stringContaining('did you mean memory_bytes?') },
    });
  });

  test('with a length or strength out of range, or a metric where none fits, says what was wanted', () => {
    for (const wrong of [
      { durationMs: 0 },
      { durationMs: Number.NaN },
      { durationMs: 1e12 },
      { magnitude: -1 },
      { magnitude: Number.POSITIVE_INFINITY },
      { fault: 'silence', metric: 'cpu_percent' },
    ])
      expect(newInjector().inject({ fault: 'leak', ...wrong }, 0)).toMatchObject({ fault: { code: 'config_invalid' } });
    expect(new FaultInjector(1).inject({ fault: 'leak' }, 0)).toMatchObject({ fault: { code: 'not_found' } });
  });

  test('beyond the limit of active faults is refused', () => {
    const injector = newInjector();
    for (let i = 0; i < MAX_ACTIVE_FAULTS; i++) orThrow(injector.inject({ fault: 'leak' }, 0));
    expect(injector.inject({ fault: 'leak' }, 0)).toMatchObject({ ok: false });
    expect(injector.inject({ fault: 'leak' }, 7 * 86_400_000).ok).toBe(true);
  });

  test('leaves the choice of the entity to the seed, and of metric, length and strength to the table', () => {
    const chosen = (seed: number) => orThrow(newInjector(seed).inject({ fault: 'leak' }, 5));
    expect(chosen(4)).toEqual(chosen(4));
    expect(new Set(Array.from({ length: 40 }, (_, seed) => chosen(seed).entity)).size).toBeGreaterThan(6);
    const spec = FAULT_BY_NAME.get('leak')!;
    expect(chosen(4)).toMatchObject({
      id: 'leak-1',
      metric: 'memory_bytes',
      magnitude: spec.defaultMagnitude,
      startMs: 5,
      endMs: 5 + spec.defaultDurationMs,
    });
    const metric = (fault: string) => orThrow(newInjector().inject({ fault }, 0)).metric;
    expect(['latency_step', 'traffic_drop', 'stuck_sensor', 'unit_change', 'slow_drift'].map(metric)).toEqual([
      'latency_ms',
      'requests_per_s',
      'cpu_percent',
      'memory_bytes',
      'latency_ms',
    ]);
    expect(METRICS).toContain(metric('dropped_metric'));
  });
});

describe('the checker', () => {
  test('sees one changed bit, one missing and one added point', () => {
    const changed = collect(newFleet(), STEPS);
    changed.samples[5]!.values[2]! += 1e-12;
    expect(differences(untouched, changed)).toEqual(
      [{ entity: 'payments', timeMs: at(0), metric: 'error_ratio' }].map((d) => ({
        ...d,
        entity: changed.samples[5]!.entity,
      })),
    );
    const fewer = collect(newFleet(), STEPS);
    fewer.samples.pop();
    expect(differences(untouched, fewer)).toHaveLength(6);
    expect(differences(fewer, untouched)).toHaveLength(6);
  });
});
