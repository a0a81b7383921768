import { ERRORS, type Fault } from '../../core/errors.ts';
import { Random } from '../../core/random.ts';
import { mutations } from '../fuzz.ts';

/** A reader of untrusted bytes. check: what it did that it must not, or null. */
export interface Target {
  name: string;
  /** Of all inputs of a run, this share; slow readers get few. */
  share: number;
  /** Endless inputs; the same for the same seed. */
  inputs: (seed: number) => Generator<Uint8Array>;
  check: (input: Uint8Array) => string | null | Promise<string | null>;
}

export interface Finding {
  target: string;
  seed: number;
  index: number;
  why: string;
  input: Uint8Array;
}

/** Runs a target over so many inputs; stops at the first one that it must not survive. */
export async function fuzz(target: Target, seed: number, count: number): Promise<Finding | null> {
  let index = 0;
  for (const input of target.inputs(seed)) {
    if (index === count) return null;
    const why = await judge(target, input);
    if (why !== null) return { target: target.name, seed, index, why, input };
    index++;
  }
  return null;
}

/** An exception, or what check says. A synchronous check is answered without waiting, for there are millions. */
export function judge(target: Target, input: Uint8Array): string | null | Promise<string | null> {
  try {
    const answer = target.check(input);
    return answer instanceof Promise ? answer.catch(thrown) : answer;
  } catch (cause) {
    return thrown(cause);
  }
}

const thrown = (cause: unknown): string => `threw ${cause instanceof Error ? cause.stack : String(cause)}`;

/** What is wrong with a fault itself: an unknown code, or a message too long for a log line. */
export function badFault({ code, detail }: Fault): string | null {
  if (!Object.hasOwn(ERRORS, code)) return `the code ${code} is not listed`;
  return detail.length > 2000 ? `a message of ${detail.length} characters` : null;
}

/** Random bytes, damaged copies of good inputs, and what a grammar makes, by turns. */
export function* mixed(
  seed: number,
  good: readonly Uint8Array[],
  grammar: (random: Random) => Uint8Array,
): Generator<Uint8Array> {
  const random = new Random(seed);
  for (;;) {
    yield Uint8Array.from({ length: random.below(80) }, () => random.below(256));
    for (const { bytes } of mutations(random.uint32(), 4, good[random.below(good.length)]!)) yield bytes;
    for (let i = 0; i < 5; i++) yield grammar(random);
  }
}

/** Damaged copies alone, for formats that nothing random comes near to. */
export function* damaged(seed: number, good: readonly Uint8Array[]): Generator<Uint8Array> {
  const random = new Random(seed);
  for (;;) for (const { bytes } of mutations(random.uint32(), 8, good[random.below(good.length)]!)) yield bytes;
}

export const pick = <T>(random: Random, from: readonly T[]): T => from[random.below(from.length)]!;
