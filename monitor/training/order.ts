import type { StreamConfig } from '../../core/config/stream.ts';
import type { Result } from '../../core/errors.ts';
import type { DetectorParams } from '../../detector/model.ts';
import type { TrainingRow } from '../../detector/ports.ts';
import type { FormerLimits } from '../../detector/reference.ts';
import type { TrainingSummary } from '../../detector/train.ts';
import type { Judged } from './compare.ts';
import type { EntityWindows } from './entity-windows.ts';
import type { GoldenSet } from './golden.ts';

/** What training and evaluation cost: wall and CPU milliseconds, and the memory of the process when they ended. */
export interface Cost {
  wallMs: number;
  cpuMs: number;
  memoryBytes: number;
}

/** Everything in an order can be cloned between threads. */
export interface TrainingOrder {
  config: StreamConfig;
  /** In the order of entity and time. */
  rows: readonly TrainingRow[];
  seed: number;
  /** Of the champion; empty for the configured ones. */
  params: Partial<DetectorParams>;
  /** Of the champion; null where it has none. */
  former: FormerLimits | null;
}

export interface Trained {
  artifact: Uint8Array;
  summary: TrainingSummary;
  cost: Cost;
}

export interface EvaluationOrder {
  config: StreamConfig;
  windows: readonly EntityWindows[];
  candidate: Uint8Array;
  champion: Uint8Array | null;
  /** Knots of the champion's combined score that are in force; left out, its own. */
  championKnots?: readonly number[];
  golden: GoldenSet | null;
  seed: number;
}

/** Where heavy work is done: beside the verdicts, never among them. Data errors are values; a dead thread throws. */
export interface TrainingWork {
  train(order: TrainingOrder, signal: AbortSignal): Promise<Result<Trained>>;
  evaluate(order: EvaluationOrder, signal: AbortSignal): Promise<Result<Judged>>;
}
