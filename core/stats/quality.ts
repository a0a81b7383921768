import { fail, ok, type Result } from '../errors.ts';

export const DIMENSIONS = ['completeness', 'accuracy', 'consistency', 'timeliness', 'relevance', 'volume'] as const;
export type Dimension = (typeof DIMENSIONS)[number];
/** Points of each dimension, and the sum below which nothing trains. */
export const DIMENSION_POINTS = 5;
export const MIN_TRAINING_QUALITY = 18;

/** Counted figures of one interval of a stream. Counts ≥ 0; shares 0 to 1. */
export interface QualityCounts {
  /** Points read: applied + late + duplicate + dead-lettered, as the dispositions have it; filtered ones are not data. */
  points: number;
  late: number;
  duplicates: number;
  /** Repeats with another value; a part of the duplicates. */
  conflicts: number;
  deadLettered: number;
  /** Applied, but after more than the delay that the stream allows for. */
  delayed: number;
  /** Feature values that the windows seen should have, of the features that still exist; and those that were missing. */
  values: number;
  valuesMissing: number;
  /** Share of missing values in training. */
  missingShareInTraining: number;
  windows: number;
  /** Windows that the reference lets expect in an interval of this length. */
  windowsExpected: number;
  /** Features of the model; those of them that no longer come at all; those that came and that it does not know. */
  features: number;
  featuresRemoved: number;
  featuresNew: number;
}

interface Fault {
  dimension: Dimension;
  /** Up to this share nothing is lost: it happens in good data. */
  tolerated: number;
  /** From this share on the dimension has 0 points; between, it falls linearly. */
  worst: number;
  share: (c: QualityCounts) => number;
  /** What the share is a share of, for people. */
  of: string;
  reason: string;
}

/** Every fault belongs to one dimension, so that one fault lowers one. A dimension has the points of its worst fault. */
export const QUALITY_FAULTS = {
  missing: {
    dimension: 'completeness',
    tolerated: 0.01,
    worst: 0.25,
    // What was refused or came late is missing too, but counts where its cause is.
    share: (c) => excess(c.valuesMissing, c.values, c.missingShareInTraining + (c.late + c.deadLettered) / c.points),
    of: 'missing feature values of all that the windows should have, less the share of training and that of points refused or late, which count elsewhere',
    reason: 'values missing beyond those of training',
  },
  deadLettered: {
    dimension: 'accuracy',
    tolerated: 0.001,
    worst: 0.05,
    share: (c) => c.deadLettered / c.points,
    of: 'dead letters of all points read',
    reason: 'points that could not be used',
  },
  conflicts: {
    dimension: 'consistency',
    tolerated: 0.0001,
    worst: 0.01,
    share: (c) => c.conflicts / c.points,
    of: 'repeats with another value of all points read',
    reason: 'points told twice with different values',
  },
  duplicates: {
    dimension: 'consistency',
    tolerated: 0.05,
    worst: 0.5,
    // A retry of whole batches is common and harmless, so much more of it is borne than of contradictions.
    share: (c) => c.duplicates / c.points,
    of: 'repeats of all points read',
    reason: 'points told twice',
  },
  late: {
    dimension: 'timeliness',
    tolerated: 0.005,
    worst: 0.1,
    share: (c) => c.late / c.points,
    of: 'late points of all points read',
    reason: 'points after their windows had closed',
  },
  delayed: {
    dimension: 'timeliness',
    tolerated: 0.05,
    worst: 0.5,
    share: (c) => c.delayed / c.points,
    of: 'points that were used but came later than the stream allows for, of all points read',
    reason: 'points later than the delay allowed for',
  },
  removed: {
    dimension: 'relevance',
    tolerated: 0,
    worst: 0.25,
    share: (c) => c.featuresRemoved / c.features,
    of: 'features that no longer come of those of the model',
    reason: 'features of the model that no longer come',
  },
  added: {
    dimension: 'relevance',
    tolerated: 0,
    worst: 0.5,
    share: (c) => c.featuresNew / (c.features + c.featuresNew),
    of: 'new features of those of the model and the new ones',
    reason: 'features that the model does not know',
  },
  tooFew: {
    dimension: 'volume',
    tolerated: 0.1,
    worst: 0.6,
    share: (c) => 1 - c.windows / c.windowsExpected,
    of: 'windows lacking of those that training lets expect',
    reason: 'fewer windows than expected',
  },
  tooMany: {
    dimension: 'volume',
    tolerated: 0.25,
    worst: 0.75,
    share: (c) => 1 - c.windowsExpected / Math.max(c.windows, 1),
    of: 'windows beyond those expected, of the windows seen',
    reason: 'more windows than expected',
  },
} as const satisfies Record<string, Fault>;

export type QualityFault = keyof typeof QUALITY_FAULTS;

export interface Quality {
  /** 0 to 30. */
  score: number;
  /** 0 to 5 each. */
  dimensions: Record<Dimension, number>;
  /** What cost points, the share found, in the order of the table. */
  faults: { fault: QualityFault; share: number }[];
  trainable: boolean;
}

const excess = (missing: number, of: number, expected: number): number =>
  of === 0 ? 0 : Math.max(0, missing / of - expected);

/**
 * Data quality of an interval: five points for each dimension, less what its worst fault costs by QUALITY_FAULTS.
 * sample_empty where nothing was read or nothing is expected (unknown is not bad); count_invalid for figures that
 * cannot be.
 */
export function dataQuality(counts: QualityCounts): Result<Quality> {
  for (const [name, value] of Object.entries(counts)) {
    if (!(value >= 0 && Number.isFinite(value))) return fail('count_invalid', `${name} is ${value}`);
  }
  const { points, late, duplicates, deadLettered, conflicts, values, valuesMissing, features, featuresRemoved } =
    counts;
  if (points === 0 || counts.windowsExpected === 0 || features === 0)
    return fail('sample_empty', 'no points, no reference or no features');
  if (late + duplicates + deadLettered + counts.delayed > points)
    return fail('count_invalid', `late, duplicate, dead-lettered and delayed points exceed the ${points} read`);
  if (conflicts > duplicates) return fail('count_invalid', `${conflicts} conflicts of ${duplicates} duplicates`);
  if (valuesMissing > values) return fail('count_invalid', `${valuesMissing} of ${values} values missing`);
  if (featuresRemoved > features) return fail('count_invalid', `${featuresRemoved} of ${features} features removed`);
  if (counts.missingShareInTraining > 1)
    return fail('count_invalid', `missingShareInTraining is ${counts.missingShareInTraining}`);

  const dimensions = Object.fromEntries(DIMENSIONS.map((d) => [d, DIMENSION_POINTS])) as Record<Dimension, number>;
  const faults: Quality['faults'] = [];
  for (const fault of Object.keys(QUALITY_FAULTS) as QualityFault[]) {
    const { dimension, tolerated, worst, share: shareOf } = QUALITY_FAULTS[fault];
    const share = shareOf(counts);
    if (share <= tolerated) continue;
    faults.push({ fault, share });
    const left = Math.max(0, 1 - (share - tolerated) / (worst - tolerated));
    dimensions[dimension] = Math.min(dimensions[dimension], DIMENSION_POINTS * left);
  }
  const score = DIMENSIONS.reduce((sum, d) => sum + dimensions[d], 0);
  return ok({ score, dimensions, faults, trainable: score >= MIN_TRAINING_QUALITY });
}
