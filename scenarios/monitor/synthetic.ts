import { exp2 } from '../../core/math.ts';
import { Random } from '../../core/random.ts';
import { exp, mix } from '../draw.ts';
import { METRICS } from '../fleet/services.ts';
import { demandShape } from '../fleet/shape.ts';
import type { Conditions, Telemetry } from './telemetry.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const MB = 1_048_576;

/** Days are alike here: a model of a few days must know what is usual, and weeks would have to be seen first. */
const A_TUESDAY_MS = Date.UTC(2026, 0, 6);
const dayShape = (timeMs: number): number => demandShape(A_TUESDAY_MS + (((timeMs % DAY_MS) + DAY_MS) % DAY_MS));

/** Time constants of what wanders, long enough for windows of ten minutes to follow each other. */
const TAU_MS = [2 * HOUR_MS, 90 * MINUTE_MS, HOUR_MS, HOUR_MS, 4 * HOUR_MS, 90 * MINUTE_MS, 90 * MINUTE_MS] as const;
const [SHARED, LOAD, SLOWNESS, CPU, MEMORY, ERRORS, QUEUE] = [0, 1, 2, 3, 4, 5, 6] as const;
const ENTITY_DRAWS = 0x454e5449;

interface Traits {
  phaseMs: number;
  requestsPerS: number;
  latencyMs: number;
  errorRatio: number;
  cpuIdle: number;
  cpuPeak: number;
  residentBytes: number;
  queuePeak: number;
}

/**
 * A fleet in windows of minutes: one demand with a daily season moves all metrics of all entities, each in its
 * own measure, and noises wander beside it. A function of the seed alone; every period draws from a generator of its own.
 */
export class SyntheticFleet implements Telemetry {
  readonly entities: readonly string[];
  readonly metrics: readonly string[] = METRICS;
  readonly lively: readonly string[] = METRICS;
  readonly periodMs: number;
  readonly #seed: number;
  readonly #traits: readonly Traits[];
  readonly #noise: Float64Array[];
  readonly #plain: boolean;
  #demand: number;

  /** plain: no season, and nothing that happens depends on what was before or on what happens beside it. */
  constructor(seed: number, entities: number, periodMs: number, plain = false) {
    this.#seed = seed;
    this.#plain = plain;
    this.periodMs = periodMs;
    this.entities = Array.from({ length: entities }, (_, i) => `node-${String(i + 1).padStart(2, '0')}`);
    const random = new Random(mix(seed, ENTITY_DRAWS));
    this.#demand = random.normal();
    this.#traits = this.entities.map(() => traitsOf(random));
    this.#noise = this.entities.map(() => Float64Array.from(TAU_MS, () => random.normal()));
  }

  read(timeMs: number, { demand, restlessness }: Conditions, values: Float64Array): void {
    const random = new Random(mix(this.#seed, Math.floor(timeMs / this.periodMs)));
    if (this.#plain) return this.#readPlain(random, values);
    const left = TAU_MS.map((tauMs) => exp((-this.periodMs * restlessness) / tauMs));
    const step = (x: number, k: number) => left[k]! * x + Math.sqrt(1 - left[k]! * left[k]!) * random.normal();
    this.#demand = step(this.#demand, SHARED);
    for (let e = 0; e < this.entities.length; e++) {
      const noise = this.#noise[e]!;
      for (let k = LOAD; k < noise.length; k++) noise[k] = step(noise[k]!, k);
      const t = this.#traits[e]!;
      const use = demand * dayShape(timeMs - t.phaseMs) * exp2(0.03 * this.#demand + 0.09 * noise[LOAD]!);
      const at = e * METRICS.length;
      values[at] = t.requestsPerS * use * (1 + 0.015 * random.normal());
      values[at + 1] = t.latencyMs * (1 + 0.4 * use * use) * exp2(0.1 * noise[SLOWNESS]! + 0.03 * random.normal());
      values[at + 2] = t.errorRatio * (1 + 0.5 * use) * exp2(0.25 * noise[ERRORS]! + 0.1 * random.normal());
      values[at + 3] = t.cpuIdle + t.cpuPeak * use + 1.2 * noise[CPU]! + 0.5 * random.normal();
      values[at + 4] = t.residentBytes * (1 + 0.06 * use + 0.02 * noise[MEMORY]! + 0.003 * random.normal());
      values[at + 5] = t.queuePeak * use * use * exp2(0.2 * noise[QUEUE]! + 0.08 * random.normal());
    }
  }

  #readPlain(random: Random, values: Float64Array): void {
    for (let e = 0; e < this.entities.length; e++) {
      const t = this.#traits[e]!;
      const usual = [t.requestsPerS, t.latencyMs, t.errorRatio, t.cpuPeak, t.residentBytes, t.queuePeak];
      for (let c = 0; c < usual.length; c++) values[e * METRICS.length + c] = usual[c]! * (1 + 0.05 * random.normal());
    }
  }
}

const traitsOf = (random: Random): Traits => ({
  phaseMs: (random.next() - 0.5) * 3 * HOUR_MS,
  requestsPerS: 60 * exp2(3 * random.next()),
  latencyMs: 8 * exp2(3 * random.next()),
  errorRatio: 0.0004 * exp2(2 * random.next()),
  cpuIdle: 6 + 6 * random.next(),
  cpuPeak: 30 + 30 * random.next(),
  residentBytes: 300 * MB * exp2(3 * random.next()),
  queuePeak: 2 * exp2(2 * random.next()),
});
