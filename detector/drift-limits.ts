import type { StreamConfig } from '../core/config/stream.ts';
import { ln } from '../core/math.ts';
import { binned, emptyHistogram, type Histogram } from '../core/stats/histogram.ts';
import { ksBinned } from '../core/stats/ks-binned.ts';
import { psi } from '../core/stats/psi.ts';
import { quantileSorted } from '../core/stats/quantile.ts';
import { countRows } from './fit-reference.ts';
import type { DriftLimits, ReferenceProfile } from './reference.ts';
import type { TimedSeries } from './train.ts';

/** Fewer blocks than this say nothing of what is usual: there are no measured limits then. */
export const MIN_BLOCKS = 16;
/** More blocks than this are put together to that many: their comparisons are what costs. */
const MAX_BLOCKS = 400;
const WEEK_MS = 7 * 86_400_000;
/** Share of the blocks, the earliest ones, that stand for the past; the later ones are held against them. */
const PAST = 0.5;
/** Where no block differed at all, a figure has this limit at least: finite samples differ by chance. */
const LEAST_PSI = 0.02;
const LEAST_KS = 0.02;

/**
 * Limits from the training data themselves. The rows are cut into blocks as long as an interval; the later blocks are held
 * against the earlier ones, as intervals will be held against the training, so what is usual for this telemetry (its
 * seasons, its autocorrelation) is in the distances that come out. With so many features the largest ratio of a distance
 * to its feature's own usual one is what alarms, so that ratio is given the quantile that is passed as often as false
 * alarms are allowed, extrapolated exponentially beyond what so few blocks can show. null with fewer than MIN_BLOCKS.
 */
export function driftLimits(
  series: ReadonlyMap<string, TimedSeries>,
  scales: ReadonlyMap<string, Float32Array>,
  reference: ReferenceProfile,
  config: StreamConfig,
): DriftLimits | null {
  const { intervalMs } = config.profile;
  const { falseAlarmsPerWeek } = config.policy;
  const names = reference.features.map(({ name }) => name);
  const blocks = blocksOf(series, scales, reference, names, intervalMs);
  if (blocks.length < MIN_BLOCKS) return null;
  const split = Math.ceil(blocks.length * PAST);
  const past = names.map((_, f) => summed(blocks.slice(0, split).map((block) => block[f]!)));
  const later = blocks.slice(split);
  const distances = (distance: (a: Float64Array, b: Float64Array) => number) =>
    names.map((_, f) => Float64Array.from(later, (block) => distance(binned(past[f]!), binned(block[f]!))));
  const share = Math.min(0.5, falseAlarmsPerWeek / (WEEK_MS / intervalMs));
  const psiLimits = familyLimits(distances(psiOf), share, LEAST_PSI);
  const ksLimits = familyLimits(distances(ksOf), share, LEAST_KS);
  const worst = Math.max(...psiLimits);
  return {
    blocks: blocks.length,
    blockMs: intervalMs,
    falseAlarmsPerWeek,
    psi: psiLimits,
    ks: ksLimits,
    psiScore: median(psiLimits),
    ksScore: median(ksLimits),
    klScore: Math.max(0.1, median(psiLimits) / 2),
    uniformity: Math.max(...ksLimits, 0.1),
    alertRatio: [0.2, Number.isFinite(worst) ? 5 : 5],
  };
}

const psiOf = (a: Float64Array, b: Float64Array): number => {
  const result = psi(a, b);
  return result.ok ? result.value : Number.NaN;
};
const ksOf = (a: Float64Array, b: Float64Array): number => {
  const result = ksBinned(a, b);
  return result.ok ? result.value.statistic : Number.NaN;
};

const median = (values: Float64Array): number => quantileSorted(values.slice().sort(), 0.5);

/** One limit a feature, such that any of them is passed in `share` of the blocks. distances: by feature, then by block. */
export function familyLimits(distances: readonly Float64Array[], share: number, least: number): Float64Array {
  const usual = distances.map((of) => {
    const known = of.filter((x) => !Number.isNaN(x)).sort();
    return known.length === 0 ? least : Math.max(least, quantileSorted(known, 0.5));
  });
  const blocks = distances[0]?.length ?? 0;
  const largest = new Float64Array(blocks);
  for (let k = 0; k < blocks; k++)
    for (let f = 0; f < distances.length; f++) {
      const ratio = distances[f]![k]! / usual[f]!;
      if (ratio > largest[k]!) largest[k] = ratio;
    }
  const factor = upperQuantile(largest.sort(), share);
  return Float64Array.from(usual, (x) => x * factor);
}

/** The quantile passed with probability `share`, by an exponential tail above the median of the upper half. */
function upperQuantile(sorted: Float64Array, share: number): number {
  const from = quantileSorted(sorted, 0.5);
  let sum = 0;
  let n = 0;
  for (const x of sorted) {
    if (x <= from) continue;
    sum += x - from;
    n++;
  }
  const mean = n === 0 ? 0 : sum / n;
  return from + mean * Math.max(0, ln(0.5 / share));
}

/** Counts of each block by feature, in the order of time; blocks without any window are left out. */
function blocksOf(
  series: ReadonlyMap<string, TimedSeries>,
  scales: ReadonlyMap<string, Float32Array>,
  reference: ReferenceProfile,
  names: readonly string[],
  intervalMs: number,
): Histogram[][] {
  const blocks = new Map<number, { place: Histogram; ratio: Float64Array }[]>();
  const blockMs = Math.max(intervalMs, Math.ceil(reference.spanMs / MAX_BLOCKS / intervalMs) * intervalMs);
  for (const [entity, one] of series) {
    const of = scales.get(entity);
    if (of === undefined) continue;
    let from = 0;
    while (from < one.rows) {
      const key = Math.floor(one.startsMs[from]! / blockMs);
      let to = from;
      while (to < one.rows && Math.floor(one.startsMs[to]! / blockMs) === key) to++;
      let block = blocks.get(key);
      if (block === undefined) {
        block = reference.features.map(({ place, ratio }) => ({
          place: emptyHistogram(place.edges),
          ratio: new Float64Array(ratio.length),
        }));
        blocks.set(key, block);
      }
      countRows(one, of, block, names, 1, from, to);
      from = to;
    }
  }
  return [...blocks.keys()].sort((a, b) => a - b).map((key) => blocks.get(key)!.map(({ place }) => place));
}

function summed(histograms: readonly Histogram[]): Histogram {
  const sum = emptyHistogram(histograms[0]!.edges);
  for (const { counts } of histograms) for (let i = 0; i < counts.length; i++) sum.counts[i]! += counts[i]!;
  return sum;
}
