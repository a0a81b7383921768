import type { StreamConfig } from '../../core/config/stream.ts';
import { Assessment } from '../../detector/assessment.ts';
import { FallbackScorer } from '../../detector/fallback.ts';
import type { Row } from '../../detector/forecast.ts';
import { ForestScorer } from '../../detector/forest-scorer.ts';
import { type EntityModel, featureKey, type StreamModel } from '../../detector/model.ts';
import { PeerBaseline } from '../../detector/peer-baseline.ts';
import { ServedModel } from '../../detector/served-model.ts';
import { parseFeatureName } from '../../ingest/feature-name.ts';
import type { EntityWindows } from './entity-windows.ts';

type Rows = Pick<EntityWindows, 'entity' | 'features' | 'startsMs' | 'values' | 'warmUp'>;

/** Takes the time of one scored row: elapsed milliseconds. */
export type Stopwatch = { elapsed(): number; took(ms: number): void };

/**
 * Decades of every judged row (row warmUp first) by a model, through the scorers that serve: the entity's profile, that
 * of its peers once it has settled, or the entity's own past.
 */
export class Judge {
  readonly #model: StreamModel;
  readonly #served: ServedModel;
  readonly #hopMs: number;
  readonly #memory = new Map<number, Row>();
  readonly #out = new Assessment();

  /** knots: of the combined score, in force in place of the model's own. */
  constructor(model: StreamModel, { window, detector }: StreamConfig, knots?: readonly number[]) {
    this.#model = model;
    this.#served = new ServedModel('', model, detector.alertRate);
    if (knots !== undefined) this.#served.combined = Float64Array.from(knots);
    this.#hopMs = window.hopMs;
  }

  decades(rows: Rows, watch?: Stopwatch): Float64Array {
    const n = rows.features.length;
    const assess = this.#scorerOf(rows);
    const count = rows.startsMs.length;
    const decades = new Float64Array(count - rows.warmUp);
    for (let i = 0; i < count; i++) {
      const values = rows.values.subarray(i * n, (i + 1) * n);
      const startedMs = watch?.elapsed() ?? 0;
      const found = assess(values, rows.startsMs[i]!);
      watch?.took(watch.elapsed() - startedMs);
      if (i >= rows.warmUp) decades[i - rows.warmUp] = found;
    }
    return decades;
  }

  #scorerOf({ entity, features }: Rows): (values: Float64Array, startMs: number) => number {
    const own = this.#model.entities.get(entity);
    if (own !== undefined) return this.#byProfile(own, features);
    const fallback = this.#byOwnPast(features);
    const peer = this.#model.peers.get(featureKey(features));
    if (peer === undefined) return fallback;
    const baseline = new PeerBaseline(peer);
    let forest: ((values: Float64Array) => number) | null = null;
    return (values, startMs) => {
      if (forest !== null) return forest(values);
      const adapted = baseline.learn(values);
      if (adapted !== null) forest = this.#byProfile(adapted, features);
      return fallback(values, startMs);
    };
  }

  #byProfile(entity: EntityModel, features: readonly string[]): (values: Float64Array) => number {
    const wanted = entity.profile.features;
    const same = wanted.length === features.length && wanted.every((name, c) => name === features[c]);
    const map = same ? null : wanted.map((name) => features.indexOf(name));
    const scorer = new ForestScorer(this.#served, entity, this.#memory);
    const out = this.#out;
    return (values) => {
      const row = map === null ? values : Float64Array.from(map, (at) => (at < 0 ? Number.NaN : values[at]!));
      out.reset(wanted.length);
      scorer.assess(row, out);
      return out.decades;
    };
  }

  #byOwnPast(features: readonly string[]): (values: Float64Array, startMs: number) => number {
    const scorer = new FallbackScorer(features.map((name) => parseFeatureName(name).context));
    const model = this.#model.evidence === 'online' ? this.#model : null;
    const out = this.#out;
    return (values, startMs) => {
      out.reset(values.length);
      scorer.assess(values, startMs, this.#hopMs, out, model);
      return out.decades;
    };
  }
}
