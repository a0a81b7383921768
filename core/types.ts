/** The vocabulary of docs/architecture.md as types. Times are milliseconds since the Unix epoch, event time unless said otherwise. */

/** What became of a point; exactly one each. */
export const DISPOSITIONS = ['applied', 'late', 'duplicate', 'dead_lettered', 'filtered'] as const;
export type Disposition = (typeof DISPOSITIONS)[number];

/** Measurements of one entity at one time: names[i] has values[i]. Decoders reuse the arrays, so a consumer copies what it keeps. */
export interface Sample {
  entity: string;
  timeMs: number;
  names: string[];
  values: number[];
}

export interface LogEvent {
  entity: string;
  timeMs: number;
  level: string;
  body: string;
}

/** Which scorer produced a verdict: the stream's isolation forest, or the robust-z fallback that needs no model. */
export type Source = 'forest' | 'fallback';

/** One metric's share of a verdict's evidence. Shares of a verdict sum to 1. */
export interface Attribution {
  metric: string;
  share: number;
  value: number;
  expectedLow: number;
  expectedHigh: number;
}

/** The features of one window, in the order of its schema, with the band in which each was expected. NaN = missing. */
export interface Readings {
  features: readonly string[];
  values: Float64Array;
  low: Float64Array;
  high: Float64Array;
}

/** A scored window. Its identity is (stream, entity, windowStartMs, windowMs, schemaVersion). */
export interface Verdict {
  stream: string;
  entity: string;
  windowStartMs: number;
  windowMs: number;
  schemaVersion: number;
  source: Source;
  /** Raw anomaly score of the source; higher is more anomalous; comparable within one model version only. */
  score: number;
  /** Conformal tail probability of the score, in (0, 1]. */
  pValue: number;
  /** Monotone in the p-value; > 1 is anomalous at the configured alert rate, whatever the model version. */
  severity: number;
  /** True while the entity or its stream has too little history for the p-value to be trusted. */
  probation: boolean;
  modelId: string;
  calibrationVersion: number;
  readings: Readings;
  /** Largest share first; empty when the severity is below the explain limit. */
  attributions: Attribution[];
}

export type IncidentKind = 'anomaly' | 'absence';

/** Consecutive anomalous windows of one entity. The id is a pure function of stream, entity, kind and start. */
export interface Incident {
  id: string;
  stream: string;
  entity: string;
  kind: IncidentKind;
  startMs: number;
  /** Newest window end that belongs to it. */
  lastMs: number;
  /** Event time at which it was resolved, or null while it is open. */
  resolvedMs: number | null;
  peakSeverity: number;
  windows: number;
  /** Attributions at its peak. */
  attributions: Attribution[];
  /** One sentence for a person: what is unlike itself, and what was expected. */
  summary: string;
}

/** How a stream is served. `disabled` emits no verdicts and keeps the windows going. */
export type ServingMode = 'forest' | 'fallback' | 'disabled';

/**
 * Anything other than a record that changes what the fold does. Entry (offset, sequence) is folded before the record
 * at `offset`, after entries with a smaller sequence; it is durable before it takes effect.
 */
export type ControlEntry = { offset: number; sequence: number } & ControlChange;
export type ControlChange =
  /** The model in force. If it is the challenger, it goes on with what it has seen, and the two change places (share 0). */
  | { kind: 'model'; modelId: string; sha256: string }
  /** A second model that judges every window too; it serves the entities of its share. '' withdraws it. */
  | { kind: 'challenger'; modelId: string; sha256: string; share: number }
  | {
      kind: 'calibration';
      modelId: string;
      version: number;
      alertRate: number;
      /** Knots of the combined score in place of the model's own; see detector/calibration.ts. */
      combined?: readonly number[];
      dismissals?: readonly Dismissal[];
    }
  | { kind: 'mode'; mode: ServingMode; reason: string }
  | { kind: 'watermark'; toMs: number };

/** What an operator called normal: evidence of this entity that leads with this metric alarms only above so many decades. */
export interface Dismissal {
  entity: string;
  metric: string;
  direction: 'high' | 'low';
  decades: number;
}

/**
 * How the windows that start in one grain of event time were distributed in one partition, under one model: counts on the
 * bins of its reference profile. Identity: (stream, partition, startMs, sequence); a change of model within a grain ends
 * one profile and begins another. The bytes are those of detector/interval-counts.ts.
 */
export interface IntervalProfile {
  stream: string;
  partition: number;
  startMs: number;
  endMs: number;
  /** Sequence of the last control entry before it began. */
  sequence: number;
  /** '' before the first model. */
  modelId: string;
  bytes: Uint8Array;
}
