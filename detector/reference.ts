import type { Histogram } from '../core/stats/histogram.ts';

export interface ReferenceFeature {
  name: string;
  metric: string;
  /** Edges and counts of training; see FeatureCounts. */
  place: Histogram;
  ratio: Float64Array;
  /** Share of missing values in training. */
  missing: number;
}

/**
 * Limits from comparisons of blocks of the training data with the rest of it, or those of the model before where there are
 * too few blocks: how far a stream wanders is its own, whatever its level. See docs/drift.md.
 */
export interface DriftLimits {
  /** Blocks compared, their length, and the false alarms a week that the limits stand for. */
  blocks: number;
  blockMs: number;
  falseAlarmsPerWeek: number;
  /** By feature, in the order of the reference: a tenth of the features passes its limits that rarely. */
  psi: Float64Array;
  ks: Float64Array;
  /** The same, when any feature alone counts. */
  psiAlone: Float64Array;
  /**
   * Not measured, as held-out scores are too few to be cut into blocks: of PSI the textbook's, or the middle of the
   * features' where that is wider; of KL in proportion.
   */
  psiScore: number;
  klScore: number;
  /** Fixed. */
  ksScore: number;
  uniformity: number;
  /** Band of the alert-rate ratio as configured at training; figures are held against the one in force. */
  alertRatio: [low: number, high: number];
}

/** What a model that follows takes over from the one before. */
export interface FormerLimits {
  features: readonly string[];
  limits: DriftLimits;
}

/** How features and scores were distributed in training: a section of the artifact, so it is as immutable as the model. */
export interface ReferenceProfile {
  /** Bins asked for of each feature. */
  bins: number;
  features: ReferenceFeature[];
  /** Indices into features of the ten that matter most, most first. */
  top: Int32Array;
  /** Combined score of held-out windows. */
  score: Histogram;
  /** Windows of training by MIX_BUCKETS of their entity, and in all; the event time that they span. */
  mix: Float64Array;
  windows: number;
  entities: number;
  spanMs: number;
  /** Share of the configuration, which the alert-rate ratio is against. */
  alertRate: number;
  /** null when there was too little training data for them and no model before; then measured limits are unknown. */
  limits: DriftLimits | null;
  /** For models without profiles of entities: by entity, median then scale for each feature. null: profiles have them. */
  scales: ReadonlyMap<string, Float32Array> | null;
}
