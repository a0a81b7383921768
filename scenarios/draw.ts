import { exp2, LN2 } from '../core/math.ts';
import type { Random } from '../core/random.ts';

/** Above this mean a Poisson count is drawn from its normal approximation. */
const POISSON_NORMAL_FROM = 12;

/** e^x by the kernel whose last bit is the same everywhere. */
export function exp(x: number): number {
  return exp2(x / LN2);
}

/** A count with the given mean, ≥ 0; small means by multiplication of uniforms (Knuth 1969). */
export function poisson(random: Random, mean: number): number {
  if (!(mean > 0)) return 0;
  if (mean >= POISSON_NORMAL_FROM) return Math.max(0, Math.round(mean + Math.sqrt(mean) * random.normal()));
  const limit = exp(-mean);
  let count = 0;
  for (let product = random.next(); product > limit; product *= random.next()) count++;
  return count;
}

/** A well-mixed 32-bit integer of any integers (finaliser of MurmurHash3): draws that depend on place, not on order. */
export function mix(...parts: number[]): number {
  let h = 0x9747b28c;
  for (const part of parts) {
    h = scramble(h ^ (part | 0));
    h = scramble(h ^ Math.floor(part / 4294967296));
  }
  return h;
}

function scramble(h: number): number {
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) | 0;
}

/** A 32-bit integer of a text (FNV-1a). */
export function mixText(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h;
}
