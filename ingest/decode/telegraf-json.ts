import { isUtf8 } from 'node:buffer';
import type { ErrorCode, Fault } from '../../core/errors.ts';
import type { Sample } from '../../core/types.ts';
import type { Decoder, DecodeSink, PointAt } from '../ports.ts';
import { finiteJson, parseJson } from './json.ts';
import { MAX_RECORD_BYTES, MAX_TAGS, quoted } from './limits.ts';
import { badName, isForbiddenKey, isName } from './names.ts';
import { type Precision, timeOfNumber } from './time.ts';

export interface TelegrafOptions {
  /** Tags that name the entity; the first one present wins. */
  entityTags: readonly string[];
  /** Unit of `timestamp`, as json_timestamp_units of Telegraf says it. */
  timestampUnit: Precision;
}

type Fields = Readonly<Record<string, unknown>>;
const MS_PER_UNIT: Record<Precision, number> = { ns: 1e-6, us: 1e-3, ms: 1, s: 1000 };

/**
 * JSON as Telegraf's serializer writes it: `{"name","tags","fields","timestamp"}`, or `{"metrics":[…]}` of such
 * objects. Names become metrics as those of line protocol do. A field that is no finite number or boolean is one fault,
 * a text is none: it is no measurement. The sample is reused.
 */
export function telegrafJsonDecoder(options: TelegrafOptions): Decoder {
  const decoder = new TelegrafJson(options);
  return (value, _appendMs, sink) => decoder.decode(value, sink);
}

class TelegrafJson {
  readonly #o: TelegrafOptions;
  readonly #sample: Sample = { entity: '', timeMs: 0, names: [], values: [] };
  #sink!: DecodeSink;
  /** What is known of a metric that is unusable: nothing of a batch's, and of a single one that it is the record. */
  #part: PointAt | undefined;

  constructor(options: TelegrafOptions) {
    this.#o = options;
  }

  decode(value: Uint8Array, sink: DecodeSink): void {
    this.#sink = sink;
    this.#part = undefined;
    if (value.length === 0) return this.#fault('record_empty', 'no bytes');
    if (value.length > MAX_RECORD_BYTES)
      return this.#fault('record_too_large', `${value.length} bytes, at most ${MAX_RECORD_BYTES}`);
    if (!isUtf8(value)) return this.#fault('record_not_utf8', `${value.length} bytes`);
    const text = Buffer.from(value.buffer, value.byteOffset, value.length).toString('utf8');
    const json = parseJson(text);
    const parsed = json.ok ? json : parseJson(finiteJson(text));
    if (!parsed.ok) return this.#fault(parsed.why, `starts with ${quoted(text)}`);
    const fields = fieldsOf(parsed.value);
    const batch = fields !== null && Object.hasOwn(fields, 'metrics') ? fields.metrics : null;
    if (batch === null) return this.#metric(parsed.value);
    if (!Array.isArray(batch)) return this.#fault('record_shape', 'metrics is no list');
    if (batch.length === 0) return this.#fault('record_empty', 'an empty list');
    this.#part = {};
    for (const metric of batch) this.#metric(metric);
  }

  #metric(json: unknown): void {
    const metric = fieldsOf(json);
    const fields = fieldsOf(metric?.fields);
    const tags = fieldsOf(metric?.tags ?? {});
    if (metric === null || fields === null || tags === null || typeof metric.name !== 'string')
      return this.#fault('record_shape', 'wanted an object with "name", "tags", "fields" and "timestamp"', this.#part);
    const { entityTags, timestampUnit } = this.#o;
    const tag = entityTags.find((wanted) => Object.hasOwn(tags, wanted) && tags[wanted] !== '');
    if (tag === undefined)
      return this.#fault('entity_missing', `none of the tags ${entityTags.join(', ')}`, this.#part);
    const entity = String(tags[tag]);
    if (!isName(entity)) return this.#sink.fault(badName('entity', entity, ''), this.#part);
    const { timestamp } = metric;
    const timeMs = typeof timestamp === 'number' ? timeOfNumber(timestamp * MS_PER_UNIT[timestampUnit]) : Number.NaN;
    if (Number.isNaN(timeMs))
      return this.#fault('time_invalid', `timestamp of ${quoted(metric.name)}`, this.#part && { entity });
    const suffix = suffixOf(tags, tag);
    if (typeof suffix !== 'string') return this.#sink.fault(suffix, this.#part && { entity, timeMs });
    this.#fields(metric.name, suffix, fields, entity, timeMs);
    if (this.#sample.names.length === 0) return;
    this.#sample.entity = entity;
    this.#sample.timeMs = timeMs;
    this.#sink.sample(this.#sample);
  }

  #fields(metric: string, suffix: string, fields: Fields, entity: string, timeMs: number): void {
    const { names, values } = this.#sample;
    names.length = values.length = 0;
    for (const [field, value] of Object.entries(fields)) {
      const name = (field === 'value' ? metric : `${metric}_${field}`) + suffix;
      if (typeof value === 'string') continue;
      if (isForbiddenKey(field) || isForbiddenKey(metric))
        this.#fault('key_forbidden', `the field ${quoted(name)}`, { entity, timeMs });
      else if (!isName(name)) this.#sink.fault(badName('metric', name, ''), { entity, timeMs });
      else if (typeof value === 'boolean') {
        names.push(name);
        values.push(value ? 1 : 0);
      } else if (typeof value !== 'number')
        this.#fault('value_not_number', quoted(name), { entity, metric: name, timeMs });
      else if (!Number.isFinite(value)) this.#fault('value_not_finite', quoted(name), { entity, metric: name, timeMs });
      else {
        names.push(name);
        values.push(value);
      }
    }
  }

  #fault(code: ErrorCode, detail: string, at?: PointAt): void {
    this.#sink.fault({ code, detail }, at);
  }
}

/** The other tags, sorted: `{cpu=cpu0}`. */
function suffixOf(tags: Fields, entityTag: string): string | Fault {
  const pairs: string[] = [];
  for (const [tag, value] of Object.entries(tags)) {
    if (isForbiddenKey(tag)) return { code: 'key_forbidden', detail: `the tag ${tag}` };
    if (typeof value === 'object') return { code: 'record_shape', detail: `the tag ${quoted(tag)} is no text` };
    if (tag !== entityTag) pairs.push(`${tag}=${String(value)}`);
  }
  if (pairs.length > MAX_TAGS) return { code: 'record_shape', detail: `more than ${MAX_TAGS} tags` };
  return pairs.length === 0 ? '' : `{${pairs.sort().join(',')}}`;
}

function fieldsOf(json: unknown): Fields | null {
  return typeof json === 'object' && json !== null && !Array.isArray(json) ? (json as Fields) : null;
}
