import { type StreamConfig, streamConfig } from '../../core/config/stream.ts';
import { Random } from '../../core/random.ts';
import type { Sample } from '../../core/types.ts';
import { mix } from '../draw.ts';
import { DelayLine } from '../faults/delay.ts';
import type { SampleSink } from '../sink.ts';
import { active, conditionsAt, type MonitorFault, newcomersAt, strike } from './faults.ts';
import type { Telemetry } from './telemetry.ts';

const TRANSIT_DRAWS = 0x5452414e;

/** A Monday. */
export const WORLD_START_MS = Date.UTC(2026, 0, 5);

/** With six windows an hour, nine days are what a model of a new normal takes: what asks for one waits as long. */
const NEW_NORMAL = { for: '9d' };
const WAITS = { psi_drift: NEW_NORMAL, psi_top_features: NEW_NORMAL, drift: NEW_NORMAL, quality_fallen: NEW_NORMAL };

/** Windows of ten minutes: a month is a few thousand of them, and a grain six. */
export function worldConfig(name: string, policy: Record<string, unknown> = {}): StreamConfig {
  return streamConfig.parse({
    name,
    window: { size: '10m', allowedLateness: '10m' },
    profile: { interval: '1d', grain: '1h' },
    training: { minWindows: 128 },
    // a fleet of a dozen has few windows an hour: with fewer alerts a canary would take weeks
    detector: { alertRate: 0.005 },
    policy: { ...policy, triggers: { ...WAITS, ...(policy.triggers as object | undefined) } },
  });
}

export interface WorldOptions {
  telemetry: Telemetry;
  faults: readonly MonitorFault[];
  seed: number;
  startMs: number;
}

/** A fleet in event time with its faults: each step sends one period of all entities. A function of its options. */
export class World {
  readonly #o: WorldOptions;
  readonly #values: Float64Array;
  readonly #means: Float64Array;
  readonly #m2: Float64Array;
  readonly #sds: Float64Array;
  readonly #delayed = new DelayLine();
  #steps = 0;
  /** Points sent so far. */
  points = 0;

  constructor(options: WorldOptions) {
    this.#o = options;
    const { entities, metrics } = options.telemetry;
    const cells = entities.length * metrics.length;
    this.#values = new Float64Array(cells);
    this.#means = new Float64Array(cells);
    this.#m2 = new Float64Array(cells);
    this.#sds = new Float64Array(cells);
  }

  /** Event time of the next step. */
  get timeMs(): number {
    return this.#o.startMs + this.#steps * this.#o.telemetry.periodMs;
  }

  get periodMs(): number {
    return this.#o.telemetry.periodMs;
  }

  step(sink: SampleSink): void {
    const { telemetry, faults, seed } = this.#o;
    const { timeMs } = this;
    const { periodMs, metrics, entities } = telemetry;
    const values = this.#values;
    telemetry.read(timeMs, conditionsAt(faults, timeMs), values);
    this.#steps++;
    this.#learn();
    const means = this.#means;
    const sds = this.#sds;
    strike(faults, seed, { timeMs, periodMs, metrics, entities: entities.length, values, means, sds });
    this.#delayed.release(timeMs, sink);
    const random = new Random(mix(seed, TRANSIT_DRAWS, this.#steps));
    for (let e = 0; e < entities.length; e++) this.#send(entities[e]!, e, null, random, sink);
    const copies = newcomersAt(faults, seed, timeMs, entities.length, metrics.length);
    for (const [k, copy] of copies.entries()) this.#send(`new-${k + 1}`, copy.of, copy.factors, random, sink);
  }

  #send(entity: string, row: number, factors: Float64Array | null, random: Random, sink: SampleSink): void {
    const { telemetry, faults } = this.#o;
    const { metrics, periodMs } = telemetry;
    const timeMs = this.timeMs - periodMs;
    let copies = 1;
    let delayMs = 0;
    let lost = false;
    for (const fault of faults) {
      if (!active(fault, timeMs)) continue;
      if (fault.kind === 'volume') copies *= fault.factor;
      else if (fault.kind === 'silence') lost = random.next() < fault.share || lost;
      else if (fault.kind === 'delay' && random.next() < fault.share) delayMs = fault.byMs;
    }
    if (lost) return;
    for (let i = 0; i < copies; i++) {
      const sample: Sample = { entity, timeMs: timeMs + Math.floor((i * periodMs) / copies), names: [], values: [] };
      for (let c = 0; c < metrics.length; c++) {
        const value = this.#values[row * metrics.length + c]!;
        if (Number.isNaN(value)) continue;
        sample.names.push(metrics[c]!);
        sample.values.push(factors === null ? value : value * factors[c]!);
      }
      if (delayMs > 0) this.#delayed.hold(sample, timeMs + delayMs, sink);
      else if (sample.names.length > 0) sink.sample(sample);
      this.points += sample.names.length;
    }
  }

  /** Running standard deviations of what the world is without faults (Welford 1962). */
  #learn(): void {
    for (let k = 0; k < this.#values.length; k++) {
      const x = this.#values[k]!;
      if (Number.isNaN(x)) continue;
      const d = x - this.#means[k]!;
      this.#means[k]! += d / this.#steps;
      this.#m2[k]! += d * (x - this.#means[k]!);
      this.#sds[k] = Math.sqrt(this.#m2[k]! / this.#steps);
    }
  }
}
