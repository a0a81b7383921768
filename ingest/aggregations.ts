import type { Aggregation, FeatureRule } from '../core/config/stream.ts';
import { ln, sinOfTurn } from '../core/math.ts';
import { COUNT, FIRST, LAST, LAST_MS, M2, MAX, MEAN, MIN, T_M2, TX } from './pane.ts';

/** What a feature may know besides the points of its window. */
export interface FeatureContext {
  startMs: number;
  endMs: number;
  /** Event time of the entity's newest log event, NaN before the first. */
  lastEventMs: number;
}

interface Aggregator {
  /** Doubles it keeps between windows. */
  memory: (rule: FeatureRule) => number;
  /** Describes the moment rather than the entity. */
  context?: true;
  compute: (
    stats: Float64Array,
    at: number,
    memory: Float64Array,
    memoryAt: number,
    context: FeatureContext,
    rule: FeatureRule,
    divisor: number,
  ) => number;
}

const NONE = () => 0;
const DAY_MS = 86_400_000;
/** 1970-01-05 was the first Monday of the epoch. */
const FIRST_MONDAY_MS = 4 * DAY_MS;
/** Windows after which half of an exponential mean's weight is replaced: a short forecast, and a long baseline. */
const FORECAST_DECAY = 2 ** (-1 / 10);
const BASELINE_DECAY = 2 ** (-1 / 360);

const plain = (of: (stats: Float64Array, at: number) => number): Aggregator => ({
  memory: NONE,
  compute: (stats, at) => (stats[at + COUNT]! > 0 ? of(stats, at) : Number.NaN),
});

const cyclic = (periodMs: number, originMs: number, quarter: number): Aggregator => ({
  memory: NONE,
  context: true,
  compute: (_stats, _at, _memory, _memoryAt, { startMs, endMs }) => {
    const turns = ((startMs + endMs) / 2 - originMs) / periodMs + quarter;
    return sinOfTurn(turns - Math.floor(turns));
  },
});

/** Mean minus an exponential mean of the windows before; NaN until there is one. */
const againstMean = (decay: number): Aggregator => ({
  memory: () => 2,
  compute: (stats, at, memory, memoryAt) => {
    if (stats[at + COUNT] === 0) return Number.NaN;
    const x = stats[at + MEAN]!;
    const weight = Number.isNaN(memory[memoryAt + 1]!) ? 0 : memory[memoryAt + 1]!;
    const sum = weight === 0 ? 0 : memory[memoryAt]!;
    memory[memoryAt] = sum * decay + x * (1 - decay);
    memory[memoryAt + 1] = weight * decay + (1 - decay);
    return weight === 0 ? Number.NaN : x - sum / weight;
  },
});

/** Value `lag` windows ago from a ring of that many; stores the present one in its place. */
function shift(value: number, memory: Float64Array, memoryAt: number, lag: number): number {
  const past = memory[memoryAt]!;
  for (let i = 0; i < lag - 1; i++) memory[memoryAt + i] = memory[memoryAt + i + 1]!;
  memory[memoryAt + lag - 1] = value;
  return past;
}

const meanOf = (stats: Float64Array, at: number) => (stats[at + COUNT]! > 0 ? stats[at + MEAN]! : Number.NaN);

/** How each aggregation of the configuration is computed. Units and meaning: docs/reference/features.md. */
export const AGGREGATORS: Record<Aggregation, Aggregator> = {
  mean: plain((s, at) => s[at + MEAN]!),
  min: plain((s, at) => s[at + MIN]!),
  max: plain((s, at) => s[at + MAX]!),
  first: plain((s, at) => s[at + FIRST]!),
  last: plain((s, at) => s[at + LAST]!),
  count: { memory: NONE, compute: (stats, at) => stats[at + COUNT]! },
  sum: plain((s, at) => s[at + MEAN]! * s[at + COUNT]!),
  stddev: plain((s, at) => Math.sqrt(Math.max(0, s[at + M2]! / s[at + COUNT]!))),
  range: plain((s, at) => s[at + MAX]! - s[at + MIN]!),
  slope: plain((s, at) => (s[at + T_M2]! > 0 ? s[at + TX]! / s[at + T_M2]! : 0)),
  log: plain((s, at) => (s[at + MEAN]! < 0 ? -ln(1 - s[at + MEAN]!) : ln(1 + s[at + MEAN]!))),
  lag: { memory: (rule) => rule.lag, compute: (s, at, m, mAt, _c, rule) => shift(meanOf(s, at), m, mAt, rule.lag) },
  change: {
    memory: (rule) => rule.lag,
    compute: (s, at, m, mAt, _c, rule) => meanOf(s, at) - shift(meanOf(s, at), m, mAt, rule.lag),
  },
  residual: againstMean(FORECAST_DECAY),
  level: againstMean(BASELINE_DECAY),
  ratio: {
    memory: NONE,
    compute: (s, at, _m, _mAt, _c, _rule, divisor) =>
      Math.abs(divisor) > 1e-12 ? meanOf(s, at) / divisor : Number.NaN,
  },
  missing_share: {
    // The most points a recent window had stands for what is expected; it forgets slowly, so a dead sensor stays missing.
    memory: () => 1,
    compute: (stats, at, memory, memoryAt) => {
      const count = stats[at + COUNT]!;
      const usual = Number.isNaN(memory[memoryAt]!) ? count : Math.max(count, memory[memoryAt]! * BASELINE_DECAY);
      memory[memoryAt] = usual;
      return usual > 0 ? 1 - count / usual : 0;
    },
  },
  since_change: {
    memory: () => 2,
    compute: (stats, at, memory, memoryAt, { endMs }) => {
      if (stats[at + COUNT]! > 0) {
        const moved = stats[at + MIN] !== stats[at + MAX] || stats[at + LAST] !== memory[memoryAt];
        if (moved) {
          memory[memoryAt] = stats[at + LAST]!;
          memory[memoryAt + 1] = stats[at + LAST_MS]!;
        }
      }
      return (endMs - memory[memoryAt + 1]!) / 1000;
    },
  },
  since_event: { memory: NONE, compute: (_s, _at, _m, _mAt, { endMs, lastEventMs }) => (endMs - lastEventMs) / 1000 },
  hour_sin: cyclic(DAY_MS, 0, 0),
  hour_cos: cyclic(DAY_MS, 0, 0.25),
  day_sin: cyclic(7 * DAY_MS, FIRST_MONDAY_MS, 0),
  day_cos: cyclic(7 * DAY_MS, FIRST_MONDAY_MS, 0.25),
};
