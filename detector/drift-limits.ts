import type { StreamConfig } from '../core/config/stream.ts';
import { ln } from '../core/math.ts';
import { binned, emptyHistogram, type Histogram } from '../core/stats/histogram.ts';
import { ksBinned } from '../core/stats/ks-binned.ts';
import { psi } from '../core/stats/psi.ts';
import { quantileSorted } from '../core/stats/quantile.ts';
import { countRows } from './fit-reference.ts';
import type { DriftLimits, FormerLimits, ReferenceProfile } from './reference.ts';
import type { TimedSeries } from './train.ts';

/** Fewer blocks than this say nothing of what is usual: there are no measured limits then. */
export const MIN_BLOCKS = 16;
/** Of more blocks than this some are left out: their comparisons are what costs, and longer blocks are no intervals. */
const MAX_BLOCKS = 400;
/** Multiples of it are spread evenly, so that the blocks kept belong to no time of day (Weyl 1916). */
const GOLDEN = 0.6180339887498949;
const WEEK_MS = 7 * 86_400_000;
/** Share of the blocks, the earliest ones, that are only compared with. */
const FIRST_PAST = 0.25;
/** A feature's usual distance is at least this: finite samples differ by chance. */
const LEAST_USUAL = 0.02;
/** Its spread is at least this share of what is usual. */
const LEAST_SPREAD = 0.2;
/** Beyond this quantile of the blocks the tail is taken for exponential. */
const TAIL_FROM = 0.8;
/** Drift is when so many of the features are beyond their limits: few move alone, and chance moves one of many. */
export const DRIFTED_SHARE = 0.1;

/** How many features must be beyond their limits. */
export const driftedFeatures = (features: number): number => Math.max(1, Math.round(features * DRIFTED_SHARE));

/**
 * Limits from the training data themselves. The rows are cut into blocks as long as an interval, and each is held against
 * all that came before it, as intervals will be held against the training: what is usual for this telemetry, its seasons
 * and its autocorrelation, is in the distances that come out. A feature's distance is told in spreads above its own median;
 * of a block, that of the feature at the tenth part from above counts for drift, and the largest for a feature alone. Each
 * is given the quantile that is passed as often as false alarms are allowed, by an exponential tail beyond what so few
 * blocks can show. docs/drift.md measures this rule, docs/decisions/0018-drift-limits.md has the ones that it was chosen
 * from. Limits of the scores, of the uniformity of p-values and of the alert-rate ratio are not measured: held-out scores
 * are too few to be cut into blocks. null with fewer than MIN_BLOCKS in which anything is known.
 */
export function driftLimits(
  series: ReadonlyMap<string, TimedSeries>,
  scales: ReadonlyMap<string, Float32Array>,
  reference: ReferenceProfile,
  config: StreamConfig,
): DriftLimits | null {
  const { intervalMs } = config.profile;
  const { falseAlarmsPerWeek, alertRatioBand } = config.policy;
  const names = reference.features.map(({ name }) => name);
  const blocks = blocksOf(series, scales, reference, names, intervalMs);
  if (blocks.length < MIN_BLOCKS) return null;
  const share = Math.min(0.5, falseAlarmsPerWeek / (WEEK_MS / intervalMs));
  const indices = limitsFor(chained(blocks, psiOf), share);
  const distances = limitsFor(chained(blocks, ksOf), share);
  if (indices === null || distances === null) return null;
  const psiScore = Math.max(0.25, middle(indices.together));
  return {
    blocks: blocks.length,
    blockMs: intervalMs,
    falseAlarmsPerWeek,
    psi: indices.together,
    psiAlone: indices.alone,
    ks: distances.together,
    psiScore,
    ksScore: 0.2,
    klScore: Math.max(0.1, psiScore / 2),
    uniformity: 0.2,
    alertRatio: [alertRatioBand[0], alertRatioBand[1]],
  };
}

/** Limits of the model before, in the order of these features; one that it did not have gets the middle of the others. */
export function carriedLimits({ features, limits }: FormerLimits, names: readonly string[]): DriftLimits {
  const at = names.map((name) => features.indexOf(name));
  const carried = (of: Float64Array): Float64Array => {
    const usual = middle(of);
    return Float64Array.from(at, (f) => (f < 0 ? usual : of[f]!));
  };
  return { ...limits, psi: carried(limits.psi), ks: carried(limits.ks), psiAlone: carried(limits.psiAlone) };
}

type Distance = (reference: ArrayLike<number>, serving: ArrayLike<number>) => number;
const psiOf: Distance = (a, b) => {
  const result = psi(a, b);
  return result.ok ? result.value : Number.NaN;
};
const ksOf: Distance = (a, b) => {
  const result = ksBinned(a, b);
  return result.ok ? result.value.statistic : Number.NaN;
};

/** Distances of each block but the first ones from all blocks before it: by block, then by feature; NaN for no values. */
function chained(blocks: readonly Histogram[][], distance: Distance): Float64Array[] {
  const first = Math.max(4, Math.ceil(blocks.length * FIRST_PAST));
  const past = blocks[0]!.map(({ edges }) => emptyHistogram(edges));
  const distances: Float64Array[] = [];
  blocks.forEach((block, b) => {
    if (b >= first) distances.push(Float64Array.from(block, (of, f) => distance(binned(past[f]!), binned(of))));
    block.forEach(({ counts }, f) => {
      const sum = past[f]!.counts;
      for (let i = 0; i < sum.length; i++) sum[i]! += counts[i]!;
    });
  });
  return distances;
}

/**
 * Limits of each feature when a tenth of them must be beyond theirs, and when one alone is enough. null when there are too
 * few blocks with a known distance.
 */
export function limitsFor(
  blocks: readonly Float64Array[],
  share: number,
): { together: Float64Array; alone: Float64Array } | null {
  const distances = blocks.filter((block) => block.some((x) => !Number.isNaN(x)));
  if (distances.length < MIN_BLOCKS * (1 - FIRST_PAST)) return null;
  const features = distances[0]!.length;
  const usual = new Float64Array(features);
  const spread = new Float64Array(features);
  for (let f = 0; f < features; f++) {
    const of = Float64Array.from(distances, (block) => block[f]!)
      .filter((x) => !Number.isNaN(x))
      .sort();
    usual[f] = Math.max(LEAST_USUAL, of.length === 0 ? 0 : quantileSorted(of, 0.5));
    spread[f] = Math.max(LEAST_SPREAD * usual[f]!, meanExcess(of, usual[f]!));
  }
  const together = new Float64Array(distances.length);
  const alone = new Float64Array(distances.length);
  distances.forEach((block, b) => {
    // what is not known of a block does not count among its features, here as in an interval
    const spreads = block
      .map((x, f) => (x - usual[f]!) / spread[f]!)
      .filter((x) => !Number.isNaN(x))
      .sort();
    together[b] = spreads.at(-driftedFeatures(spreads.length))!;
    alone[b] = spreads.at(-1)!;
  });
  const limitsAt = (factor: number) => usual.map((x, f) => x + Math.max(1, factor) * spread[f]!);
  return { together: limitsAt(passedBy(together.sort(), share)), alone: limitsAt(passedBy(alone.sort(), share)) };
}

const middle = (values: Float64Array): number => quantileSorted(values.slice().sort(), 0.5);

/** Mean of what exceeds a value, 0 for nothing. */
function meanExcess(values: Float64Array, above: number): number {
  let sum = 0;
  let n = 0;
  for (const x of values) {
    if (!(x > above)) continue;
    sum += x - above;
    n++;
  }
  return n === 0 ? 0 : sum / n;
}

/** The quantile that is passed with probability `share`: an exponential tail above TAIL_FROM. */
function passedBy(sorted: Float64Array, share: number): number {
  const from = quantileSorted(sorted, TAIL_FROM);
  return from + meanExcess(sorted, from) * Math.max(0, ln((1 - TAIL_FROM) / share));
}

/** Counts of each block by feature, in the order of time; blocks without any window are left out, and some of very many. */
function blocksOf(
  series: ReadonlyMap<string, TimedSeries>,
  scales: ReadonlyMap<string, Float32Array>,
  reference: ReferenceProfile,
  names: readonly string[],
  intervalMs: number,
): Histogram[][] {
  const blocks = new Map<number, { place: Histogram; ratio: Float64Array }[]>();
  const kept = (MAX_BLOCKS * intervalMs) / reference.spanMs;
  for (const [entity, one] of series) {
    const of = scales.get(entity);
    if (of === undefined) continue;
    let from = 0;
    while (from < one.rows) {
      const key = Math.floor(one.startsMs[from]! / intervalMs);
      let to = from;
      while (to < one.rows && Math.floor(one.startsMs[to]! / intervalMs) === key) to++;
      if (kept < 1 && (key * GOLDEN) % 1 >= kept) {
        from = to;
        continue;
      }
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
