import type { StreamConfig } from '../../core/config/stream.ts';
import type { Registry, TrainingData } from '../../monitor/controller/ports.ts';
import type { ObserveInput } from '../../monitor/figures/input.ts';
import type { MonitorStore } from '../../monitor/store.ts';
import type { TrainingWork } from '../../monitor/training/order.ts';
import {
  QUALITY_EVERY_MS,
  type QualityFigure,
  qualityFigure,
  qualityInput,
} from '../../monitor/training/quality-figure.ts';

/** Measures the champion day by day, as the monitor does; the first figure of an adopted one stands for its promotion. */
export class QualityWatch {
  readonly #config: StreamConfig;
  readonly #deps: { data: TrainingData; registry: Registry; work: TrainingWork };
  readonly #store: MonitorStore;
  #modelId: string | null = null;
  #dueMs = Number.NEGATIVE_INFINITY;
  #first: { modelId: string; figure: QualityFigure } | null = null;
  #newest: ObserveInput['quality'] = null;

  constructor(
    config: StreamConfig,
    deps: { data: TrainingData; registry: Registry; work: TrainingWork },
    store: MonitorStore,
  ) {
    this.#config = config;
    this.#deps = deps;
    this.#store = store;
  }

  /** The newest figure; null before the first. */
  async at(atMs: number): Promise<ObserveInput['quality']> {
    const state = await this.#store.state(this.#config.name);
    const modelId = state?.serving.champion?.modelId;
    if (state === null || modelId === undefined) return this.#newest;
    // the figure of another model says nothing of this one
    if (modelId !== this.#modelId) [this.#modelId, this.#newest, this.#dueMs] = [modelId, null, atMs];
    if (atMs < this.#dueMs) return this.#newest;
    this.#dueMs = atMs + QUALITY_EVERY_MS;
    const ask = { modelId, toMs: atMs, quarantine: state.quarantine };
    const measured = await qualityFigure(this.#deps, this.#config, ask, new AbortController().signal);
    if (!measured.ok) {
      this.#newest = null;
      return null;
    }
    const figure = measured.value;
    if (this.#first?.modelId !== modelId) this.#first = { modelId, figure };
    const atPromotion = { basis: figure.basis, quality: state.championQuality ?? this.#first.figure.quality };
    this.#newest = qualityInput(figure, atPromotion);
    return this.#newest;
  }
}
