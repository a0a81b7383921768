import type { Random } from '../../core/random.ts';
import type { CauseKind } from '../../core/triggers.ts';

/** What a shift may look at when it is drawn. */
export interface Site {
  entities: number;
  metrics: readonly string[];
  /** Indices of metrics that move all the time in every entity: what befalls them can be seen. */
  lively: readonly number[];
  /** Indices of metrics that move at times in most entities. */
  varied: readonly number[];
  /** End of the interval that is judged, and the length of intervals. */
  atMs: number;
  intervalMs: number;
  periodMs: number;
}

/** One value of one entity, before it is sent. */
export interface Cell {
  entity: number;
  metric: number;
  timeMs: number;
  value: number;
  /** Standard deviation of the cell in training. */
  sd: number;
}

/** Something that happens to a fleet. What is left out stays as it is; all are functions of their arguments and the seed. */
export interface Shift {
  kind: CauseKind;
  /** In words, with its magnitude. */
  label: string;
  value?: (cell: Cell) => number;
  /** Name under which a metric is sent; null: it is not. */
  name?: (entity: number, metric: number, timeMs: number) => string | null;
  /** A metric that was not there before. */
  extra?: (entity: number, timeMs: number) => { name: string; value: number } | null;
  /** Milliseconds that a sample is late; null: it never comes. */
  delayMs?: (entity: number, timeMs: number) => number | null;
  /** Entities of the period: which one they are like, by what name, at what scale. */
  roster?: (timeMs: number) => readonly { like: number; name: string | null; scale: number }[];
}

/** The magnitudes that rules are written against, and others that they are measured on. */
export interface Magnitudes {
  factors: readonly number[];
  sds: readonly [least: number, most: number];
  shares: readonly [least: number, most: number];
}
/** Several metrics of every entity move together, each in a measure of its own that wavers a little. */
export function genuine(random: Random, site: Site, m: Magnitudes): (cell: Cell, grown: number) => number {
  const count = Math.max(3, Math.round(between(random, m.shares) * site.varied.length));
  const metrics = shuffled(random, site.varied).slice(0, count);
  const directions = metrics.map(() => (random.next() < 0.35 ? -1 : 1));
  const sd = between(random, m.sds);
  const seed = random.below(2 ** 30);
  return ({ entity, metric, timeMs, value, sd: of }, grown) => {
    const k = metrics.indexOf(metric);
    if (k < 0) return value;
    const own = 0.7 + 0.6 * chance(seed, entity * 997 + metric, 1);
    const wavers = 0.85 + 0.3 * chance(seed, entity, timeMs / 1000);
    const moved = bounded(value, value + directions[k]! * sd * own * wavers * of);
    return value + grown * (moved - value);
  };
}

/** What cannot be negative stays so: it halves instead. */
export const bounded = (value: number, moved: number): number => (value >= 0 && moved < 0 ? value / 2 : moved);

/** At the start of the interval that is judged, or up to four intervals before it, wherever that falls. */
export function onset(random: Random, site: Site): number {
  const back = random.below(5);
  return site.atMs - site.intervalMs * (1 + back + (back === 0 ? 0 : random.next() * 0.9));
}

export const identity = (site: Site) =>
  Array.from({ length: site.entities }, (_, like) => ({ like, name: null as string | null, scale: 1 }));

export const round = (x: number): number => Number(x.toPrecision(2));
export const between = (random: Random, [least, most]: readonly [number, number]): number =>
  least + (most - least) * random.next();
export const pick = <T>(random: Random, from: readonly T[]): T => from[random.below(from.length)]!;

/** A number in [0, 1) that belongs to (seed, a, b). */
export function chance(seed: number, a: number, b: number): number {
  let h = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(a + 1, 0xc2b2ae35) ^ Math.imul(b % 2 ** 31, 0x27d4eb2f);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  h = Math.imul(h ^ (h >>> 12), 0x297a2d39);
  return ((h ^ (h >>> 15)) >>> 0) / 2 ** 32;
}

export function shuffled<T>(random: Random, from: readonly T[]): T[] {
  const out = [...from];
  for (let i = out.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [out[i], out[j]] = [out[j]!, out[i]!];
  }
  return out;
}
