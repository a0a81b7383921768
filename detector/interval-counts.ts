import { nameHash } from '../core/hash.ts';
import type { Histogram } from '../core/stats/histogram.ts';
import type { Counters } from '../ingest/ports.ts';

/** Buckets of a hash of the entity's name, by which a change of the mix of entities is seen without naming one. */
export const MIX_BUCKETS = 64;
/** Edges of the ratio of a value to its entity's usual one, in octaves: quarter octaves from 2^-14 to 2^14. */
export const RATIO_BINS = 112;
export const RATIO_OCTAVES_PER_BIN = 0.25;
export const RATIO_FROM_OCTAVES = -14;
/** Bins of p-values on [0, 1]. */
export const PVALUE_BINS = 20;
/** Slots of a list of ratios: below, the bins, above, missing or zero. */
export const RATIO_SLOTS = RATIO_BINS + 3;
/** Names of features that the reference lacks, remembered per interval. */
export const MAX_UNKNOWN_FEATURES = 16;

/** What one model made of the windows of an interval: those its forest judged, off probation and warm. */
export interface LaneCounts {
  modelId: string;
  windows: number;
  /** Of those, with a severity above 1. */
  alerts: number;
  /** Windows for which the forest failed. */
  failed: number;
  /** Combined score, on the edges of the model's own reference; null when the model has none. */
  score: Histogram | null;
  pValue: Histogram;
}

export interface ChallengerCounts extends LaneCounts {
  /** Share of the entities that it served at the end; of several profiles the largest. */
  share: number;
  /** Windows that both judged off probation, and of those the ones that both called anomalous, or only one of them. */
  paired: number;
  both: number;
  onlyChampion: number;
  onlyChallenger: number;
}

export interface FeatureCounts {
  name: string;
  /** Where values lie in their entity's own distribution, (x − median) / scale, on the reference's edges; NaN = missing. */
  place: Histogram;
  /** log2(|x| / |the entity's median|): below, RATIO_BINS, above, missing or zero. */
  ratio: Float64Array;
}

/**
 * What one interval profile counts. Counts are whole numbers, so merging partitions and grains is exact, in any order.
 */
export interface IntervalCounts {
  startMs: number;
  endMs: number;
  /** The champion whose reference the bins are; '' before the first. */
  modelId: string;
  /**
   * All windows, then those of them that the champion's fallback judged, that were on probation, and in which more features
   * were missing than in training.
   */
  windows: number;
  fallback: number;
  probation: number;
  gaps: number;
  /** Windows of entities that the model does not know. */
  newcomers: number;
  /** Distinct entities that had a window. Sums are exact over partitions, not over grains: there the largest is kept. */
  entities: number;
  /** Distinct entities with an alert; the same. */
  alertingEntities: number;
  /** Both by the start of their grain, where there are several: with it the order of merging does not matter. */
  entitiesByGrain?: ReadonlyMap<number, readonly [entities: number, alerting: number]>;
  incidentsOpened: number;
  /** What became of the points read while the grain was the newest. */
  points: Counters;
  /** Windows, and alerts, by a hash of their entity. */
  mix: Float64Array;
  alertMix: Float64Array;
  features: FeatureCounts[];
  /** Windows in which a feature came that the reference lacks, for at most MAX_UNKNOWN_FEATURES names, sorted. */
  unknownFeatures: Map<string, number>;
  champion: LaneCounts | null;
  challenger: ChallengerCounts | null;
}

const OCTAVES = [2 ** 0.25, 2 ** 0.5, 2 ** 0.75] as const;
const MANTISSA = 0x000fffff;
const ONE = 0x3ff00000;
const float = new Float64Array(1);
const words = new Uint32Array(float.buffer);

/** Slot of FeatureCounts.ratio for a value of an entity with this median: the bits of a double hold its logarithm. */
export function ratioSlot(value: number, median: number): number {
  const ratio = Math.abs(value / median);
  if (!(ratio > 0 && ratio < Number.POSITIVE_INFINITY)) return RATIO_BINS + 2;
  float[0] = ratio;
  const octave = (words[1]! >>> 20) - 1023;
  words[1] = (words[1]! & MANTISSA) | ONE;
  const rest = float[0];
  const quarter = rest < OCTAVES[1] ? (rest < OCTAVES[0] ? 0 : 1) : rest < OCTAVES[2] ? 2 : 3;
  const slot = 1 + (octave - RATIO_FROM_OCTAVES) / RATIO_OCTAVES_PER_BIN + quarter;
  return slot < 1 ? 0 : slot > RATIO_BINS ? RATIO_BINS + 1 : slot;
}

/** Bucket of mix and alertMix: of the name alone, so that partitions and models agree. */
export const mixBucket = (entity: string): number => nameHash(entity) % MIX_BUCKETS;
