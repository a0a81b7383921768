import type { Incident } from '../../core/types.ts';
import type { TrainingRow } from '../../detector/ports.ts';
import type { Effect, EffectResult, Evaluation, Lineage, ModelRef } from '../types.ts';

/** Carries out what a decision asked for. Repeating an effect of the same id changes nothing more. */
export interface EffectRunner {
  run(effect: Effect, signal: AbortSignal): Promise<EffectResult>;
}

/** What somebody said of a window or an incident. */
export interface Label {
  id: string;
  stream: string;
  entity: string;
  /** Windows that start in [fromMs, toMs). */
  fromMs: number;
  toMs: number;
  label: 'anomalous' | 'normal';
  /** Incident that it answers, or null for a sampled quiet window. */
  incident: string | null;
  /** One over the probability that it was offered. */
  weight: number;
  note: string;
  actor: string;
  /** Wall clock. */
  createdMs: number;
}

/** What training and evaluation read of a stream. Implemented by store/, and by scenarios in memory. */
export interface TrainingData {
  /** Readings of windows that start in [fromMs, toMs), by entity, each in the order of time. */
  rows(stream: string, fromMs: number, toMs: number): AsyncIterable<TrainingRow>;
  incidents(stream: string, fromMs: number, toMs: number): Promise<Incident[]>;
  /** Newest first; of several about one window the newest holds. */
  labels(stream: string, fromMs: number, toMs: number): Promise<Label[]>;
  /** Combined scores of forest verdicts off probation that start in [fromMs, toMs), with their windows. */
  scores(stream: string, modelId: string, fromMs: number, toMs: number): AsyncIterable<ScoredWindow>;
}

export interface ScoredWindow {
  entity: string;
  windowStartMs: number;
  score: number;
  pValue: number;
  severity: number;
}

export interface RegisteredModel {
  id: string;
  stream: string;
  sha256: string;
  sizeBytes: number;
  lineage: Lineage | null;
  evaluation: Evaluation | null;
  keep: boolean;
  createdMs: number;
  roles: readonly ('champion' | 'challenger' | 'last_good')[];
}

/** Models by id. Implemented by store/, and in memory. */
export interface Registry {
  /** Idempotent. Throws artifact_too_large, artifact_mismatch. */
  put(stream: string, modelId: string, artifact: Uint8Array, lineage: Lineage): Promise<ModelRef>;
  get(modelId: string): Promise<Uint8Array | null>;
  evaluated(modelId: string, evaluation: Evaluation): Promise<void>;
  list(stream?: string): Promise<RegisteredModel[]>;
  keep(modelId: string, keep: boolean): Promise<void>;
  /** Removes models that have no role, are not kept and are not among the newest `most` of their stream; their ids. */
  prune(stream: string, most: number): Promise<string[]>;
}
