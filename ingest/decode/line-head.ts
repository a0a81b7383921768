import type { ErrorCode } from '../../core/errors.ts';
import { MAX_TAGS, quoted } from './limits.ts';
import { COMMA, EQUALS, type LineScanner } from './line-scanner.ts';
import { badName, isForbiddenKey, isName } from './names.ts';

/** Heads kept, and metrics of each: senders repeat a few of both, and whoever does not must not fill the memory. */
const MAX_HEADS = 8192;
const MAX_METRICS = 1024;

/** What measurement and tags of a line say, wherever the line stands. */
export interface Head {
  /** null when no tag names one. */
  entity: string | null;
  measurement: string;
  /** `{cpu=cpu0}`: the tags beside the entity's, '' without any. */
  suffix: string;
  /** Names of metrics by their fields, those that are good. */
  metrics: Map<string, string>;
}

/**
 * Reads measurement and tags, and remembers them by their text: nearly every line begins as one before it did. What is
 * remembered is copied, since a piece of a text keeps all of it in memory.
 */
export class Heads {
  readonly #entityTags: readonly string[];
  readonly #known = new Map<string, Head>();
  /** Keys and values of the tags of one line, by turns. */
  readonly #tags: string[] = [];

  constructor(entityTags: readonly string[]) {
    this.#entityTags = entityTags;
  }

  /** The head at the scanner's position, which is behind it then; the scanner's problem is set when there is none. */
  read(s: LineScanner): Head {
    const from = s.at;
    // An escaped space ends the text too early: then it is not known, and read in full each time.
    const known = this.#known.get(s.textToSpace());
    if (known !== undefined) {
      s.skipToSpace();
      return known;
    }
    const measurement = own(s.name('the measurement', false));
    this.#readTags(s);
    const head = { entity: this.#entity(), measurement, suffix: this.#suffix(), metrics: new Map<string, string>() };
    if (s.problem !== null || !s.atSpace()) return head;
    if (this.#known.size >= MAX_HEADS) this.#known.clear();
    this.#known.set(own(s.slice(from, s.at)), head);
    return head;
  }

  #readTags(s: LineScanner): void {
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
      for (let i = 0; i < this.#tags.length; i += 2) if (this.#tags[i] === wanted) return own(this.#tags[i + 1]!);
    }
    return null;
  }

  /** Sorted, so that the order in which a sender writes its tags says nothing. */
  #suffix(): string {
    const tags = this.#tags;
    const entityTag = this.#entityTags.find((wanted) => tags.some((tag, i) => i % 2 === 0 && tag === wanted));
    const pairs: string[] = [];
    for (let i = 0; i < tags.length; i += 2) if (tags[i] !== entityTag) pairs.push(`${tags[i]}=${tags[i + 1]}`);
    return pairs.length === 0 ? '' : own(`{${pairs.sort().join(',')}}`);
  }
}

/** Name of a field's metric, or what is wrong with it. */
export function metricOf(head: Head, field: string): string | { code: ErrorCode; detail: string } {
  const known = head.metrics.get(field);
  if (known !== undefined) return known;
  const name = own((field === 'value' ? head.measurement : `${head.measurement}_${field}`) + head.suffix);
  if (isForbiddenKey(field) || isForbiddenKey(head.measurement))
    return { code: 'key_forbidden', detail: `the field ${quoted(field)}` };
  if (!isName(name)) return badName('metric', name, '');
  if (head.metrics.size >= MAX_METRICS) head.metrics.clear();
  head.metrics.set(own(field), name);
  return name;
}

/** The text in memory of its own. */
const own = (text: string): string => Buffer.from(text).toString();
