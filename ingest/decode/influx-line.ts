import type { ErrorCode } from '../../core/errors.ts';
import type { Sample } from '../../core/types.ts';
import type { Decoder, DecodeSink, PointAt } from '../ports.ts';
import { MAX_RECORD_BYTES, quoted } from './limits.ts';
import { Heads, metricOf } from './line-head.ts';
import { COMMA, EQUALS, LineScanner } from './line-scanner.ts';
import { badName, isName } from './names.ts';
import { type Precision, timeOfDigits } from './time.ts';

export interface InfluxOptions {
  /** Tags that name the entity; the first one present wins. */
  entityTags: readonly string[];
  /** Unit of the timestamps. Default: ns. */
  precision?: Precision;
}

/** Where a line lay in the bytes, and how many faults it had; `to` is its newline, or the end. */
export type OnLine = (from: number, to: number, faults: number) => void;

interface PendingFault {
  code: ErrorCode;
  detail: string;
  at: number;
  /** null where the name itself is bad. */
  metric: string | null;
}

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
  readonly #heads: Heads;
  #sink!: DecodeSink;
  #lineFrom = 0;
  #lineNumber = 1;
  #faults = 0;
  #timeFrom = 0;

  constructor(options: InfluxOptions) {
    this.#entityTags = options.entityTags;
    this.#heads = new Heads(options.entityTags);
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
    const head = this.#heads.read(s);
    if (s.problem !== null) return;
    if (!s.atSpace()) return void s.fail('wanted a space and fields');
    s.skipSpaces();
    const { names, values } = this.#sample;
    let good = 0;
    const pending: PendingFault[] = [];
    for (;;) {
      const at = s.at;
      const key = s.name('a field', true);
      if (s.problem !== null) return;
      if (s.peek() !== EQUALS) return void s.fail(`the field ${quoted(key)} has no value`);
      s.at++;
      const value = this.#value(key);
      if (s.problem !== null) return;
      if (value !== null) {
        const metric = metricOf(head, key);
        if (typeof metric !== 'string') pending.push({ ...metric, at, metric: null });
        else if (value - value !== 0)
          pending.push({ code: 'value_not_finite', detail: `the field ${quoted(key)}`, at, metric });
        else {
          names[good] = metric;
          values[good] = value;
          good++;
        }
      }
      if (s.peek() !== COMMA) break;
      s.at++;
    }
    const timeMs = this.#time(appendMs);
    if (s.problem === null) this.#emit(head.entity, timeMs, good, pending);
  }

  #emit(entity: string | null, timeMs: number, good: number, pending: readonly PendingFault[]) {
    if (Number.isNaN(timeMs)) return this.#fault('time_invalid', 'the timestamp', this.#timeFrom);
    if (entity === null) {
      return this.#fault('entity_missing', `none of the tags ${this.#entityTags.join(', ')}`, this.#lineFrom);
    }
    if (!isName(entity)) {
      const { code, detail } = badName('entity', entity, '');
      return this.#fault(code, detail, this.#lineFrom);
    }
    for (const { code, detail, at, metric } of pending)
      this.#fault(code, detail, at, { entity, timeMs, ...(metric !== null && { metric }) });
    // A line of texts alone measures nothing.
    if (good === 0) return;
    const sample = this.#sample;
    // Only when it differs: arrays that keep their length keep their memory.
    if (sample.names.length !== good) sample.names.length = sample.values.length = good;
    sample.entity = entity;
    sample.timeMs = timeMs;
    this.#sink.sample(sample);
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

  #fault(code: ErrorCode, what: string, at: number, point: PointAt = {}): void {
    this.#faults++;
    this.#sink.fault({ code, detail: `line ${this.#lineNumber}, column ${at - this.#lineFrom + 1}: ${what}` }, point);
  }
}

/** Number of the line that a fault of this decoder names, from 1; null when it names none. */
export function lineOfFault(detail: string): number | null {
  const found = /^line (\d{1,9}), column \d/.exec(detail);
  return found === null ? null : Number(found[1]);
}

function newlines(text: string): number {
  let count = 0;
  for (let i = text.indexOf('\n'); i >= 0; i = text.indexOf('\n', i + 1)) count++;
  return count;
}
