import type { LogEvent, Sample } from '../../core/types.ts';
import type { FaultInjector } from '../../scenarios/faults/injector.ts';
import { Fleet } from '../../scenarios/fleet/fleet.ts';
import { FLEET_ENTITIES, METRICS } from '../../scenarios/fleet/services.ts';

/** 00:00 UTC on a Monday. */
export const MONDAY_MS = Date.UTC(2026, 0, 5);

export const FLEET_METRICS: [string, readonly string[]][] = FLEET_ENTITIES.map((entity) => [entity, METRICS]);

export class Collector {
  samples: Sample[] = [];
  events: LogEvent[] = [];

  sample(sample: Sample): void {
    this.samples.push({ ...sample, names: [...sample.names], values: [...sample.values] });
  }

  event(event: LogEvent): void {
    this.events.push(event);
  }

  /** Values of one metric of one entity, in the order they came. */
  values(entity: string, metric: string): number[] {
    return this.samples
      .filter((s) => s.entity === entity && s.names.includes(metric))
      .map((s) => s.values[s.names.indexOf(metric)]!);
  }
}

/** Some steps of a fleet, through an injector if there is one; before is called ahead of each step. */
export function collect(
  fleet: Fleet,
  steps: number,
  injector?: FaultInjector,
  before?: (step: number) => void,
): Collector {
  const out = new Collector();
  const sink = injector
    ? {
        sample: (s: Sample) => injector.apply(s, out),
        event: (e: LogEvent) => injector.event(e, out),
      }
    : out;
  for (let i = 0; i < steps; i++) {
    before?.(i);
    fleet.step(sink);
  }
  return out;
}

export const newFleet = (seed = 1, startMs = MONDAY_MS, stepMs = 5_000) => new Fleet({ seed, startMs, stepMs });

/** Places (entity, time, metric) at which two streams differ, in either's presence or in any bit of the value. */
export function differences(a: Collector, b: Collector): { entity: string; timeMs: number; metric: string }[] {
  const points = (c: Collector) =>
    new Map(c.samples.flatMap((s) => s.names.map((n, i) => [`${s.entity}|${s.timeMs}|${n}`, s.values[i]!] as const)));
  const [left, right] = [points(a), points(b)];
  return [...new Set([...left.keys(), ...right.keys()])]
    .filter((key) => !Object.is(left.get(key), right.get(key)))
    .map((key) => {
      const [entity, timeMs, metric] = key.split('|') as [string, string, string];
      return { entity, timeMs: Number(timeMs), metric };
    });
}

export const mean = (values: readonly number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;

export function correlation(a: readonly number[], b: readonly number[]): number {
  const [ma, mb] = [mean(a), mean(b)];
  const cov = mean(a.map((v, i) => (v - ma) * (b[i]! - mb)));
  return cov / Math.sqrt(mean(a.map((v) => (v - ma) ** 2)) * mean(b.map((v) => (v - mb) ** 2)));
}
