import type { StreamConfig } from '../../core/config/stream.ts';
import { verifyModel } from '../../detector/shared-model.ts';
import type { TrainingData } from '../../monitor/controller/ports.ts';
import type { LedgerEntry } from '../../monitor/store.ts';
import { laneOfModel } from '../../monitor/training/compare.ts';
import { heldBackWindows } from '../../monitor/training/dataset.ts';
import { eventsOf, injectedSet } from '../../monitor/training/recall.ts';
import type { PhaseName } from './result.ts';

/** Fewer injected anomalies say nothing. */
const LEAST_EVENTS = 24;
const SEED = 0x5ca1e;

/**
 * Recall on anomalies injected into what came, at an equal alert budget, of the model that was in force at the end of
 * each phase; null where too little came.
 */
export async function recallsOf(run: {
  config: StreamConfig;
  data: TrainingData;
  ledger: readonly LedgerEntry[];
  artifact: (modelId: string) => Uint8Array | undefined;
  at: { servedMs: number; troubleMs: number; overMs: number; endMs: number };
}): Promise<Record<PhaseName, number | null>> {
  const { config, data, ledger, at } = run;
  const recall = async (fromMs: number, toMs: number): Promise<number | null> => {
    const modelId = modelAt(ledger, toMs);
    if (modelId === null || toMs <= fromMs) return null;
    const model = verifyModel(run.artifact(modelId), config, modelId);
    if (!model.ok) return null;
    const set = injectedSet(await heldBackWindows(data, config, { fromMs, toMs, quarantine: [] }), SEED);
    if (eventsOf(set).length < LEAST_EVENTS) return null;
    return laneOfModel(set, config, model.value).recall;
  };
  return {
    before: await recall(at.servedMs, at.troubleMs),
    during: await recall(at.troubleMs, at.overMs),
    after: await recall(at.overMs, at.endMs),
  };
}

function modelAt(ledger: readonly LedgerEntry[], ms: number): string | null {
  const changes = ledger.filter(
    ({ decision: { action, result, atMs } }) =>
      (action === 'promote' || action === 'roll_back') && result === 'done' && atMs < ms,
  );
  return changes.at(-1)?.decision.model?.modelId ?? null;
}
