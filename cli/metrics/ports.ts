import type { CounterName, GaugeName, HistogramName, LabelsOf } from '../../core/metrics.ts';

/** Where a process keeps its figures; names and labels are those of core/metrics.ts, checked by the compiler. */
export interface Metrics {
  /** by: at least 0, 1 unless given; 0 shows the series before anything happened. */
  count<N extends CounterName>(name: N, labels: LabelsOf<N>, by?: number): void;
  /** A value that is not finite takes the series away. */
  set<N extends GaugeName>(name: N, labels: LabelsOf<N>, value: number): void;
  /** Shows a histogram that has nothing yet: what a series begins with is seen in no rate. To be called before `observe`. */
  begin<N extends HistogramName>(name: N, labels: LabelsOf<N>): void;
  /** In the metric's unit: seconds, never milliseconds. What is not finite is not observed. */
  observe<N extends HistogramName>(name: N, labels: LabelsOf<N>, value: number): void;
  /** These are the series of a gauge from now on, and no others. */
  replace<N extends GaugeName>(name: N, series: readonly (readonly [labels: LabelsOf<N>, value: number])[]): void;
  /** Called before each reading, to bring figures up to date; returns how to end that. */
  onScrape(collect: () => void): () => void;
}

/** What /metrics answers. */
export interface Exposition {
  contentType: string;
  text(): Promise<string>;
}
