import type { ErrorCode } from '../../core/errors.ts';
import type { Sample } from '../../core/types.ts';
import type { Decoder, DecodeSink } from '../ports.ts';
import { MAX_RECORD_BYTES, MAX_TAGS, quoted } from './limits.ts';
import { COMMA, EQUALS, LineScanner } from './line-scanner.ts';
import { badName, isForbiddenKey, isName } from './names.ts';
import { type Precision, timeOfDigits } from './time.ts';

export interface InfluxOptions {
  /** Tags that name the entity; the first one present wins. */
  entityTags: readonly string[];
  /** Unit of the timestamps. Default: ns. */
  precision?: Precision;
}

/** Where a line lay in the bytes, and how many faults it had; `to` is its newline, or the end. */
export type OnLine = (from: number, to: number, faults: number) => void;

/** Combinations of tags whose text is kept; senders repeat a few. */
const MAX_SUFFIXES = 4096;
const NUMBER = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/;
const INTEGER = /^(?:-?\d+i|\d+u)$/;
const NOT_FINITE = /^[-+]?(?:nan|inf(?:inity)?)$/i;
const TRUE = new Set(['t', 'T', 'true', 'True', 'TRUE']);
const FALSE = new Set(['f', 'F', 'false', 'False', 'FALSE']);

/**
 * Influx line protocol, all of its grammar; docs/reference/formats.md says how lines become points. A line that breaks
 * the grammar is one fault; a field that is no finite number, or whose name is too long, is one fault and its
 * neighbours go out. Messages name line and column, both from 1, columns in bytes. The sample is reused.
 */
export function influxLineDecoder(options: InfluxOptions): Decoder {
  const lines = new InfluxLines(options);
  return (value, appendMs, sink) => lines.decode(value, appendMs, sink);
}

/** The decoder with a look at its lines, for a receiver that answers for each. */
export class InfluxLines {
  readonly #entityTags: readonly string[];
  readonly #precision: Precision;
  readonly #scanner = new LineScanner();
  readonly #sample: Sample = { entity: '', timeMs: 0, names: [], values: [] };
  /** Keys and values of the tags of one line, by turns. */
  readonly #tags: string[] = [];
  readonly #suffixes = new Map<string, string>();
  #sink!: DecodeSink;
  #lineFrom = 0;
  #lineNumber = 1;
  #faults = 0;
  #timeFrom = 0;

  constructor(options: InfluxOptions) {
    this.#entityTags = options.entityTags;
    this.#precision = options.precision ?? 'ns';
  }

  decode(value: Uint8Array, appendMs: number, sink: DecodeSink, maxBytes = MAX_RECORD_BYTES, onLine?: OnLine) {
    this.#sink = sink;
    if (value.length === 0) return sink.fault({ code: 'record_empty', detail: 'no bytes' });
    if (value.length > maxBytes) {
      return sink.fault({ code: 'record_too_large', detail: `${value.length} bytes, at most ${maxBytes}` });
    }
    const s = this.#scanner;
    s.reset(Buffer.from(value.buffer, value.byteOffset, value.length).toString('latin1'));
    let counted = 0;
    this.#lineNumber = 1;
    while (s.toLine()) {
      this.#lineFrom = s.at;
      this.#lineNumber += newlines(s.slice(counted, s.at));
      counted = s.at;
      this.#faults = 0;
      s.problem = null;
      this.#line(appendMs);
      if (s.problem !== null) {
        const { code, what, at } = s.problem as { code: ErrorCode; what: string; at: number };
        this.#fault(code, what, at);
        // A quote that was never closed must not swallow the lines after it.
        s.at = this.#lineFrom;
        s.toNewline();
      }
      onLine?.(this.#lineFrom, s.at, this.#faults);
    }
  }

  #line(appendMs: number) {
    const s = this.#scanner;
    const measurement = s.name('the measurement', false);
    this.#readTags();
    if (s.problem !== null) return;
    if (!s.atSpace()) return void s.fail('wanted a space and fields');
    s.skipSpaces();
    const suffix = this.#describeTags();
    const { names, values } = this.#sample;
    names.length = 0;
    values.length = 0;
    const pending: { code: ErrorCode; detail: string; at: number }[] = [];
    for (;;) {
      const at = s.at;
      const key = s.name('a field', true);
      if (s.problem !== null) return;
      if (s.peek() !== EQUALS) return void s.fail(`the field ${quoted(key)} has no value`);
      s.at++;
      const value = this.#value(key);
      if (s.problem !== null) return;
      if (value !== null) {
        const name = (key === 'value' ? measurement : `${measurement}_${key}`) + suffix;
        if (isForbiddenKey(key) || isForbiddenKey(measurement))
          pending.push({ code: 'key_forbidden', detail: `the field ${quoted(key)}`, at });
        else if (!isName(name)) pending.push({ ...badName('metric', name, ''), at });
        else if (value - value !== 0)
          pending.push({ code: 'value_not_finite', detail: `the field ${quoted(key)}`, at });
        else {
          names.push(name);
          values.push(value);
        }
      }
      if (s.peek() !== COMMA) break;
      s.at++;
    }
    const timeMs = this.#time(appendMs);
    if (s.problem !== null) return;
    this.#emit(timeMs, pending);
  }

  #emit(timeMs: number, pending: readonly { code: ErrorCode; detail: string; at: number }[]) {
    const entity = this.#entity();
    if (Number.isNaN(timeMs)) return this.#fault('time_invalid', 'the timestamp', this.#timeFrom);
    if (entity === null) {
      return this.#fault('entity_missing', `none of the tags ${this.#entityTags.join(', ')}`, this.#lineFrom);
    }
    if (!isName(entity)) {
      const { code, detail } = badName('entity', entity, '');
      return this.#fault(code, detail, this.#lineFrom);
    }
    for (const { code, detail, at } of pending) this.#fault(code, detail, at);
    // A line of texts alone measures nothing.
    if (this.#sample.names.length === 0) return;
    this.#sample.entity = entity;
    this.#sample.timeMs = timeMs;
    this.#sink.sample(this.#sample);
  }

  #readTags() {
    const s = this.#scanner;
    this.#tags.length = 0;
    while (s.problem === null && s.peek() === COMMA) {
      s.at++;
      const at = s.at;
      const key = s.name('a tag', true);
      if (s.problem !== null) return;
      if (s.peek() !== EQUALS) return void s.fail(`the tag ${quoted(key)} has no value`);
      if (isForbiddenKey(key)) return void s.fail(`the tag ${key} has a forbidden name`, at);
      if (this.#tags.length >= 2 * MAX_TAGS) return void s.fail(`more than ${MAX_TAGS} tags`, at);
      s.at++;
      this.#tags.push(key, s.name(`the value of the tag ${quoted(key)}`, true));
    }
  }

  #entity(): string | null {
    for (const wanted of this.#entityTags) {
      for (let i = 0; i < this.#tags.length; i += 2) if (this.#tags[i] === wanted) return this.#tags[i + 1]!;
    }
    return null;
  }

  /** `{cpu=cpu0}`: the tags beside the entity's, sorted, so that the order in which a sender writes them says nothing. */
  #describeTags(): string {
    const tags = this.#tags;
    if (tags.length <= 2 && (tags.length === 0 || this.#entityTags.includes(tags[0]!))) return '';
    const cacheKey = tags.join('\n');
    const cached = this.#suffixes.get(cacheKey);
    if (cached !== undefined) return cached;
    const own = this.#entityTags.find((wanted) => tags.some((tag, i) => i % 2 === 0 && tag === wanted));
    const pairs: string[] = [];
    for (let i = 0; i < tags.length; i += 2) if (tags[i] !== own) pairs.push(`${tags[i]}=${tags[i + 1]}`);
    const suffix = pairs.length === 0 ? '' : `{${pairs.sort().join(',')}}`;
    if (this.#suffixes.size >= MAX_SUFFIXES) this.#suffixes.clear();
    this.#suffixes.set(cacheKey, suffix);
    return suffix;
  }

  /** The number of a field; null for a text, which is no measurement; NaN and infinite for those who send them. */
  #value(key: string): number | null {
    const s = this.#scanner;
    if (s.atQuote()) {
      s.skipQuoted();
      return null;
    }
    const at = s.at;
    const word = s.word();
    if (NUMBER.test(word)) return Number(word);
    if (INTEGER.test(word)) return Number(word.slice(0, -1));
    if (TRUE.has(word)) return 1;
    if (FALSE.has(word)) return 0;
    if (NOT_FINITE.test(word)) return Number.NaN;
    s.fail(`the field ${quoted(key)} has the value ${quoted(word)}`, at);
    return null;
  }

  #time(appendMs: number): number {
    const s = this.#scanner;
    if (!s.atEnd() && !s.atSpace()) s.fail('wanted a comma, a space or the end of the line');
    s.skipSpaces();
    this.#timeFrom = s.at;
    const digits = s.word();
    s.skipSpaces();
    if (!s.atEnd()) s.fail('wanted the end of the line after the timestamp');
    return digits === '' ? appendMs : timeOfDigits(digits, this.#precision);
  }

  #fault(code: ErrorCode, what: string, at: number): void {
    this.#faults++;
    this.#sink.fault({ code, detail: `line ${this.#lineNumber}, column ${at - this.#lineFrom + 1}: ${what}` });
  }
}

function newlines(text: string): number {
  let count = 0;
  for (let i = text.indexOf('\n'); i >= 0; i = text.indexOf('\n', i + 1)) count++;
  return count;
}
