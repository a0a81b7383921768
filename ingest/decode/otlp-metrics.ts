import type { ErrorCode, Fault } from '../../core/errors.ts';
import type { Sample } from '../../core/types.ts';
import { addDistribution } from '../distribution.ts';
import type { Cumulative, DecodeSink, PointAt } from '../ports.ts';
import { distribution, MAX_BUCKETS, type Totals } from './buckets.ts';
import { quoted } from './limits.ts';
import { ownerOf } from './otlp-resource.ts';
import { doubleOf, type Fields, fieldsOf, has, integerOf, listOf, millisOf, seriesName } from './otlp-values.ts';

const NO_RECORDED_VALUE = 1;
const DELTA = new Set<unknown>([1, 'AGGREGATION_TEMPORALITY_DELTA']);
const CUMULATIVE = new Set<unknown>([2, 'AGGREGATION_TEMPORALITY_CUMULATIVE']);
const KINDS = ['gauge', 'sum', 'histogram', 'exponentialHistogram', 'summary'] as const;
type Kind = (typeof KINDS)[number];
type Owner = { entity: string; source: string } | Fault;

/** One data point on its way, and the metric it is of. */
interface Point {
  fields: Fields;
  name: string;
  timeMs: number;
}

/**
 * Data points of an ExportMetricsServiceRequest, from Protobuf or JSON: docs/reference/formats.md says what becomes of
 * each kind. Points of one entity and time go out as one sample, which is reused. A fault stands for one data point.
 */
export class OtlpMetrics {
  readonly #entityTags: readonly string[];
  readonly #sample: Sample = { entity: '', timeMs: 0, names: [], values: [] };
  #sink!: DecodeSink;

  constructor(entityTags: readonly string[]) {
    this.#entityTags = entityTags;
  }

  request(request: Fields, sink: DecodeSink): void {
    this.#sink = sink;
    for (const resource of this.#each(request.resourceMetrics, 'resourceMetrics')) {
      const owner = ownerOf(resource.resource, this.#entityTags);
      for (const scope of this.#each(resource.scopeMetrics, 'scopeMetrics'))
        for (const metric of this.#each(scope.metrics, 'metrics')) this.#metric(metric, owner);
      this.#flush();
    }
  }

  #metric(metric: Fields, owner: Owner): void {
    const kind = KINDS.find((k) => has(metric, k));
    const data = kind && fieldsOf(metric[kind]);
    // A kind that is newer than this code, or none: there is no telling how many points it has.
    if (!kind || !data)
      return this.#fault('record_shape', `the metric ${quoted(String(metric.name))} has no data`, ownedBy(owner));
    for (const fields of this.#each(data.dataPoints, 'dataPoints')) {
      if ((integerOf(fields.flags) & NO_RECORDED_VALUE) !== 0) continue;
      const point = this.#point(metric, fields, owner);
      if ('code' in point) this.#sink.fault(point, ownedBy(owner));
      else if (!('code' in owner)) this.#measure(kind, data, point, owner);
    }
  }

  #point(metric: Fields, fields: Fields, owner: Owner): Point | Fault {
    if ('code' in owner) return owner;
    const name = seriesName(typeof metric.name === 'string' ? metric.name : '', fields.attributes);
    if (typeof name !== 'string') return name;
    const timeMs = millisOf(fields.timeUnixNano);
    if (!(timeMs > 0)) return { code: 'time_invalid', detail: `timeUnixNano of ${quoted(name)}` };
    return { fields, name, timeMs };
  }

  #measure(kind: Kind, data: Fields, point: Point, owner: { entity: string; source: string }): void {
    const { name, fields } = point;
    const temporality = data.aggregationTemporality;
    const cumulative = kind === 'summary' || CUMULATIVE.has(temporality);
    if (!cumulative && kind !== 'gauge' && !DELTA.has(temporality))
      return this.#fault('record_shape', `${quoted(name)} is neither delta nor cumulative`, placeOf(point, owner));
    const counts = kind === 'gauge' || kind === 'sum' ? numberOf(name, fields) : distributionOf(name, fields, kind);
    if ('code' in counts) return this.#sink.fault(counts, placeOf(point, owner));
    const { bounds, totals } = counts;
    const gauge = kind === 'gauge' || (kind === 'sum' && data.isMonotonic !== true);
    if (cumulative && !gauge) return this.#cumulative(point, bounds, totals, owner);
    const { names, values } = this.#at(owner.entity, point.timeMs);
    if (bounds !== null) return addDistribution({ names, values }, name, totals, bounds, 1);
    names.push(name);
    values.push(totals[0]!);
  }

  #cumulative(
    point: Point,
    bounds: Cumulative['bounds'],
    totals: readonly number[],
    owner: { entity: string; source: string },
  ) {
    const startMs = millisOf(point.fields.startTimeUnixNano);
    if (Number.isNaN(startMs))
      return this.#fault('time_invalid', `startTimeUnixNano of ${quoted(point.name)}`, placeOf(point, owner));
    this.#sink.cumulative({ ...owner, timeMs: point.timeMs, startMs, metric: point.name, bounds, totals });
  }

  /** The sample of that entity and time; what was gathered for another one goes out first. */
  #at(entity: string, timeMs: number): Sample {
    const sample = this.#sample;
    if (sample.entity !== entity || sample.timeMs !== timeMs) this.#flush();
    sample.entity = entity;
    sample.timeMs = timeMs;
    return sample;
  }

  #flush(): void {
    const { names, values } = this.#sample;
    if (names.length > 0) this.#sink.sample(this.#sample);
    names.length = values.length = 0;
  }

  *#each(value: unknown, what: string): Generator<Fields> {
    const list = listOf(value);
    if (list === null) return this.#fault('record_shape', `${what} is no list`);
    for (const item of list) {
      const fields = fieldsOf(item);
      if (fields === null) this.#fault('record_shape', `an item of ${what} is no object`);
      else yield fields;
    }
  }

  /** Of a request, nothing but its bytes is a whole: without more, nothing is known of the point. */
  #fault(code: ErrorCode, detail: string, at: PointAt = {}): void {
    this.#sink.fault({ code, detail }, at);
  }
}

const ownedBy = (owner: Owner): PointAt => ('code' in owner ? {} : { entity: owner.entity });
const placeOf = ({ name, timeMs }: Point, { entity }: { entity: string }): PointAt => ({
  entity,
  metric: name,
  timeMs,
});

function numberOf(name: string, fields: Fields): Totals | Fault {
  const isInt = has(fields, 'asInt');
  const value = isInt ? integerOf(fields.asInt) : has(fields, 'asDouble') ? doubleOf(fields.asDouble) : null;
  if (value === null || (isInt && Number.isNaN(value)))
    return { code: 'value_not_number', detail: `${quoted(name)} has no number` };
  if (!Number.isFinite(value)) return { code: 'value_not_finite', detail: quoted(name) };
  return { bounds: null, totals: [value] };
}

/** Only explicit buckets are kept: those of exponential histograms move, and quantiles of a summary are of its whole life. */
function distributionOf(name: string, fields: Fields, kind: Kind): Totals | Fault {
  // A summary always has a sum; on the wire a zero is left out. A histogram's may be absent.
  const given = has(fields, 'sum') || kind === 'summary';
  const sum = given ? (doubleOf(fields.sum ?? 0) ?? Number.NaN) : null;
  const count = integerOf(fields.count);
  if (kind !== 'histogram') return distribution(name, count, sum, [], []);
  const buckets = listOf(fields.bucketCounts);
  const bounds = listOf(fields.explicitBounds);
  if (buckets === null || bounds === null || buckets.length > MAX_BUCKETS || bounds.length > MAX_BUCKETS)
    return { code: 'record_shape', detail: `${quoted(name)} has no list of at most ${MAX_BUCKETS} buckets` };
  const limits = buckets.length === 0 ? [] : bounds.map((bound) => doubleOf(bound) ?? Number.NaN);
  return distribution(name, count, sum, limits, buckets.map(integerOf));
}
