import { exp2, sinOfTurn } from '../../core/math.ts';
import type { Random } from '../../core/random.ts';

/**
 * Plain normal behaviour of many kinds, for a forest that has seen too little of the world: white and slowly wandering
 * noise, days, counts, spikes, steps, rare ones. One stream's own history is familiar but narrow, and a forest grown
 * from it alone calls every new turn odd.
 */
export const SYNTHETIC_KINDS = 12;
export const SYNTHETIC_ROWS = 600;
export const SYNTHETIC_SPACING_MS = 300_000;
const DAY_ROWS = 86_400_000 / SYNTHETIC_SPACING_MS;
const LOG2_E = 1 / Math.LN2;

/** One series of a kind (0 … SYNTHETIC_KINDS − 1), SYNTHETIC_ROWS values. */
export function synthetic(kind: number, random: Random): Float64Array {
  const memory = 0.6 + 0.38 * random.next();
  const phase = random.next();
  const series = new Float64Array(SYNTHETIC_ROWS);
  let wander = 0;
  let walk = 0;
  for (let t = 0; t < SYNTHETIC_ROWS; t++) {
    const noise = random.normal();
    if (t > 0) wander = memory * wander + noise;
    walk += noise;
    const day = sinOfTurn((t / DAY_ROWS + phase) % 1);
    const spike = random.next() < 0.01 ? 8 * exponential(random) : 0;
    series[t] = [
      () => noise,
      () => wander,
      () => 4 * day + noise,
      () => 4 * day + wander,
      () => exp2(0.7 * noise * LOG2_E),
      () => poisson(3, random),
      () => poisson(40 * exp2(0.5 * day * LOG2_E), random),
      () => noise + spike,
      () => 4 * day + 0.3 * noise + spike,
      () => Math.round(2 * wander) / 2,
      () => (random.next() < 0.05 ? 1 : 0),
      () => 0.2 * walk + noise,
    ][kind]!();
  }
  return series;
}

/** Exponential with mean 1, as the smallest of uniform draws (von Neumann 1951). */
function exponential(random: Random): number {
  for (let whole = 0; ; whole++) {
    const first = random.next();
    let last = first;
    let draws = 1;
    for (;;) {
      const next = random.next();
      if (next >= last) break;
      last = next;
      draws++;
    }
    if (draws % 2 === 1) return whole + first;
  }
}

/** Poisson by exponential waiting times; the work grows with the mean. */
function poisson(mean: number, random: Random): number {
  let count = -1;
  for (let waited = 0; waited < mean; waited += exponential(random)) count++;
  return count;
}
