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
 * The figure as an observation takes it, by the values within its intervals that are kindest to the champion, so that
 * chance alone neither makes it worse nor robust z as good. relative: against that at the promotion, at most 1. null
 * without a figure at promotion on the same basis, or where the champion finds nothing to compare with.
 */
export function qualityInput(
  now: QualityFigure,
  atPromotion: { basis: Evaluation['basis']; quality: number } | null,
): ObserveInput['quality'] {
  if (atPromotion === null || atPromotion.basis !== now.basis || !(atPromotion.quality > 0)) return null;
  const quality = intervalOf(now.quality, now)[1];
  return {
    relative: Math.min(1, quality / atPromotion.quality),
    robustZShare: quality > 0 ? intervalOf(now.robustZ, now)[0] / quality : 1,
  };
}

/** Of a recall of so many injected anomalies; a figure by labels is none, and is taken as it is. */
function intervalOf(recall: number, { basis, positives }: QualityFigure): readonly [low: number, high: number] {
  const interval = basis === 'injected' ? wilsonInterval(recall * positives, positives) : null;
  return interval?.ok ? interval.value : [recall, recall];
}
