import type { FigureName } from '../core/figures.ts';
import type { Dimension, QualityFault } from '../core/stats/quality.ts';
import type { CauseKind, Span } from '../core/triggers.ts';

/**
 * What the monitor sees of a stream. Everything here is plain JSON (no typed arrays, no NaN: null is "not known"), because it is
 * stored as evidence and computed again from it. Times are event time.
 */
export type FigureStatus = 'ok' | 'warn' | 'drift' | 'unknown';

export interface Figure {
  value: number | null;
  status: FigureStatus;
  /** What it is held against: a limit, or a band; null where there is none. */
  limit: number | readonly [low: number, high: number] | null;
  /** Confidence interval, where the figure has one. */
  interval?: readonly [low: number, high: number];
}
export type Figures = Partial<Record<FigureName, Figure>>;

export interface FeatureFigures {
  feature: string;
  psi: number | null;
  ks: number | null;
  /** Share missing now, and in training. */
  missing: number | null;
  missingInTraining: number;
  psiLimit: number;
  ksLimit: number;
  status: FigureStatus;
}

export interface Cause {
  kind: CauseKind;
  /** One sentence for a person. */
  summary: string;
  /** The numbers that it was told by, each with a name that docs/drift.md explains. */
  evidence: Readonly<Record<string, number>>;
  /** Features or metrics concerned, most first, at most ten. */
  features: readonly string[];
}

export interface DataQuality {
  score: number;
  dimensions: Readonly<Record<Dimension, number>>;
  faults: readonly { fault: QualityFault; share: number }[];
  trainable: boolean;
}

/** One model over one span, on the same windows as the other. */
export interface LaneFigures {
  modelId: string;
  windows: number;
  alerts: number;
  failed: number;
}
export interface ChallengerFigures extends LaneFigures {
  share: number;
  paired: number;
  both: number;
  onlyChampion: number;
  onlyChallenger: number;
}

/** What the monitor saw of a stream when a grain was complete. */
export interface Observation {
  stream: string;
  /** End of the newest complete grain. */
  atMs: number;
  grainMs: number;
  intervalMs: number;
  modelId: string;
  /** Share of normal windows that may be called anomalous, as it is in force. */
  alertRate: number;
  spans: Readonly<Record<Span, Figures>>;
  /** Of the newest interval. */
  features: readonly FeatureFigures[];
  quality: DataQuality | null;
  cause: Cause;
  /** Of the newest grain. */
  champion: LaneFigures | null;
  challenger: ChallengerFigures | null;
  windows: number;
  entities: number;
  /** Windows in a row that an incident of the last week had on average, told from few with care; null without counts. */
  alertRun: number | null;
}
