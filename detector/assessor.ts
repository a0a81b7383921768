import type { ServingMode } from '../core/types.ts';
import { nextExcess } from './alarm-threshold.ts';
import { Assessment } from './assessment.ts';
import type { EntityState } from './entity-state.ts';
import type { Row } from './forecast.ts';
import { hasGap } from './gaps.ts';
import type { Lane } from './lane.ts';
import { assessRobustZ } from './robust-z.ts';
import type { ServedModel } from './served-model.ts';

/**
 * Judges rows by whatever one model has for their entity now: the forest over its profile, the robust z of its profile, or
 * its own past, with or without the forest that its stream trained by itself.
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
    entity: EntityState,
    lane: Lane,
    values: Float64Array,
    startMs: number,
    mode: ServingMode,
    served: ServedModel,
  ): Assessment {
    const out = this.#out;
    out.reset(values.length);
    if (lane.forest === null) this.#byOwnPast(entity, lane, values, startMs, mode, served);
    else this.#byProfile(lane, values, mode);
    out.severity = out.decades / (served.alertDecades + lane.thresholdExcess);
    const leniency = served.leniency(entity.name, out, entity.schema.metrics, values);
    if (leniency > 1) out.severity /= leniency;
    lane.thresholdExcess = nextExcess(lane.thresholdExcess, out.severity > 1);
    return out;
  }

  #byOwnPast(
    { schema }: EntityState,
    lane: Lane,
    values: Float64Array,
    startMs: number,
    mode: ServingMode,
    served: ServedModel,
  ): void {
    const out = this.#out;
    const { model } = served;
    const online = mode === 'forest' && model?.evidence === 'online' ? model : null;
    lane.fallback!.assess(values, startMs, this.#hopMs, out, online);
    out.source = online === null || out.failed ? 'fallback' : 'forest';
    if (model !== null) lane.learn(served, schema.names, values, this.#rows);
  }

  #byProfile(lane: Lane, values: Float64Array, mode: ServingMode): void {
    const out = this.#out;
    const { map, gaps } = lane;
    const forest = lane.forest!;
    const target = map === null ? out : this.#mapped;
    let row = values;
    if (map !== null) {
      target.reset(map.length);
      row = Float64Array.from(map, (at) => (at < 0 ? Number.NaN : values[at]!));
    }
    // It sees the row in any case, so that its histories are whole when it serves again.
    forest.assess(row, target);
    const { failed } = target;
    const gap = gaps !== null && hasGap(gaps, row);
    const fallback = mode !== 'forest' || failed || gap;
    if (fallback) {
      target.reset(row.length);
      assessRobustZ(forest.entity.profile, row, target);
    }
    if (map !== null) scatter(target, map, out);
    if (lane.baseline !== null) out.probation = true;
    out.warm = forest.warm;
    out.source = fallback ? 'fallback' : 'forest';
    out.failed = failed && mode === 'forest';
    out.gap = gap;
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
