import { isUtf8 } from 'node:buffer';
import type { ErrorCode } from '../../core/errors.ts';
import type { LogEvent, Sample } from '../../core/types.ts';
import type { Decoder, DecodeSink, PointAt } from '../ports.ts';
import { finiteJson, parseJson } from './json.ts';
import { MAX_DEPTH, MAX_RECORD_BYTES, quoted } from './limits.ts';
import { badName, isForbiddenKey, isName } from './names.ts';
import { PlainRecords } from './tidewatch-plain.ts';
import { timeOfNumber, timeOfText } from './time.ts';
import { readTotal, readWriter } from './totals.ts';

/**
 * Tidewatch JSON: an object `{"entity","time","values":{metric: number}}` or `{"entity","time","level","body"}` or
 * `{"entity","time","totals"}`, a list
 * of such objects, or one object a line. docs/reference/formats.md has the rules. What cannot be read of an object is
 * one fault for each bad measurement, or one for the object. The sample handed to the sink is reused.
 */
export function tidewatchJsonDecoder(): Decoder {
  const decoder = new TidewatchJson();
  return (value, _appendMs, sink) => decoder.decode(value, sink);
}

class TidewatchJson {
  readonly #sample: Sample = { entity: '', timeMs: 0, names: [], values: [] };
  readonly #plain = new PlainRecords();
  #sink!: DecodeSink;
  /** Put before each message: the line or the item of a list, '' for a single object. */
  #where = '';

  decode(value: Uint8Array, sink: DecodeSink) {
    const bytes = Buffer.isBuffer(value) ? value : Buffer.from(value.buffer, value.byteOffset, value.length);
    if (bytes.length <= MAX_RECORD_BYTES && this.#plain.read(bytes, this.#sample)) return sink.sample(this.#sample);
    this.#sink = sink;
    this.#where = '';
    if (value.length === 0) return this.#fault('record_empty', 'no bytes');
    if (value.length > MAX_RECORD_BYTES) {
      return this.#fault('record_too_large', `${value.length} bytes, at most ${MAX_RECORD_BYTES}`);
    }
    if (!isUtf8(value)) return this.#fault('record_not_utf8', `${value.length} bytes`);
    const text = bytes.toString('utf8');
    const json = parseJson(text);
    if (json.ok) this.#top(json.value);
    else this.#mend(text, json.why);
  }

  /** Whole text no JSON: it may be one object a line, or hold NaN and Infinity as some encoders write them. */
  #mend(text: string, why: ErrorCode) {
    const bare = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
    if (bare.trim() === '') return this.#fault('record_empty', 'only white space');
    const whole = parseJson(finiteJson(bare));
    if (whole.ok) return this.#top(whole.value);
    if (!this.#lines(bare)) this.#fault(why, `starts with ${quoted(bare)}`);
  }

  /** False when no line is an object: then this is something else, and one fault says it. */
  #lines(text: string): boolean {
    const lines = text.split('\n');
    if (lines.length < 2) return false;
    const parsed = lines.map((line) => (line.trim() === '' ? null : parseJson(finiteJson(line))));
    if (!parsed.some((line) => line?.ok && typeof line.value === 'object' && line.value !== null)) return false;
    for (const [i, line] of parsed.entries()) {
      if (line === null) continue;
      this.#where = `line ${i + 1}: `;
      if (line.ok) this.#object(line.value);
      else this.#fault(line.why, `starts with ${quoted(lines[i]!)}`, {});
    }
    return true;
  }

  #top(json: unknown) {
    if (!Array.isArray(json)) return this.#object(json);
    if (json.length === 0) return this.#fault('record_empty', 'an empty list');
    for (let i = 0; i < json.length; i++) {
      this.#where = `item ${i + 1}: `;
      this.#object(json[i]);
    }
  }

  #object(json: unknown) {
    if (json === null) return this.#objectFault('record_empty', 'null');
    if (typeof json !== 'object' || Array.isArray(json)) {
      return this.#objectFault('record_shape', `wanted an object, got ${kindOf(json)}`);
    }
    const fields = json as Record<string, unknown>;
    let entity: unknown;
    let time: unknown;
    let values: unknown;
    let level: unknown;
    let body: unknown;
    let totals: unknown;
    for (const key in fields) {
      if (key === 'entity') entity = fields[key];
      else if (key === 'time') time = fields[key];
      else if (key === 'values') values = fields[key];
      else if (key === 'body') body = fields[key];
      else if (key === 'level') level = fields[key];
      else if (isForbiddenKey(key)) return this.#objectFault('key_forbidden', key);
      else if (key === 'totals') totals = fields[key];
      else if (!this.#harmless(fields[key], this.#part())) return;
    }
    if (entity === undefined || entity === null) return this.#objectFault('entity_missing', 'no field "entity"');
    if (typeof entity !== 'string')
      return this.#objectFault('record_shape', `entity is ${kindOf(entity)}, wanted text`);
    if (!isName(entity)) return this.#badName('entity', entity, this.#part());
    const timeMs =
      typeof time === 'number' ? timeOfNumber(time) : typeof time === 'string' ? timeOfText(time) : Number.NaN;
    if (Number.isNaN(timeMs)) {
      const seen = time === undefined ? 'missing' : typeof time === 'string' ? quoted(time) : kindOf(time);
      return this.#objectFault('time_invalid', `time is ${seen}`, { entity });
    }
    if (values === undefined && body === undefined && totals === undefined) {
      return this.#objectFault('record_shape', 'neither "values" nor "totals" nor "body"', { entity, timeMs });
    }
    if (values !== undefined) this.#values(entity, timeMs, values);
    if (totals !== undefined) this.#totals(entity, timeMs, totals, fields);
    if (body !== undefined) this.#event(entity, timeMs, level, body);
  }

  #values(entity: string, timeMs: number, json: unknown) {
    if (json === null || typeof json !== 'object' || Array.isArray(json)) {
      return this.#objectFault('record_shape', `values is ${kindOf(json)}, wanted an object of numbers`, {
        entity,
        timeMs,
      });
    }
    const measured = json as Record<string, unknown>;
    const { names, values } = this.#sample;
    let seen = 0;
    let good = 0;
    for (const name in measured) {
      const value = measured[name];
      seen++;
      // Names of the sample before are still there: most senders repeat them, and a good one needs no second look.
      if (name !== names[good] && (isForbiddenKey(name) || !isName(name))) {
        if (isForbiddenKey(name)) this.#fault('key_forbidden', `values has ${name}`, { entity, timeMs });
        else this.#badName('metric', name, { entity, timeMs });
      } else if (typeof value !== 'number') {
        const at = { entity, metric: name, timeMs };
        if (typeof value !== 'object' || this.#harmless(value, at))
          this.#fault('value_not_number', `${name} is ${kindOf(value)}`, at);
      } else if (value - value !== 0) {
        this.#fault('value_not_finite', `${name} is beyond every finite number or NaN`, {
          entity,
          metric: name,
          timeMs,
        });
      } else {
        names[good] = name;
        values[good] = value;
        good++;
      }
    }
    if (seen === 0) return this.#objectFault('record_shape', 'values is empty', { entity, timeMs });
    if (good === 0) return;
    // Only when it differs: arrays that keep their length keep their memory.
    if (names.length !== good) names.length = values.length = good;
    this.#plain.learn(names);
    this.#sample.entity = entity;
    this.#sample.timeMs = timeMs;
    this.#sink.sample(this.#sample);
  }

  #totals(entity: string, timeMs: number, json: unknown, { since, source }: Record<string, unknown>) {
    const at = { entity, timeMs };
    if (json === null || typeof json !== 'object' || Array.isArray(json)) {
      return this.#objectFault('record_shape', `totals is ${kindOf(json)}, wanted an object`, at);
    }
    if (!this.#harmless(json, this.#part(at))) return;
    const writer = readWriter(since, source);
    if ('code' in writer) return this.#objectFault(writer.code, writer.detail, at);
    const entries = Object.entries(json);
    if (entries.length === 0) return this.#objectFault('record_shape', 'totals is empty', at);
    for (const [metric, total] of entries) {
      if (!isName(metric)) {
        this.#badName('metric', metric, at);
        continue;
      }
      const read = readTotal(metric, total);
      if ('code' in read) this.#fault(read.code, read.detail, { ...at, metric });
      else this.#sink.cumulative({ entity, timeMs, ...writer, metric, ...read });
    }
  }

  #event(entity: string, timeMs: number, level: unknown, body: unknown) {
    const at = { entity, timeMs };
    if (typeof body !== 'string') return this.#objectFault('record_shape', `body is ${kindOf(body)}, wanted text`, at);
    if (level !== undefined && level !== null && typeof level !== 'string') {
      return this.#objectFault('record_shape', `level is ${kindOf(level)}, wanted text`, at);
    }
    if (typeof level === 'string' && level !== '' && !isName(level)) {
      return this.#objectFault('record_shape', 'level is too long or has control characters', at);
    }
    const event: LogEvent = { entity, timeMs, level: level ?? '', body: body.toWellFormed() };
    this.#sink.event(event);
  }

  /** Unknown fields are ignored, whatever they hold, but for depth and forbidden keys. No recursion: depth is the sender's. */
  #harmless(json: unknown, at: PointAt | undefined): boolean {
    if (json === null || typeof json !== 'object') return true;
    const stack: { value: object; depth: number }[] = [{ value: json, depth: 2 }];
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      const { value, depth } = next;
      if (depth > MAX_DEPTH) {
        this.#fault('record_too_deep', `more than ${MAX_DEPTH} levels`, at);
        return false;
      }
      const list = Array.isArray(value);
      for (const [key, inner] of Object.entries(value)) {
        if (!list && isForbiddenKey(key)) {
          this.#fault('key_forbidden', key, at);
          return false;
        }
        if (inner !== null && typeof inner === 'object') stack.push({ value: inner, depth: depth + 1 });
      }
    }
    return true;
  }

  /** A single object is the record as a whole; of one among others something may be known. */
  #part(at: PointAt = {}): PointAt | undefined {
    return this.#where === '' ? undefined : at;
  }

  #badName(what: 'entity' | 'metric', name: string, at: PointAt | undefined): void {
    this.#sink.fault(badName(what, name, this.#where), at);
  }

  #objectFault(code: ErrorCode, detail: string, at: PointAt = {}): void {
    this.#fault(code, detail, this.#part(at));
  }

  #fault(code: ErrorCode, detail: string, at?: PointAt): void {
    this.#sink.fault({ code, detail: this.#where + detail }, at);
  }
}

function kindOf(json: unknown): string {
  if (json === null) return 'null';
  if (Array.isArray(json)) return 'a list';
  if (typeof json === 'object') return 'an object';
  if (typeof json === 'string') return `the text ${quoted(json)}`;
  return json === undefined ? 'missing' : String(json);
}
