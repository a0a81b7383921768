import { exp2 } from '../../core/math.ts';
import type { Random } from '../../core/random.ts';
import { poisson } from '../draw.ts';
import type { Service } from './services.ts';
import { type Noise, type ServiceState, wander } from './state.ts';

/** Means between the events of a service's normal life. */
const RESTART_EVERY_S = 20 * 24 * 3600;
const DEPLOY_EVERY_WORKING_S = 100 * 3600;
const ERRORS_EVERY_S = 30 * 3600;
const QUEUE_BURST_EVERY_S = 12 * 3600;
/** Share of steps in which one slow request shows in the mean latency. */
const SLOW_REQUEST_SHARE = 0.0004;
const PAGE_BYTES = 4096;

/** What surrounds a service in one step. */
export interface Step {
  stepS: number;
  left: Readonly<Record<Noise, number>>;
  working: boolean;
  random: Random;
}

export type LifeEvent = 'restarted' | 'deployed' | null;

/** Draws what happens to a service in this step and lets the past fade. */
export function live(state: ServiceState, step: Step): LifeEvent {
  const { random, stepS, left } = step;
  state.load = wander(state.load, left.load, random);
  state.slowness = wander(state.slowness, left.slowness, random);
  state.cpu = wander(state.cpu, left.cpu, random);
  state.resident = wander(state.resident, left.resident, random);
  state.warmth = 1 - (1 - state.warmth) * left.warmth;
  state.cold *= left.cold;
  state.failing *= left.failing;
  state.queued *= left.queued;
  if (random.next() < stepS / ERRORS_EVERY_S) state.failing += 0.002 + 0.006 * random.next();
  if (random.next() < stepS / QUEUE_BURST_EVERY_S) state.queued += 4 + 10 * random.next();
  const deploys = random.next() < stepS / DEPLOY_EVERY_WORKING_S && step.working;
  const restarts = random.next() < stepS / RESTART_EVERY_S;
  if (!deploys && !restarts) return null;
  state.warmth = 0;
  state.cold = 1;
  state.heap = 0;
  state.queued += 2 + 3 * random.next();
  if (!deploys) return 'restarted';
  // Each release is a little faster or slower than the one before, never drifting away from the first.
  state.deployCpu = 0.95 + 0.1 * random.next();
  state.deployLatency = 0.96 + 0.08 * random.next();
  state.deploys++;
  return 'deployed';
}

/**
 * Fills values with one step's metrics, in the order of METRICS. demandPerS: requests asked of the service;
 * peakPerS: at the weekly peak; awaitedMs: latency of what it calls, beyond their idle latency, as far as it waits.
 */
export function measure(
  service: Service,
  state: ServiceState,
  step: Step,
  demandPerS: number,
  peakPerS: number,
  awaitedMs: number,
  values: number[],
): void {
  const { random, stepS } = step;
  const requests = poisson(random, demandPerS * exp2(0.03 * state.load) * stepS);
  const requestsPerS = requests / stepS;
  const utilisation = requestsPerS / peakPerS;

  const own = service.latencyMs * state.deployLatency * (1 + 0.35 * utilisation * utilisation) * (1 + 0.9 * state.cold);
  let latencyMs = own * exp2(0.07 * state.slowness + 0.05 * random.normal()) + awaitedMs;
  // Pareto with exponent 2: now and then one slow request pulls the mean up.
  const slow = random.next();
  if (slow < SLOW_REQUEST_SHARE) latencyMs *= 1 + 0.4 * Math.min(1 / Math.sqrt(random.next() + 0.01), 6);
  state.latencyMs = latencyMs;

  const failed = poisson(random, requests * Math.min(service.errorRatio * (1 + 0.5 * utilisation) + state.failing, 1));

  const cpu =
    (service.cpuIdle + (service.cpuPeak - service.cpuIdle) * utilisation) * state.deployCpu +
    1.1 * state.cpu +
    0.5 * random.normal() +
    6 * state.cold;

  state.heap += (stepS / service.gcPeriodS) * (0.15 + utilisation) * (1 + 0.25 * random.normal());
  if (state.heap >= state.heapLimit) {
    state.heap = 0.04 + 0.1 * random.next();
    state.heapLimit = 0.85 + 0.15 * random.next();
  }
  const memory =
    service.residentBytes * (0.72 + 0.28 * state.warmth) * (1 + 0.008 * state.resident) +
    service.heapBytes * Math.max(0, state.heap);

  const queue = poisson(random, service.queuePeak * utilisation * utilisation + state.queued);

  values[0] = round(requestsPerS, 1000);
  values[1] = round(latencyMs, 1000);
  values[2] = requests === 0 ? 0 : round(Math.min(failed / requests, 1), 1e6);
  values[3] = round(Math.min(Math.max(cpu, 0.1), 100), 100);
  values[4] = Math.round(memory / PAGE_BYTES) * PAGE_BYTES;
  values[5] = queue;
}

function round(value: number, perUnit: number): number {
  return Math.round(value * perUnit) / perUnit;
}
