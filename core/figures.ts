/**
 * Every figure that the monitor computes of a stream, in one closed table: triggers name them, the metric catalogue and
 * the console show them. docs/reference/figures.md is generated from it.
 */
export const FIGURE_UNITS = ['ratio', 'nats', 'distance', 'share', 'score', 'milliseconds', 'count', 'points'] as const;
export type FigureUnit = (typeof FIGURE_UNITS)[number];

export interface FigureInfo {
  unit: FigureUnit;
  /** Which way is worse; `both`: it has a band. */
  worse: 'high' | 'low' | 'both';
  means: string;
  /** Textbook limit, shown beside the measured one; null where there is none. */
  textbook: number | null;
}

const high = { worse: 'high', textbook: null } as const;
const low = { worse: 'low', textbook: null } as const;

export const FIGURES = {
  // what came in, against the reference profile
  psi_feature: {
    unit: 'nats',
    worse: 'high',
    textbook: 0.25,
    means: 'Population stability index of the feature that has shifted most.',
  },
  psi_top_feature: {
    unit: 'nats',
    worse: 'high',
    textbook: 0.2,
    means: 'The same among the ten features that matter most.',
  },
  psi_score: {
    unit: 'nats',
    worse: 'high',
    textbook: 0.25,
    means: 'Population stability index of the anomaly score.',
  },
  ks_feature: {
    ...high,
    unit: 'distance',
    means: 'Kolmogorov-Smirnov distance of the feature that has shifted most, from bins.',
  },
  ks_score: { ...high, unit: 'distance', means: 'Kolmogorov-Smirnov distance of the anomaly score, from bins.' },
  drift: {
    ...high,
    unit: 'ratio',
    means:
      'How far the features have shifted, against the limit for the configured number of false alarms a week; above 1 is drift.',
  },
  drifted_features: { ...high, unit: 'share', means: 'Share of the features beyond their own limit.' },
  missing: { ...high, unit: 'share', means: 'Share of feature values missing beyond that of training.' },
  newcomers: { ...high, unit: 'share', means: 'Share of windows of entities that the model does not know.' },
  data_quality: {
    unit: 'points',
    worse: 'low',
    textbook: 18,
    means: 'Data quality score, of 30; see docs/reference/quality.md.',
  },
  late: { ...high, unit: 'share', means: 'Share of points that came after their windows had closed.' },
  dead_letters: { ...high, unit: 'share', means: 'Share of points that could not be used.' },
  producer_change: {
    ...high,
    unit: 'count',
    means: '1 while the cause of a shift is a change at the producer (schema, unit or scale), else 0.',
  },
  // what the detector made of it
  alert_rate_ratio: {
    unit: 'ratio',
    worse: 'both',
    textbook: null,
    means: 'Alerts observed against those that the configured alert rate lets expect.',
  },
  uniformity: {
    ...high,
    unit: 'distance',
    means: 'Distance of the p-values of windows from uniform (Kolmogorov-Smirnov, from bins).',
  },
  kl_score: {
    unit: 'nats',
    worse: 'high',
    textbook: 0.1,
    means: 'Kullback-Leibler divergence of the scores served from those of training.',
  },
  fallback: { ...high, unit: 'share', means: 'Share of windows that the fallback judged.' },
  errors: { ...high, unit: 'share', means: 'Share of windows for which the forest failed.' },
  latency_p99: { ...high, unit: 'milliseconds', means: '99th percentile from append to durable verdict.' },
  robust_z_share: {
    ...high,
    unit: 'ratio',
    means:
      'Quality of the plain robust z as a share of that of the forest, on injected anomalies: the least that chance allows.',
  },
  // with labels
  chi2_labels: {
    ...high,
    unit: 'score',
    means: 'Chi-square statistic of the shares of confirmed and dismissed labels against those of training.',
  },
  ece: { ...high, unit: 'score', means: 'Expected calibration error on labelled windows.' },
  brier: { ...high, unit: 'score', means: 'Brier score on labelled windows.' },
  pr_auc: { ...low, unit: 'score', means: 'Area under the precision-recall curve on labelled windows.' },
  precision_at_k: { ...low, unit: 'share', means: 'Share of confirmed among the K most severe labelled windows.' },
  quality: {
    ...low,
    unit: 'score',
    means:
      'The quality figure: PR-AUC where labels suffice, else recall on injected anomalies at an equal alert budget; relative to that at training.',
  },
  // the monitor itself
  model_age: { ...high, unit: 'milliseconds', means: 'Event time since the champion was trained.' },
  figures_age: { ...high, unit: 'milliseconds', means: 'How far the newest figures are behind the newest event time.' },
} as const satisfies Record<string, FigureInfo>;

export type FigureName = keyof typeof FIGURES;
export const FIGURE_NAMES = Object.keys(FIGURES) as FigureName[];

/** Figures whose textbook limit gives way to the measured one where that is wider: see docs/drift.md. */
export const GIVES_WAY: ReadonlySet<FigureName> = new Set(['psi_feature', 'psi_top_feature', 'psi_score', 'kl_score']);
