import { Random } from '../core/random.ts';

/** What was done to the bytes. `flip` keeps the length and changes one to three bits. */
export type MutationKind = 'flip' | 'truncate' | 'extend' | 'overwrite' | 'random';
export interface Mutation {
  kind: MutationKind;
  bytes: Uint8Array;
}

const KINDS: readonly MutationKind[] = ['flip', 'truncate', 'extend', 'overwrite', 'random'];

/**
 * `count` damaged copies of `bytes` (never equal to them), the same for the same seed: readers of untrusted bytes must
 * answer each with a value or a coded fault. A failing test should print the seed and the index.
 */
export function* mutations(seed: number, count: number, bytes: Uint8Array): Generator<Mutation> {
  const random = new Random(seed);
  for (let i = 0; i < count; ) {
    const mutation = mutate(random, KINDS[random.below(bytes.length === 0 ? 1 : KINDS.length)]!, bytes);
    if (Buffer.compare(mutation.bytes, bytes) === 0) continue;
    yield mutation;
    i++;
  }
}

function mutate(random: Random, kind: MutationKind, bytes: Uint8Array): Mutation {
  if (bytes.length === 0) return { kind: 'random', bytes: noise(random, 1 + random.below(64)) };
  const copy = bytes.slice();
  switch (kind) {
    case 'flip':
      for (let k = 1 + random.below(3); k > 0; k--) copy[random.below(copy.length)]! ^= 1 << random.below(8);
      return { kind, bytes: copy };
    case 'truncate':
      return { kind, bytes: copy.subarray(0, random.below(copy.length)) };
    case 'extend':
      return { kind, bytes: Buffer.concat([copy, noise(random, 1 + random.below(64))]) };
    case 'overwrite': {
      // Counts and lengths are 32-bit words: hostile ones are small, huge, or all ones.
      const at = random.below(copy.length);
      const word = [0, 1, 0x7fffffff, 0xffffffff, random.uint32()][random.below(5)]!;
      for (let k = 0; k < 4 && at + k < copy.length; k++) copy[at + k] = word >>> (8 * k);
      return { kind, bytes: copy };
    }
    case 'random': {
      // Some keep the head, so that they come further than the magic.
      const random64 = noise(random, random.below(2 * bytes.length));
      random64.set(copy.subarray(0, Math.min(random.below(64), random64.length)));
      return { kind, bytes: random64 };
    }
  }
}

const noise = (random: Random, length: number): Uint8Array => Uint8Array.from({ length }, () => random.below(256));
