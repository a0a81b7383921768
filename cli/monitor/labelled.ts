import type { Label } from '../../monitor/controller/ports.ts';
import type { LabelledWindow } from '../../monitor/figures/input.ts';
import { holding } from '../../monitor/labels/holding.ts';
import type { LabelStore } from '../../monitor/labels/ports.ts';
import type { Reader } from '../../monitor/ports.ts';

/** Labels that one observation looks at, the newest; each is a question to the database. */
const MAX_LABELS = 500;
/** Windows of one label: a day of 10-second windows. */
const MAX_WINDOWS_EACH = 8_640;

/**
 * Windows that people have spoken of, with what the model made of them: those that start in [fromMs, toMs), that its forest
 * judged, off probation. Of several labels about one window the newest holds.
 */
export async function labelledWindows(
  { labels, reader }: { labels: Pick<LabelStore, 'list'>; reader: Pick<Reader, 'verdicts'> },
  stream: string,
  modelId: string,
  { fromMs, toMs }: { fromMs: number; toMs: number },
): Promise<LabelledWindow[]> {
  const said = await labels.list({ stream, fromMs, toMs, limit: MAX_LABELS });
  const found = new Map<string, LabelledWindow>();
  for (const range of distinct(said)) {
    const { entity } = range;
    const span = { fromMs: Math.max(range.fromMs, fromMs), toMs: Math.min(range.toMs, toMs) };
    for (const verdict of await reader.verdicts(stream, entity, span, MAX_WINDOWS_EACH)) {
      const { windowStartMs, windowMs, pValue, severity, source, probation } = verdict;
      const key = `${entity}\0${windowStartMs}\0${windowMs}`;
      if (source !== 'forest' || probation || verdict.modelId !== modelId || found.has(key)) continue;
      const label = holding(said, entity, windowStartMs);
      if (label === null) continue;
      const anomalous = label.label === 'anomalous';
      found.set(key, { entity, windowStartMs, pValue, severity, anomalous, weight: label.weight });
    }
  }
  return [...found.values()].sort(
    (a, b) => a.windowStartMs - b.windowStartMs || (a.entity < b.entity ? -1 : a.entity > b.entity ? 1 : 0),
  );
}

function distinct(labels: readonly Label[]): Label[] {
  const byRange = new Map<string, Label>();
  for (const label of labels) {
    const key = `${label.entity}\0${label.fromMs}\0${label.toMs}`;
    if (!byRange.has(key)) byRange.set(key, label);
  }
  return [...byRange.values()];
}
