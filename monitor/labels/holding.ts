import type { Label } from '../controller/ports.ts';

/** The label that holds for a window, or null. labels: newest first, as LabelStore and TrainingData give them. */
export function holding(labels: readonly Label[], entity: string, windowStartMs: number): Label | null {
  return labels.find((l) => l.entity === entity && l.fromMs <= windowStartMs && windowStartMs < l.toMs) ?? null;
}
