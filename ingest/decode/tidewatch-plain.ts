import type { Sample } from '../../core/types.ts';
import { MAX_NAME_LENGTH } from './limits.ts';
import { timeOfNumber } from './time.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN = 0x7b;
const CLOSE = 0x7d;
const SPACE = 0x20;
const TILDE = 0x7e;

/** So many digits are a whole number that a double holds exactly, and so is the power of ten below them. */
const EXACT_DIGITS = 15;
const POWERS = Float64Array.from({ length: EXACT_DIGITS + 1 }, (_, i) => 10 ** i);
const ENTITIES = 1 << 14;

const bytesOf = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0));
const ENTITY = bytesOf('"entity"');
const TIME = bytesOf('"time"');
const VALUES = bytesOf('"values"');

const isPlain = (text: string): boolean => /^[ !#-[\]-~]+$/.test(text);

/**
 * Reads the commonest record straight from its bytes: one object with entity, time in milliseconds and values, in this
 * order, of plain ASCII, with the metrics of the record before. Everything else is refused, without a verdict on it:
 * JSON.parse reads it then. What is read is to the last bit what JSON.parse would have made of it.
 */
export class PlainRecords {
  /** Each metric's name in its quotes; null when a name of the list needs escapes. */
  #names: Uint8Array[] | null = null;
  #learnt: readonly string[] = [];
  /** Texts of entities by a hash of their bytes: a text made once is found faster by whoever looks it up. */
  readonly #entities: string[] = new Array<string>(ENTITIES).fill('');
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;

  /** Remembers the metrics of a record; the next ones of this list are read here. */
  learn(names: readonly string[]): void {
    if (names.length === this.#learnt.length && names.every((name, i) => name === this.#learnt[i])) return;
    this.#learnt = [...names];
    this.#names = names.length > 0 && names.every(isPlain) ? names.map((name) => bytesOf(`"${name}"`)) : null;
  }

  /** Whether the record was read; then the sample, whose names are those that were learnt, holds its entity, time and values. */
  read(bytes: Buffer, sample: Sample): boolean {
    const names = this.#names;
    if (names === null || bytes[0] !== OPEN) return false;
    this.#bytes = bytes;
    this.#at = 1;
    if (!this.#text(ENTITY) || !this.#sign(COLON)) return false;
    const entity = this.#entity();
    if (entity === '' || !this.#sign(COMMA) || !this.#text(TIME) || !this.#sign(COLON)) return false;
    this.#space();
    const timeMs = timeOfNumber(this.#number());
    if (Number.isNaN(timeMs) || !this.#sign(COMMA) || !this.#text(VALUES) || !this.#sign(COLON)) return false;
    if (!this.#sign(OPEN)) return false;
    const { values } = sample;
    for (let i = 0; i < names.length; i++) {
      if ((i > 0 && !this.#sign(COMMA)) || !this.#text(names[i]!) || !this.#sign(COLON)) return false;
      this.#space();
      const value = this.#number();
      if (value - value !== 0) return false;
      values[i] = value;
    }
    if (!this.#sign(CLOSE) || !this.#sign(CLOSE)) return false;
    this.#space();
    if (this.#at !== bytes.length) return false;
    sample.entity = entity;
    sample.timeMs = timeMs;
    return true;
  }

  #space(): void {
    while (this.#bytes[this.#at] === SPACE) this.#at++;
  }

  #sign(sign: number): boolean {
    const bytes = this.#bytes;
    while (bytes[this.#at] === SPACE) this.#at++;
    return bytes[this.#at++] === sign;
  }

  #text(text: Uint8Array): boolean {
    this.#space();
    const bytes = this.#bytes;
    const at = this.#at;
    for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text[i]) return false;
    this.#at = at + text.length;
    return true;
  }

  /** '' for what is no plain text. */
  #entity(): string {
    this.#space();
    const bytes = this.#bytes;
    if (bytes[this.#at] !== QUOTE) return '';
    const start = this.#at + 1;
    let hash = 0x811c9dc5;
    let at = start;
    for (; ; at++) {
      const c = bytes[at]!;
      if (c === QUOTE) break;
      // beyond the end c is undefined, which is in no range
      if (!(c >= SPACE && c <= TILDE) || c === BACKSLASH) return '';
      hash = Math.imul(hash ^ c, 0x01000193);
    }
    const length = at - start;
    if (length > MAX_NAME_LENGTH) return '';
    this.#at = at + 1;
    const slot = (hash ^ (hash >>> 15)) & (ENTITIES - 1);
    const known = this.#entities[slot]!;
    if (known.length === length && same(known, bytes, start)) return known;
    const text = bytes.toString('latin1', start, at);
    this.#entities[slot] = text;
    return text;
  }

  /** NaN for what is no number of JSON. */
  #number(): number {
    const bytes = this.#bytes;
    const start = this.#at;
    const negative = bytes[start] === MINUS;
    const first = negative ? start + 1 : start;
    let at = first;
    let whole = 0;
    let c = bytes[at]!;
    for (; c >= ZERO && c <= NINE; c = bytes[++at]!) whole = whole * 10 + (c - ZERO);
    let digits = at - first;
    if (digits === 0 || (digits > 1 && bytes[first] === ZERO)) return Number.NaN;
    let decimals = 0;
    if (c === POINT) {
      const point = at;
      for (c = bytes[++at]!; c >= ZERO && c <= NINE; c = bytes[++at]!) whole = whole * 10 + (c - ZERO);
      decimals = at - point - 1;
      if (decimals === 0) return Number.NaN;
      digits += decimals;
    }
    // e or E
    if ((c | 0x20) === 0x65) return Number.NaN;
    this.#at = at;
    // of two exact numbers the quotient is the nearest double (Clinger 1990)
    if (digits > EXACT_DIGITS) return Number(bytes.toString('latin1', start, at));
    const value = decimals === 0 ? whole : whole / POWERS[decimals]!;
    return negative ? -value : value;
  }
}

function same(text: string, bytes: Uint8Array, start: number): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== bytes[start + i]) return false;
  return true;
}
