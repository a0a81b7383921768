import { createHash } from 'node:crypto';
import type { Verdict } from './types.ts';

/** SHA-256 in lower-case hex: for whatever must not be forged or decayed (artifacts, states, configurations). */
export function sha256Hex(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

const float = new Float64Array(1);
const words = new Int32Array(float.buffer);
/** The words of the content that is being hashed: mixed in one tight loop, which is twice as fast as one by one. */
let content = new Int32Array(1_024);

/** Of a list of names that many verdicts share. */
const wordsOfNames = new WeakMap<readonly string[], Int32Array>();

/**
 * A 64-bit content hash over numbers and strings in two 32-bit lanes of MurmurHash3's mixing (Appleby, public domain),
 * the second fed with the first. Fast and well spread; no defence against somebody who wants a collision. One at a time.
 */
class ContentHash {
  #length = 0;

  #need(count: number): void {
    if (this.#length + count <= content.length) return;
    const larger = new Int32Array((this.#length + count) * 2);
    larger.set(content);
    content = larger;
  }

  word(w: number): void {
    this.#need(1);
    content[this.#length++] = w;
  }

  /** Every bit counts, so 0 and −0 differ; all NaNs are one. */
  number(x: number): void {
    this.#need(2);
    float[0] = Number.isNaN(x) ? Number.NaN : x;
    content[this.#length++] = words[0]!;
    content[this.#length++] = words[1]!;
  }

  numbers(values: ArrayLike<number>): void {
    this.word(values.length);
    for (let i = 0; i < values.length; i++) this.number(values[i]!);
  }

  text(value: string): void {
    this.word(value.length);
    for (let i = 0; i < value.length; i += 2)
      this.word(value.charCodeAt(i) | ((i + 1 < value.length ? value.charCodeAt(i + 1) : 0) << 16));
  }

  /** The list must not change afterwards. */
  names(list: readonly string[]): void {
    const known = wordsOfNames.get(list);
    if (known) {
      this.#need(known.length);
      content.set(known, this.#length);
      this.#length += known.length;
      return;
    }
    const start = this.#length;
    this.word(list.length);
    for (const name of list) this.text(name);
    wordsOfNames.set(list, content.slice(start, this.#length));
  }

  /** 16 hex digits. */
  digest(): string {
    let a = 0x9e3779b9;
    let b = 0x85ebca6b;
    const length = this.#length;
    const from = content;
    for (let i = 0; i < length; i++) {
      const w = from[i]!;
      let k = Math.imul(w, 0xcc9e2d51);
      k = Math.imul((k << 15) | (k >>> 17), 0x1b873593);
      a ^= k;
      a = (Math.imul((a << 13) | (a >>> 19), 5) + 0xe6546b64) | 0;
      k = Math.imul(w, 0x239b961b);
      k = Math.imul((k << 16) | (k >>> 16), 0xab0e9789);
      b ^= k ^ a;
      b = (Math.imul((b << 17) | (b >>> 15), 5) + 0x0bcaa747) | 0;
    }
    a = avalanche(a ^ length);
    b = avalanche(b ^ length ^ a);
    return hex(avalanche((a + b) | 0)) + hex(b);
  }
}

function avalanche(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

const hex = (word: number): string => (word >>> 0).toString(16).padStart(8, '0');

function key(
  hash: ContentHash,
  v: Pick<Verdict, 'stream' | 'entity' | 'windowStartMs' | 'windowMs' | 'schemaVersion'>,
) {
  hash.text(v.stream);
  hash.text(v.entity);
  hash.number(v.windowStartMs);
  hash.number(v.windowMs);
  hash.number(v.schemaVersion);
}

/** The id by which links and `explain verdict ID` name a verdict: a hash of its identity, 16 hex digits. */
export function verdictId(
  v: Pick<Verdict, 'stream' | 'entity' | 'windowStartMs' | 'windowMs' | 'schemaVersion'>,
): string {
  const hash = new ContentHash();
  key(hash, v);
  return hash.digest();
}

/** A hash of everything in a verdict, to the last bit of its numbers, 16 hex digits: a repeat must have the same. */
export function verdictHash(v: Verdict): string {
  const hash = new ContentHash();
  key(hash, v);
  hash.text(v.source);
  hash.number(v.score);
  hash.number(v.pValue);
  hash.number(v.severity);
  hash.word(v.probation ? 1 : 0);
  hash.text(v.modelId);
  hash.number(v.calibrationVersion);
  hash.names(v.readings.features);
  hash.numbers(v.readings.values);
  hash.numbers(v.readings.low);
  hash.numbers(v.readings.high);
  hash.word(v.attributions.length);
  for (const a of v.attributions) {
    hash.text(a.metric);
    hash.number(a.share);
    hash.number(a.value);
    hash.number(a.expectedLow);
    hash.number(a.expectedHigh);
  }
  return hash.digest();
}

/** A hash of a list of names, 16 hex digits. */
export function namesHash(names: readonly string[]): string {
  const hash = new ContentHash();
  hash.names(names);
  return hash.digest();
}

/** A 32-bit hash of a name, evenly spread: FNV-1a over its UTF-16 units, then the finalizer of MurmurHash3. */
export function nameHash(name: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) h = Math.imul(h ^ name.charCodeAt(i), 0x01000193);
  return avalanche(h) >>> 0;
}
