import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import {
  type CounterName,
  type GaugeName,
  type HistogramName,
  type LabelsOf,
  METRICS,
  type MetricInfo,
  type MetricName,
} from '../../core/metrics.ts';
import type { Exposition, Metrics } from './ports.ts';

/** Which kind of process this is; it shows the metrics that its kind sets. */
export type ProcessKind = 'worker' | 'monitor' | 'up';

/** How often prom-client's own timer looks at the event loop: seldom enough not to be what keeps an idle process busy. */
const EVENT_LOOP_LOOK_MS = 50;

export interface RegistryOptions {
  kind: ProcessKind;
  version: string;
  /** Figures of the Node.js process too, as `process_…` and `nodejs_…`. */
  process?: boolean;
}

/** One process's metrics in prom-client, made from the catalogue. */
export class PrometheusMetrics implements Metrics, Exposition {
  readonly #registry = new Registry();
  readonly #counters = new Map<MetricName, Counter>();
  readonly #gauges = new Map<MetricName, Gauge>();
  readonly #histograms = new Map<MetricName, Histogram>();
  readonly #collectors = new Set<() => void>();
  readonly #begun = new Set<string>();

  constructor({ kind, version, process: ofProcess = true }: RegistryOptions) {
    for (const [name, info] of Object.entries(METRICS) as [MetricName, MetricInfo][]) {
      const { help, labels, buckets } = info;
      const about = { name, help, labelNames: labels, registers: shownBy(info, kind) ? [this.#registry] : [] };
      if (info.type === 'counter') this.#counters.set(name, new Counter(about));
      else if (info.type === 'gauge') this.#gauges.set(name, new Gauge(about));
      else this.#histograms.set(name, new Histogram({ ...about, buckets: [...(buckets ?? [])] }));
    }
    if (ofProcess) {
      collectDefaultMetrics({ register: this.#registry, eventLoopMonitoringPrecision: EVENT_LOOP_LOOK_MS });
    }
    this.set('tidewatch_build_info', { version, node: process.version }, 1);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  async text(): Promise<string> {
    for (const collect of this.#collectors) collect();
    return this.#registry.metrics();
  }

  count<N extends CounterName>(name: N, labels: LabelsOf<N>, by = 1): void {
    if (by >= 0 && Number.isFinite(by)) this.#counters.get(name)!.inc(labels, by);
  }

  set<N extends GaugeName>(name: N, labels: LabelsOf<N>, value: number): void {
    const gauge = this.#gauges.get(name)!;
    if (Number.isFinite(value)) gauge.set(labels, value);
    else gauge.remove(labels);
  }

  observe<N extends HistogramName>(name: N, labels: LabelsOf<N>, value: number): void {
    if (Number.isFinite(value)) this.#histograms.get(name)!.observe(labels, value);
  }

  begin<N extends HistogramName>(name: N, labels: LabelsOf<N>): void {
    const key = JSON.stringify([name, labels]);
    if (this.#begun.has(key)) return; // prom-client would forget what was observed since
    this.#begun.add(key);
    this.#histograms.get(name)!.zero(labels);
  }

  replace<N extends GaugeName>(name: N, series: readonly (readonly [labels: LabelsOf<N>, value: number])[]): void {
    const gauge = this.#gauges.get(name)!;
    gauge.reset();
    for (const [labels, value] of series) if (Number.isFinite(value)) gauge.set(labels, value);
  }

  onScrape(collect: () => void): () => void {
    this.#collectors.add(collect);
    return () => this.#collectors.delete(collect);
  }
}

const shownBy = ({ setBy }: MetricInfo, kind: ProcessKind): boolean => setBy.split(', ').includes(kind);
