import type { Logger } from 'pino';
import type { StreamConfig } from '../../core/config/stream.ts';
import type { Registry } from '../../monitor/controller/ports.ts';
import type { ObserveInput } from '../../monitor/figures/input.ts';
import { QUALITY_EVERY_MS, type QualityFigure, qualityInput } from '../../monitor/training/quality-figure.ts';
import type { Quarantine } from '../../monitor/types.ts';
import type { Training } from './training.ts';

export interface QualityWatchOptions {
  training: Pick<Training, 'quality'>;
  registry: Registry;
  logger: Logger;
  /** Ends what is under way. */
  signal: AbortSignal;
}

type AtPromotion = Parameters<typeof qualityInput>[1];

interface Known {
  modelId: string;
  /** Event time at which it was measured last, or begun to be. */
  atMs: number;
  now: QualityFigure | null;
  atPromotion: AtPromotion;
}

/**
 * How well the champion of a stream finds anomalies, measured once a day of event time in a thread; an observation takes
 * what is known by then and never waits. A champion that was never evaluated is held against its first figure.
 */
export class QualityWatch {
  readonly #o: QualityWatchOptions;
  #known: Known | null = null;
  /** What is under way; nothing waits for it but an end in good order. */
  #measuring: Promise<void> | null = null;

  constructor(options: QualityWatchOptions) {
    this.#o = options;
  }

  /** What is known of this champion; begins to measure when that is due. */
  at(config: StreamConfig, modelId: string, toMs: number, quarantine: readonly Quarantine[]): ObserveInput['quality'] {
    if (this.#known !== null && this.#known.modelId !== modelId) this.#known = null;
    const due = this.#known === null || toMs - this.#known.atMs >= QUALITY_EVERY_MS;
    if (due && this.#measuring === null && modelId !== '' && !this.#o.signal.aborted) {
      const before = this.#known ?? { modelId, atMs: toMs, now: null, atPromotion: null };
      this.#known = { ...before, atMs: toMs };
      this.#measuring = this.#measure(config, this.#known, toMs, quarantine)
        .catch((err) => this.#o.logger.warn({ stream: config.name, err }, 'the quality figure could not be measured'))
        .finally(() => {
          this.#measuring = null;
        });
    }
    return this.#known?.now ? qualityInput(this.#known.now, this.#known.atPromotion) : null;
  }

  async settle(): Promise<void> {
    await this.#measuring;
  }

  async #measure(config: StreamConfig, known: Known, toMs: number, quarantine: readonly Quarantine[]): Promise<void> {
    const { training, registry, signal, logger } = this.#o;
    const { modelId } = known;
    const figure = await training.quality(config, { modelId, toMs, quarantine }, signal);
    if (!figure.ok) {
      // there are more windows then
      known.atMs = toMs - QUALITY_EVERY_MS + Math.min(config.profile.intervalMs, QUALITY_EVERY_MS);
      logger.info({ stream: config.name, modelId, fault: figure.fault }, 'there is no quality figure yet');
      return;
    }
    const evaluation = (await registry.list(config.name)).find(({ id }) => id === modelId)?.evaluation ?? null;
    const first = known.atPromotion ?? { basis: figure.value.basis, quality: figure.value.quality };
    known.atPromotion = evaluation === null ? first : { basis: evaluation.basis, quality: evaluation.candidateQuality };
    known.now = figure.value;
  }
}
