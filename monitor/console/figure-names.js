/** The monitor's figures for people: [name, title, unit, textbook limit]. A test holds them to core/figures.ts. */
export const FIGURES = [
  ['drift', 'Drift against its limit', 'ratio', null],
  ['psi_feature', 'PSI, feature that shifted most', 'nats', 0.25],
  ['psi_top_feature', 'PSI among the ten that matter most', 'nats', 0.2],
  ['psi_score', 'PSI of the anomaly score', 'nats', 0.25],
  ['ks_feature', 'KS, feature that shifted most', 'distance', null],
  ['ks_score', 'KS of the anomaly score', 'distance', null],
  ['kl_score', 'KL divergence of the scores', 'nats', 0.1],
  ['drifted_features', 'Features beyond their limit', 'share', null],
  ['missing', 'Values missing beyond training', 'share', null],
  ['late', 'Late points', 'share', null],
  ['dead_letters', 'Dead letters', 'share', null],
  ['newcomers', 'Windows of unknown entities', 'share', null],
  ['data_quality', 'Data quality, of 30', 'points', 18],
  ['producer_change', 'Change at the producer', 'count', null],
  ['alert_rate_ratio', 'Alerts against those expected', 'ratio', null],
  ['uniformity', 'p-values: distance from uniform', 'distance', null],
  ['fallback', 'Windows judged by the fallback', 'share', null],
  ['errors', 'Windows that the forest failed on', 'share', null],
  ['latency_p99', 'Latency, 99th percentile', 'milliseconds', null],
  ['robust_z_share', 'Robust z against the forest', 'ratio', null],
  ['quality', 'Quality against that at training', 'score', null],
  ['pr_auc', 'PR-AUC on labels', 'score', null],
  ['precision_at_k', 'Precision at K on labels', 'share', null],
  ['ece', 'Expected calibration error', 'score', null],
  ['brier', 'Brier score', 'score', null],
  ['chi2_labels', 'Chi-square of the labels', 'score', null],
  ['model_age', 'Age of the model', 'milliseconds', null],
  ['figures_age', 'Age of the newest figures', 'milliseconds', null],
];

/** Shape and word of each status: colour is never the only one to say it. */
export const STATUS = {
  ok: { shape: '', word: 'ok' },
  warn: { shape: '▲', word: 'warn' },
  drift: { shape: '◆', word: 'drift' },
  unknown: { shape: '–', word: 'unknown' },
};
