import type { ServingMode, Source } from '../core/types.ts';
import { Assessment } from './assessment.ts';
import type { EntityState } from './entity-state.ts';
import type { Row } from './forecast.ts';
import type { StreamModel } from './model.ts';
import { assessRobustZ } from './robust-z.ts';

/**
 * Judges rows by whatever serves their entity now: the forest over its profile, the robust z of its profile, or its own
 * past, with or without the forest that its stream trained by itself.
 */
export class Assessor {
  readonly #hopMs: number;
  readonly #rows: Map<number, Row>;
  readonly #out = new Assessment();
  readonly #mapped = new Assessment();

  constructor(hopMs: number, rows: Map<number, Row>) {
    this.#hopMs = hopMs;
    this.#rows = rows;
  }

  /** values in the order of the entity's schema; the result is valid until the next call. */
  assess(
    state: EntityState,
    values: Float64Array,
    startMs: number,
    mode: ServingMode,
    model: StreamModel | null,
  ): Assessment {
    const out = this.#out;
    out.reset(values.length);
    const { forest, map } = state;
    if (forest === null) {
      const online = mode === 'forest' && model?.evidence === 'online' ? model : null;
      out.source = online === null ? 'fallback' : 'forest';
      state.fallback!.assess(values, startMs, this.#hopMs, out, online);
      if (model !== null) state.learn(model, values, this.#rows);
      return out;
    }
    const source: Source = mode === 'forest' ? 'forest' : 'fallback';
    const target = map === null ? out : this.#mapped;
    let row = values;
    if (map !== null) {
      target.reset(map.length);
      row = Float64Array.from(map, (at) => (at < 0 ? Number.NaN : values[at]!));
    }
    forest.assess(row, target);
    if (source === 'fallback') {
      target.reset(row.length);
      assessRobustZ(forest.entity.profile, row, target);
    }
    if (map !== null) scatter(target, map, out);
    if (state.baseline !== null) out.probation = true;
    out.source = source;
    return out;
  }
}

function scatter(from: Assessment, map: Int32Array, to: Assessment): void {
  to.score = from.score;
  to.decades = from.decades;
  to.probation = from.probation;
  for (let i = 0; i < map.length; i++) {
    const at = map[i]!;
    if (at < 0) continue;
    to.weights[at] = from.weights[i]!;
    to.low[at] = from.low[i]!;
    to.high[at] = from.high[i]!;
  }
}
