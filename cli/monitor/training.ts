import type { StreamConfig } from '../../core/config/stream.ts';
import type { Result } from '../../core/errors.ts';
import type { Ask } from '../../monitor/training/dataset.ts';
import { freezeGolden, trainingEffects } from '../../monitor/training/effects.ts';
import type { TrainingWork } from '../../monitor/training/order.ts';
import { type QualityAsk, type QualityFigure, qualityFigure } from '../../monitor/training/quality-figure.ts';
import type { Effect, EffectResult } from '../../monitor/types.ts';
import type { MonitorStores } from './stores.ts';

/** What goes through a stream's windows by the hundred thousand, from reading them on: never among the verdicts. */
export interface Training {
  /** Carries out train, evaluate and recalibrate; see trainingEffects. */
  run(config: StreamConfig, effect: Effect, signal: AbortSignal): Promise<EffectResult>;
  /** Of the champion, on its newest windows. */
  quality(config: StreamConfig, ask: QualityAsk, signal: AbortSignal): Promise<Result<QualityFigure>>;
  /** Makes the golden set of a stream that has none. */
  freeze(config: StreamConfig, ask: Ask, signal: AbortSignal): Promise<void>;
}

/** In the thread that calls. */
export function trainingHere(
  stores: Pick<MonitorStores, 'data' | 'registry' | 'golden'>,
  work: TrainingWork,
  codeVersion: string,
): Training {
  const deps = { ...stores, work };
  return {
    run: (config, effect, signal) =>
      trainingEffects({ ...deps, codeVersion, config: () => config }).run(effect, signal),
    quality: (config, ask, signal) => qualityFigure(deps, config, ask, signal),
    freeze: (config, ask) => freezeGolden(deps, config, ask),
  };
}
