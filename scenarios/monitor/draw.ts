import type { Random } from '../../core/random.ts';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/** Uniform in [low, high). */
export const between = (random: Random, low: number, high: number): number => low + (high - low) * random.next();

/** An instant so many days after another, on the hour. */
export const daysAfter = (random: Random, fromMs: number, low: number, high: number): number =>
  fromMs + Math.floor((between(random, low, high) * DAY_MS) / HOUR_MS) * HOUR_MS;

export const pick = <T>(random: Random, of: readonly T[]): T => of[random.below(of.length)]!;
