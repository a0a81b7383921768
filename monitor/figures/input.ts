import type { PolicyConfig } from '../../core/config/policy.ts';
import type { StreamConfig } from '../../core/config/stream.ts';
import type { Span } from '../../core/triggers.ts';
import type { IntervalCounts } from '../../detector/interval-counts.ts';
import type { ReferenceProfile } from '../../detector/reference.ts';

/** All that an observation is computed from; its bytes are the evidence of the decisions that follow from it. */
export interface ObserveInput {
  stream: StreamConfig;
  policy: PolicyConfig;
  /** End of the newest complete grain. */
  atMs: number;
  modelId: string;
  /** Of the champion; null before the first model, or where it has none. */
  reference: ReferenceProfile | null;
  /** Profiles of each span, merged over partitions and grains under the champion; null where there is none. */
  spans: Readonly<Record<Span, IntervalCounts | null>>;
  /** Intervals before the newest, oldest first, at most MAX_HISTORY; gaps are left out. */
  history: readonly IntervalCounts[];
  /** The same interval a day and a week before, under the same champion; null where there is none. */
  dayAgo: IntervalCounts | null;
  weekAgo: IntervalCounts | null;
  labels: readonly LabelledWindow[];
  /** 99th percentile from append to durable verdict over the newest grain; null where nothing measures it. */
  latencyP99Ms: number | null;
  /** The newest quality figure of the champion as a share of that at its promotion, and robust z's share; null for none. */
  quality: { relative: number; robustZShare: number } | null;
  trainedMs: number | null;
  /** Newest event time of the stream. */
  newestMs: number;
}

/** Intervals that the classifier of shifts looks back on. */
export const MAX_HISTORY = 8;

export interface LabelledWindow {
  entity: string;
  windowStartMs: number;
  pValue: number;
  severity: number;
  anomalous: boolean;
  /** One over the probability that this window was offered for labelling: alerts 1, quiet samples more. */
  weight: number;
}
