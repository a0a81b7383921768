import { createHash } from 'node:crypto';
import type { Verdict } from './types.ts';

/** SHA-256 in lower-case hex: for whatever must not be forged or decayed (artifacts, states, configurations). */
export function sha256Hex(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

const float = new Float64Array(1);
const words = new Uint32Array(float.buffer);

/**
 * A 64-bit content hash over numbers and strings in two 32-bit lanes of MurmurHash3's mixing (Appleby, public domain),
 * the second fed with the first. Fast and well spread; no defence against somebody who wants a collision.
 */
class ContentHash {
  #a = 0x9e3779b9;
  #b = 0x85ebca6b;
  #length = 0;

  word(w: number): void {
    let k = Math.imul(w, 0xcc9e2d51);
    k = Math.imul((k << 15) | (k >>> 17), 0x1b873593);
    const a = this.#a ^ k;
    this.#a = (Math.imul((a << 13) | (a >>> 19), 5) + 0xe6546b64) | 0;
    k = Math.imul(w, 0x239b961b);
    k = Math.imul((k << 16) | (k >>> 16), 0xab0e9789);
    const b = this.#b ^ k ^ this.#a;
    this.#b = (Math.imul((b << 17) | (b >>> 15), 5) + 0x0bcaa747) | 0;
    this.#length++;
  }

  /** Every bit counts, so 0 and −0 differ; all NaNs are one. */
  number(x: number): void {
    float[0] = Number.isNaN(x) ? Number.NaN : x;
    this.word(words[0]!);
    this.word(words[1]!);
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

  /** 16 hex digits. */
  digest(): string {
    const a = avalanche(this.#a ^ this.#length);
    const b = avalanche(this.#b ^ this.#length ^ a);
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
  hash.word(v.readings.features.length);
  for (const name of v.readings.features) hash.text(name);
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
  hash.word(names.length);
  for (const name of names) hash.text(name);
  return hash.digest();
}
