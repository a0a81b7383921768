import type { Incident } from '../../core/types.ts';
import type { TrainingRow } from '../../detector/ports.ts';
import type { Label, ScoredWindow, TrainingData } from '../controller/ports.ts';
import type { LabelStore } from '../labels/ports.ts';
import type { Judged } from './labels.ts';

/** TrainingData of verdicts that are in memory. */
export class MemoryTrainingData implements TrainingData {
  readonly #judged: Judged;
  readonly #labels: LabelStore;

  constructor(judged: Judged, labels: LabelStore) {
    this.#judged = judged;
    this.#labels = labels;
  }

  #verdicts(stream: string, fromMs: number, toMs: number) {
    return [...this.#judged.verdicts()]
      .filter((v) => v.stream === stream && fromMs <= v.windowStartMs && v.windowStartMs < toMs)
      .sort(
        (a, b) =>
          (a.entity < b.entity ? -1 : a.entity > b.entity ? 1 : 0) ||
          a.windowStartMs - b.windowStartMs ||
          a.windowMs - b.windowMs,
      );
  }

  async *rows(stream: string, fromMs: number, toMs: number): AsyncGenerator<TrainingRow> {
    for (const { entity, windowStartMs, readings } of this.#verdicts(stream, fromMs, toMs))
      yield { entity, windowStartMs, features: readings.features, values: readings.values.slice() };
  }

  async incidents(stream: string, fromMs: number, toMs: number): Promise<Incident[]> {
    return [...this.#judged.incidents()]
      .filter((i) => i.stream === stream && i.startMs < toMs && i.lastMs >= fromMs)
      .sort((a, b) => a.startMs - b.startMs || (a.id < b.id ? -1 : 1));
  }

  labels(stream: string, fromMs: number, toMs: number): Promise<Label[]> {
    return this.#labels.list({ stream, fromMs, toMs });
  }

  async *scores(stream: string, modelId: string, fromMs: number, toMs: number): AsyncGenerator<ScoredWindow> {
    for (const v of this.#verdicts(stream, fromMs, toMs))
      if (v.source === 'forest' && !v.probation && v.modelId === modelId)
        yield {
          entity: v.entity,
          windowStartMs: v.windowStartMs,
          score: v.score,
          pValue: v.pValue,
          severity: v.severity,
        };
  }
}
