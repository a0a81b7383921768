import type { StreamConfig } from '../../core/config/stream.ts';
import { fail, ok, type Result } from '../../core/errors.ts';
import { wilsonInterval } from '../../core/stats/intervals.ts';
import type { Registry, TrainingData } from '../controller/ports.ts';
import type { ObserveInput } from '../figures/input.ts';
import type { Evaluation, Quarantine } from '../types.ts';
import { heldBackWindows } from './dataset.ts';
import { evaluationSeed } from './effects.ts';
import type { TrainingWork } from './order.ts';

/** Event time after which a quality figure is due again. */
export const QUALITY_EVERY_MS = 86_400_000;

/** Newest windows of each entity that it is judged on: enough anomalies fit in to tell a fall from chance. */
const QUALITY_WINDOWS = 192;

/** How well the champion finds anomalies in its newest windows. */
export type QualityFigure = Pick<Evaluation, 'basis' | 'positives' | 'robustZ' | 'random'> & { quality: number };

export interface QualityAsk {
  modelId: string;
  toMs: number;
  quarantine: readonly Quarantine[];
}

/**
 * Judges the champion on the stream's newest windows as an evaluation does; a fraction of a second.
 * The same anomalies are injected as at its promotion. Faults: not_found, too_little_data, those of reading an artifact.
 */
export async function qualityFigure(
  { data, registry, work }: { data: TrainingData; registry: Registry; work: TrainingWork },
  config: StreamConfig,
  ask: QualityAsk,
  signal: AbortSignal,
): Promise<Result<QualityFigure>> {
  const artifact = await registry.get(ask.modelId);
  if (artifact === null) return fail('not_found', `model ${ask.modelId}`);
  const windows = await heldBackWindows(data, config, {
    toMs: ask.toMs,
    quarantine: ask.quarantine,
    fromMs: ask.toMs - QUALITY_WINDOWS * config.window.hopMs,
  });
  const seed = evaluationSeed(config.name);
  const order = { config, windows, candidate: artifact, champion: null, golden: null, seed };
  const judged = await work.evaluate(order, signal);
  signal.throwIfAborted();
  if (!judged.ok) return judged;
  const { basis, positives, robustZ, random, candidateQuality } = judged.value.evaluation;
  return ok({ basis, positives, robustZ, random, quality: candidateQuality });
}

/**
 * The figure as an observation takes it. relative: against that at the promotion, by the most favourable value within the
 * interval of the figure, so that chance alone is no fall; at most 1. robustZShare is the plain ratio. null without a figure
 * at promotion on the same basis, or where the champion finds nothing to compare with.
 */
export function qualityInput(
  now: QualityFigure,
  atPromotion: { basis: Evaluation['basis']; quality: number } | null,
): ObserveInput['quality'] {
  if (atPromotion === null || atPromotion.basis !== now.basis || !(atPromotion.quality > 0)) return null;
  const interval = now.basis === 'injected' ? wilsonInterval(now.quality * now.positives, now.positives) : null;
  const favourable = interval?.ok ? interval.value[1] : now.quality;
  return {
    relative: Math.min(1, favourable / atPromotion.quality),
    robustZShare: now.quality > 0 ? now.robustZ / now.quality : 1,
  };
}
