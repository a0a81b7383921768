import { z } from 'zod';
import { fail, ok, type Result } from '../../core/errors.ts';
import type { Random } from '../../core/random.ts';
import { exp } from '../draw.ts';
import { SERVICES } from './services.ts';

// Everything the fleet remembers is a plain number, so JSON keeps it bit for bit.

/** Autocorrelated noises are kept as standard normals; whoever uses one gives it its size. None ever gets to ±40. */
const noise = z.number().min(-40).max(40);
const amount = z.number().min(-1e6).max(1e6);

const serviceState = z.strictObject({
  load: noise,
  slowness: noise,
  cpu: noise,
  resident: noise,
  /** Latency of the last step, that callers waited for. */
  latencyMs: amount,
  /** How full the heap is, and how full it must be for the collector to run. */
  heap: amount,
  heapLimit: amount,
  /** 0 just after a restart, 1 when caches are full again. */
  warmth: amount,
  /** 1 just after a restart, fading. */
  cold: amount,
  /** Additional share of failing requests, fading. */
  failing: amount,
  /** Additional queue, fading. */
  queued: amount,
  deployCpu: amount,
  deployLatency: amount,
  deploys: amount,
});

const fleetState = z.strictObject({
  version: z.literal(1),
  seed: z.int(),
  startMs: z.int(),
  stepMs: z.int().min(1).max(3_600_000),
  steps: z.int().min(0),
  demandSlow: noise,
  demandFast: noise,
  services: z.array(serviceState).length(SERVICES.length),
});

export type ServiceState = z.output<typeof serviceState>;
export type FleetState = z.output<typeof fleetState>;

/** Time constants of the noises, and of what fades. */
export const TAU_S = {
  demandSlow: 900,
  demandFast: 45,
  load: 180,
  slowness: 120,
  cpu: 60,
  resident: 1800,
  warmth: 900,
  cold: 30,
  failing: 40,
  queued: 15,
} as const;

export type Noise = keyof typeof TAU_S;

/** Per noise, how much of it a time span leaves: e^(−span / tau). */
export function remaining(spanMs: number): Record<Noise, number> {
  const left = {} as Record<Noise, number>;
  for (const name of Object.keys(TAU_S) as Noise[]) left[name] = exp(-spanMs / 1000 / TAU_S[name]);
  return left;
}

/** One step of an autocorrelated standard normal of which `left` remains. */
export function wander(x: number, left: number, random: Random): number {
  return left * x + Math.sqrt(1 - left * left) * random.normal();
}

/** A service in the middle of its life: nothing has just happened to it. */
export function newServiceState(index: number, random: Random): ServiceState {
  return {
    load: random.normal(),
    slowness: random.normal(),
    cpu: random.normal(),
    resident: random.normal(),
    latencyMs: SERVICES[index]!.latencyMs,
    heap: random.next(),
    heapLimit: 1,
    warmth: 1,
    cold: 0,
    failing: 0,
    queued: 0,
    deployCpu: 1,
    deployLatency: 1,
    deploys: 10 + random.below(40),
  };
}

/** Lets a span of time pass without looking: noises drift apart as they would have, what fades has faded. */
export function passTime(state: FleetState, spanMs: number, random: Random): void {
  const left = remaining(spanMs);
  state.demandSlow = wander(state.demandSlow, left.demandSlow, random);
  state.demandFast = wander(state.demandFast, left.demandFast, random);
  for (const service of state.services) {
    service.load = wander(service.load, left.load, random);
    service.slowness = wander(service.slowness, left.slowness, random);
    service.cpu = wander(service.cpu, left.cpu, random);
    service.resident = wander(service.resident, left.resident, random);
    service.warmth = 1 - (1 - service.warmth) * left.warmth;
    service.cold *= left.cold;
    service.failing *= left.failing;
    service.queued *= left.queued;
  }
}

/** A saved state, checked. Error: state_corrupt, naming the field. */
export function parseFleetState(saved: unknown): Result<FleetState> {
  const parsed = fleetState.safeParse(saved);
  if (parsed.success) return ok(parsed.data);
  const issue = parsed.error.issues[0]!;
  return fail('state_corrupt', `demo fleet, ${issue.path.join('.') || 'root'}: ${issue.message}`);
}
