import type { Clock } from '../../core/clock.ts';
import type { StreamConfig } from '../../core/config/stream.ts';
import { ok } from '../../core/errors.ts';
import { modelIdOf } from '../../detector/offline.ts';
import type { TrainingRow } from '../../detector/ports.ts';
import type { EffectRunner, TrainingData } from '../../monitor/controller/ports.ts';
import { MemoryRegistry } from '../../monitor/memory/registry.ts';
import type { MonitorTables } from '../../monitor/memory/tables.ts';
import { compare } from '../../monitor/training/compare.ts';
import { trainingEffects } from '../../monitor/training/effects.ts';
import { MemoryGoldenSets } from '../../monitor/training/golden.ts';
import type { TrainingWork } from '../../monitor/training/order.ts';
import { trainOrder } from '../../monitor/training/retrain.ts';

/** Work takes no time here, so that the ledger does not depend on the machine. */
const NO_TIME: Pick<Clock, 'elapsed'> = { elapsed: () => 0 };
const NO_COST = { cpuMs: () => 0, memoryBytes: () => 0 };

export interface EffectsOptions {
  config: StreamConfig;
  tables: MonitorTables;
  data: TrainingData;
  /** Event time. */
  now: () => number;
  /** What training hands over is not what is evaluated. */
  badCandidate?: boolean;
}

/** The effects that serve, on data in memory and in this very thread. */
export function effectsOf({ config, tables, data, now, badCandidate = false }: EffectsOptions): EffectRunner {
  return trainingEffects({
    config: (stream) => (stream === config.name ? config : null),
    data,
    registry: new MemoryRegistry(tables, { now }),
    golden: new MemoryGoldenSets(),
    work: badCandidate ? swapped(IN_THIS_THREAD) : IN_THIS_THREAD,
    codeVersion: 'scenario',
  });
}

export const IN_THIS_THREAD: TrainingWork = {
  train: async (order) => trainOrder(order, NO_TIME, NO_COST),
  evaluate: async (order) => compare(order, NO_TIME),
};

/** Windows over which a bad candidate's training data are smoothed: what it takes for noise is far less than there is. */
const SMOOTHED = 18;

/**
 * Hands over a model of smoothed data, which calls ordinary noise anomalous, and has its honest twin evaluated: held-back
 * windows that were not like what came afterwards.
 */
function swapped(work: TrainingWork): TrainingWork {
  const twins = new Map<string, Uint8Array>();
  return {
    train: async (order, signal) => {
      const honest = await work.train(order, signal);
      const bad = await work.train({ ...order, rows: smoothed(order.rows) }, signal);
      if (!honest.ok || !bad.ok) return honest;
      twins.set(modelIdOf(bad.value.artifact), honest.value.artifact);
      return ok(bad.value);
    },
    evaluate: (order, signal) =>
      work.evaluate({ ...order, candidate: twins.get(modelIdOf(order.candidate)) ?? order.candidate }, signal),
  };
}

/** Running means of each entity, whose rows follow each other. */
function smoothed(rows: readonly TrainingRow[]): TrainingRow[] {
  let from = 0;
  return rows.map((row, i) => {
    if (rows[from]!.entity !== row.entity) from = i;
    from = Math.max(from, i - SMOOTHED + 1);
    const values = row.values.map((_, c) => {
      let sum = 0;
      let count = 0;
      for (let k = from; k <= i; k++) {
        const x = rows[k]!.values[c];
        if (x === undefined || Number.isNaN(x)) continue;
        sum += x;
        count++;
      }
      return count === 0 ? Number.NaN : sum / count;
    });
    return { ...row, values };
  });
}
