import { type StreamConfig, streamConfig } from '../../core/config/stream.ts';
import { Random } from '../../core/random.ts';
import type { Sample } from '../../core/types.ts';
import { type EntityModel, loadModel, type StreamModel } from '../../detector/model.ts';
import { trainArtifact } from '../../detector/offline.ts';
import type { TrainingRow } from '../../detector/ports.ts';
import type { Decoder } from '../../ingest/ports.ts';

const NOISE = 1 << 16;
const STEP_MS = 1000;
export const WINDOW_MS = 10_000;
export const START_MS = 1_800_000_000_000;

/**
 * A fleet whose entities report all their metrics every second: around a level of their own, each metric follows its
 * stretch of one autoregressive noise. Any value can be computed at any time, so nothing has to be kept.
 */
export class Fleet {
  readonly names: string[];
  readonly entities: string[];
  readonly #noise = new Float64Array(NOISE);

  constructor(entities: number, metrics: number, seed = 1) {
    const random = new Random(seed);
    this.names = Array.from({ length: metrics }, (_, m) => `metric_${m}`);
    // The order of arrival is not the order of names.
    this.entities = Array.from(
      { length: entities },
      (_, e) => `host-${(Math.imul(e, 0x9e3779b1) >>> 0).toString(36)}-${e}`,
    );
    let x = 0;
    for (let i = 0; i < NOISE; i++) {
      x = 0.9 * x + random.normal();
      this.#noise[i] = x;
    }
  }

  /** The noise that all values are stretches of. */
  get noise(): Float64Array {
    return this.#noise;
  }

  /** Value of a metric at a second. */
  value(entity: number, metric: number, second: number): number {
    const at = (Math.imul(entity * 64 + metric, 0x9e3779b1) + second) & (NOISE - 1);
    return 100 + (entity % 50) + metric + this.#noise[at]!;
  }

  /** Means of the windows before the start, as a fold would have made them. */
  *trainingRows(windows: number): Generator<TrainingRow> {
    const features = this.names.map((name) => `${name}__mean__10s`).sort();
    const order = features.map((feature) => this.names.indexOf(feature.split('__')[0]!));
    const seconds = WINDOW_MS / STEP_MS;
    for (const [e, entity] of this.entities.entries()) {
      for (let w = -windows; w < 0; w++) {
        const values = new Float64Array(features.length);
        for (const [c, metric] of order.entries()) {
          let sum = 0;
          for (let s = 0; s < seconds; s++) sum += this.value(e, metric, w * seconds + s);
          values[c] = sum / seconds;
        }
        yield { entity, windowStartMs: START_MS + w * WINDOW_MS, features, values };
      }
    }
  }
}

/** A decoder without decoding: hands over the one sample that the load has filled in, as a decoder with reused arrays does. */
export class PreparedSamples {
  readonly sample: Sample;
  readonly #fleet: Fleet;
  readonly decoder: Decoder = (_value, _appendMs, sink) => sink.sample(this.sample);

  constructor(fleet: Fleet) {
    this.#fleet = fleet;
    this.sample = { entity: '', timeMs: 0, names: fleet.names, values: fleet.names.map(() => 0.5) };
  }

  fill(entity: number, second: number): void {
    const { sample } = this;
    const fleet = this.#fleet;
    sample.entity = fleet.entities[entity]!;
    sample.timeMs = START_MS + second * STEP_MS;
    for (let m = 0; m < sample.values.length; m++) sample.values[m] = fleet.value(entity, m, second);
  }
}

/** The shipped defaults. */
export const defaultStream = (): StreamConfig => streamConfig.parse({ name: 'bench' });

export interface TrainedFleet {
  model: StreamModel;
  artifact: Uint8Array;
  trainMs: number;
  cross: boolean;
}

/** A model of the fleet's first `own` entities; the others have copies of their profiles, each in memory of its own. */
export function trainFleet(fleet: Fleet, config: StreamConfig, windows: number, own: number): TrainedFleet {
  const some = new Fleet(Math.min(own, fleet.entities.length), fleet.names.length);
  const started = performance.now();
  const trained = trainArtifact(some.trainingRows(windows), config);
  if (!trained.ok) throw new Error(trained.fault.detail);
  const trainMs = performance.now() - started;
  const { artifact, summary } = trained.value;
  const model = loaded(artifact);
  const entities = new Map<string, EntityModel>();
  for (let e = 0; e < fleet.entities.length; e += own) {
    const copies = [...(e === 0 ? model : loaded(artifact)).entities.values()];
    const byName = new Map([...model.entities.keys()].map((name, i) => [name, copies[i]!]));
    for (let i = 0; i < own && e + i < fleet.entities.length; i++)
      entities.set(fleet.entities[e + i]!, byName.get(some.entities[i]!)!);
  }
  return { model: { ...model, entities }, artifact, trainMs, cross: summary.cross };
}

function loaded(artifact: Uint8Array): StreamModel {
  const model = loadModel(artifact);
  if (!model.ok) throw new Error(model.fault.detail);
  return model.value;
}
