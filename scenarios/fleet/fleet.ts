import { ok, type Result, TidewatchError } from '../../core/errors.ts';
import { exp2 } from '../../core/math.ts';
import { Random } from '../../core/random.ts';
import type { LogEvent, Sample } from '../../core/types.ts';
import { mix } from '../draw.ts';
import type { SampleSink } from '../sink.ts';
import { live, measure, type Step } from './service.ts';
import { EDGE_PEAK_REQUESTS_PER_S, METRICS, PEAK_REQUESTS_PER_S, SERVICES } from './services.ts';
import { demandShape, isWorkingHour } from './shape.ts';
import { type FleetState, newServiceState, parseFleetState, passTime, remaining, wander } from './state.ts';

export const DEFAULT_STEP_MS = 5_000;
/** After a jump, steps are run unseen so that what depends on the step before (heaps, latencies) has settled. */
const SETTLE_STEPS = 240;
/** Far from any step's index, so the draws of a jump are those of no step. */
const JUMP_DRAWS = 0x4a554d50;
const START_DRAWS = 0x53544152;

export interface FleetOptions {
  /** Any 32-bit integer. */
  seed: number;
  /** Event time of the first step. */
  startMs: number;
  stepMs?: number;
}

/** callees[i]: the services that service i waits for, and for which share of their latency. */
const CALLEES: readonly { index: number; waits: number }[][] = SERVICES.map((caller) =>
  SERVICES.flatMap((service, index) =>
    service.calls.filter((c) => c.from === caller.name && c.waits > 0).map((c) => ({ index, waits: c.waits })),
  ),
);
const CALLERS: readonly { index: number; perRequest: number }[][] = SERVICES.map((service) =>
  service.calls.map((c) => ({ index: SERVICES.findIndex((s) => s.name === c.from), perRequest: c.perRequest })),
);

/**
 * Twelve services of a shop, whose telemetry is a function of (seed, startMs, stepMs) alone. Every step draws from a
 * generator of its own, so the state holds no generator, and a saved fleet goes on as if it had never stopped.
 */
export class Fleet {
  readonly #state: FleetState;
  readonly #requestsPerS = new Float64Array(SERVICES.length);
  readonly #step: Step;
  readonly #sample: Sample = { entity: '', timeMs: 0, names: [...METRICS], values: METRICS.map(() => 0) };

  constructor(options: FleetOptions | FleetState) {
    this.#state = 'version' in options ? options : newState(options);
    const { stepMs } = this.#state;
    this.#step = { stepS: stepMs / 1000, left: remaining(stepMs), working: false, random: new Random(0) };
  }

  /** Event time of the next step. */
  get timeMs(): number {
    return this.#state.startMs + this.#state.steps * this.#state.stepMs;
  }

  get stepMs(): number {
    return this.#state.stepMs;
  }

  /** Emits one sample of each service at `timeMs`, and what happened to it, and moves on by one step. */
  step(sink: SampleSink): void {
    const state = this.#state;
    const step = this.#step;
    const timeMs = this.timeMs;
    const random = new Random(mix(state.seed, state.steps));
    step.random = random;
    step.working = isWorkingHour(timeMs);
    state.demandSlow = wander(state.demandSlow, step.left.demandSlow, random);
    state.demandFast = wander(state.demandFast, step.left.demandFast, random);
    const demand =
      EDGE_PEAK_REQUESTS_PER_S * demandShape(timeMs) * exp2(0.06 * state.demandSlow + 0.045 * state.demandFast);

    const sample = this.#sample;
    sample.timeMs = timeMs;
    for (let i = 0; i < SERVICES.length; i++) {
      const service = SERVICES[i]!;
      const serviceState = state.services[i]!;
      const happened = live(serviceState, step);
      let asked = i === 0 ? demand : 0;
      for (const { index, perRequest } of CALLERS[i]!) asked += this.#requestsPerS[index]! * perRequest;
      let awaitedMs = 0;
      for (const { index, waits } of CALLEES[i]!) awaitedMs += waits * state.services[index]!.latencyMs;
      measure(service, serviceState, step, asked, PEAK_REQUESTS_PER_S[i]!, awaitedMs, sample.values);
      this.#requestsPerS[i] = sample.values[0]!;
      if (happened) sink.event(lifeEvent(service.name, timeMs, happened, serviceState.deploys));
      sample.entity = service.name;
      sink.sample(sample);
    }
    state.steps++;
  }

  /**
   * Moves on to the first step at or after timeMs without emitting what lies between. A long gap costs no more than a
   * short one: time passes at once, then the last few minutes are run unseen.
   */
  skipTo(timeMs: number): void {
    const state = this.#state;
    const target = Math.ceil((timeMs - state.startMs) / state.stepMs);
    const jump = target - SETTLE_STEPS - state.steps;
    if (jump > 0) {
      passTime(state, jump * state.stepMs, new Random(mix(state.seed, state.steps, JUMP_DRAWS)));
      state.steps += jump;
    }
    while (state.steps < target) this.step(NOWHERE);
  }

  /** Complete state for JSON; `restore` continues it bit for bit. */
  save(): FleetState {
    return structuredClone(this.#state);
  }

  /** Error: state_corrupt; the caller then starts a new fleet. */
  static restore(saved: unknown): Result<Fleet> {
    const parsed = parseFleetState(saved);
    return parsed.ok ? ok(new Fleet(parsed.value)) : parsed;
  }
}

const NOWHERE: SampleSink = { sample: () => undefined, event: () => undefined };

function newState(options: FleetOptions): FleetState {
  const { seed, startMs, stepMs = DEFAULT_STEP_MS } = options;
  const random = new Random(mix(seed, START_DRAWS));
  const state = {
    version: 1,
    seed,
    startMs,
    stepMs,
    steps: 0,
    demandSlow: random.normal(),
    demandFast: random.normal(),
    services: SERVICES.map((_, i) => newServiceState(i, random)),
  };
  const parsed = parseFleetState(state);
  if (!parsed.ok) throw new TidewatchError('config_invalid', parsed.fault.detail);
  return parsed.value;
}

function lifeEvent(entity: string, timeMs: number, happened: 'restarted' | 'deployed', deploys: number): LogEvent {
  const body = happened === 'deployed' ? `deployed ${entity} 1.${deploys}.0` : `restarted ${entity} 1.${deploys}.0`;
  return { entity, timeMs, level: 'info', body };
}
