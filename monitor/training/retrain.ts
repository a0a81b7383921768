import type { Clock } from '../../core/clock.ts';
import { ok, type Result } from '../../core/errors.ts';
import type { EvidenceKind } from '../../detector/model.ts';
import { trainArtifact } from '../../detector/offline.ts';
import type { TrainingRow } from '../../detector/ports.ts';
import type { Trained, TrainingOrder } from './order.ts';

/** Share of the entities that must have enough windows for profiles of their own; else entities learn online. */
const PROFILED_SHARE = 0.5;

/** CPU time and memory of the process that does the work. */
export interface Meter {
  cpuMs(): number;
  memoryBytes(): number;
}

export const processMeter: Meter = {
  cpuMs: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  },
  memoryBytes: () => process.memoryUsage.rss(),
};

/** 'profile' where most entities have training.minWindows windows, else 'online'. */
export function evidenceFor(rows: readonly TrainingRow[], minWindows: number): EvidenceKind {
  const windows = new Map<string, number>();
  for (const { entity } of rows) windows.set(entity, (windows.get(entity) ?? 0) + 1);
  let enough = 0;
  for (const count of windows.values()) if (count >= minWindows) enough++;
  return enough > 0 && enough >= windows.size * PROFILED_SHARE ? 'profile' : 'online';
}

/**
 * The work of a training order, in whatever thread. The artifact is a function of rows, configuration, parameters and
 * seed; the cost is not. Faults: too_little_data.
 */
export function trainOrder(order: TrainingOrder, clock: Pick<Clock, 'elapsed'>, meter = processMeter): Result<Trained> {
  const startedMs = clock.elapsed();
  const startedCpuMs = meter.cpuMs();
  const { config, rows, params, seed, former } = order;
  // beside the parameters and not in the configuration, whose hash the model bears
  const seeded = { ...params, seed };
  const trained = trainArtifact(rows, config, evidenceFor(rows, config.training.minWindows), seeded, former);
  if (!trained.ok) return trained;
  const wallMs = clock.elapsed() - startedMs;
  const cost = { wallMs, cpuMs: meter.cpuMs() - startedCpuMs, memoryBytes: meter.memoryBytes() };
  return ok({ ...trained.value, cost });
}
