import type { StreamConfig } from '../../core/config/stream.ts';
import { ok, type Result } from '../../core/errors.ts';
import { OfflineRun, trainArtifact } from '../../detector/offline.ts';
import type { TrainingRow } from '../../detector/ports.ts';
import type { TrainingSummary } from '../../detector/train.ts';
import type { DecodeSink, LogRecord } from '../../ingest/ports.ts';
import { Fleet } from '../../scenarios/fleet/fleet.ts';
import type { FleetState } from '../../scenarios/fleet/state.ts';
import { threadBeside } from '../thread.ts';

/** What a training thread is to do. Everything in it can be cloned between threads. */
export type TrainingOrder =
  | { kind: 'rows'; config: StreamConfig; rows: TrainingRow[] }
  | { kind: 'fleet'; config: StreamConfig; seed: number; startMs: number; endMs: number; stepMs: number };

export interface Trained {
  artifact: Uint8Array;
  summary: TrainingSummary;
  /** Where the fleet stands after its history; null for other orders. */
  fleet: FleetState | null;
}
export type TrainingAnswer = Result<Trained>;

/**
 * Trains in a thread of its own, so that verdicts never wait for it; a process that has nothing else left to do does
 * not wait for it either. Throws when the thread dies.
 */
export function trainInThread(order: TrainingOrder): Promise<TrainingAnswer> {
  return new Promise((resolve, reject) => {
    const worker = threadBeside(import.meta.url, 'training-thread', { order });
    worker.unref();
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`the training thread ended with code ${code}`)));
  });
}

/** The work itself, in whatever thread. */
export async function carryOut(order: TrainingOrder): Promise<TrainingAnswer> {
  if (order.kind === 'rows') {
    const trained = trainArtifact(order.rows, order.config, 'online');
    return trained.ok ? ok({ ...trained.value, fleet: null }) : trained;
  }
  const { rows, fleet } = fleetHistory(order);
  const trained = trainArtifact(rows, order.config, 'profile');
  return trained.ok ? ok({ ...trained.value, fleet }) : trained;
}

/** Lives through the fleet's past: its windows by the same fold that will serve it, without the bytes in between. */
function fleetHistory(order: Extract<TrainingOrder, { kind: 'fleet' }>): { rows: TrainingRow[]; fleet: FleetState } {
  const fleet = new Fleet({ seed: order.seed, startMs: order.startMs, stepMs: order.stepMs });
  const record: LogRecord = { offset: 0, appendMs: 0, key: null, value: new Uint8Array(0) };
  const step = (_value: Uint8Array, _appendMs: number, sink: DecodeSink) => fleet.step(sink);
  const run = new OfflineRun({ config: order.config, decoder: step, selfTrain: false, keepRows: true });
  while (fleet.timeMs < order.endMs) {
    record.appendMs = fleet.timeMs;
    run.record(record);
    record.offset++;
  }
  return { rows: run.rows, fleet: fleet.save() };
}
