import { isUtf8 } from 'node:buffer';

const TAB = 9;
export const NEWLINE = 10;
const RETURN = 13;
const SPACE = 32;
const QUOTE = 34;
const HASH = 35;
export const COMMA = 44;
export const EQUALS = 61;
const BACKSLASH = 92;

/** What stopped the reading of a line: a message and where. */
export interface LineProblem {
  code: 'line_syntax' | 'record_not_utf8';
  what: string;
  at: number;
}

/**
 * The characters of line protocol in a text of one character a byte (Latin-1), since its grammar is ASCII and
 * positions then are bytes. Names become UTF-8 one by one, so one bad line leaves its neighbours whole.
 * Grammar: https://docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol/
 */
export class LineScanner {
  at = 0;
  problem: LineProblem | null = null;
  #text = '';

  reset(text: string): void {
    this.#text = text;
    this.at = 0;
    this.problem = null;
  }

  get done(): boolean {
    return this.at >= this.#text.length;
  }

  /** Code of the character at the position, -1 at the end. */
  peek(): number {
    return this.at < this.#text.length ? this.#text.charCodeAt(this.at) : -1;
  }

  slice(from: number, to: number): string {
    return this.#text.slice(from, to);
  }

  fail(what: string, at = this.at, code: LineProblem['code'] = 'line_syntax'): '' {
    this.problem ??= { code, what, at };
    return '';
  }

  /** To the first character of a line that has something to say; false at the end of the text. */
  toLine(): boolean {
    for (; !this.done; this.at++) {
      const c = this.peek();
      if (c === HASH) this.toNewline();
      else if (c !== NEWLINE && c !== RETURN && c !== SPACE && c !== TAB) return true;
      if (this.done) return false;
    }
    return false;
  }

  toNewline(): void {
    const end = this.#text.indexOf('\n', this.at);
    this.at = end < 0 ? this.#text.length : end;
  }

  /** True at a newline, with or without a carriage return, and at the end of the text. */
  atEnd(): boolean {
    const c = this.peek();
    return c === -1 || c === NEWLINE || (c === RETURN && [NEWLINE, undefined].includes(this.#next()));
  }

  #next(): number | undefined {
    return this.at + 1 < this.#text.length ? this.#text.charCodeAt(this.at + 1) : undefined;
  }

  /** The text from the position to the next space, '' without one. */
  textToSpace(): string {
    const to = this.#text.indexOf(' ', this.at);
    return to < 0 ? '' : this.#text.slice(this.at, to);
  }

  skipToSpace(): void {
    this.at = this.#text.indexOf(' ', this.at);
  }

  atSpace(): boolean {
    return this.peek() === SPACE;
  }

  skipSpaces(): void {
    while (this.peek() === SPACE) this.at++;
  }

  /** A measurement, tag key, tag value or field key, without its backslashes. It ends before a space, comma, newline, or = where that ends it. */
  name(what: string, equalsEnds: boolean): string {
    const from = this.at;
    let escaped = false;
    let ascii = true;
    for (; !this.done; this.at++) {
      const c = this.peek();
      if (c === BACKSLASH) {
        const next = this.#next();
        if (next === COMMA || next === SPACE || (next === EQUALS && equalsEnds)) {
          escaped = true;
          this.at++;
        }
      } else if (c === COMMA || c === SPACE || c === NEWLINE || (c === EQUALS && equalsEnds)) break;
      else if (c === RETURN && this.atEnd()) break;
      else if (c > 127) ascii = false;
    }
    if (this.at === from) return this.fail(`${what} is empty`);
    let name = this.#text.slice(from, this.at);
    if (escaped) name = name.replace(equalsEnds ? /\\([,= ])/g : /\\([, ])/g, '$1');
    if (ascii) return name;
    const bytes = Buffer.from(name, 'latin1');
    return isUtf8(bytes) ? bytes.toString('utf8') : this.fail(`${what} is not UTF-8`, from, 'record_not_utf8');
  }

  /** Past a quoted text, which may hold newlines; its opening quote is at the position. */
  skipQuoted(): void {
    const from = this.at;
    for (this.at++; !this.done; this.at++) {
      const c = this.peek();
      if (c === BACKSLASH) this.at++;
      else if (c === QUOTE) {
        this.at++;
        return;
      }
    }
    this.fail('the quoted text has no end', from);
  }

  atQuote(): boolean {
    return this.peek() === QUOTE;
  }

  /** A field's value or a timestamp: everything to the next comma, space or end of line. */
  word(): string {
    const from = this.at;
    while (!this.atEnd() && this.peek() !== COMMA && this.peek() !== SPACE) this.at++;
    return this.#text.slice(from, this.at);
  }
}
