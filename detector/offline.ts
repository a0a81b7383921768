import { configHash } from '../core/config/hash.ts';
import type { StreamConfig } from '../core/config/stream.ts';
import { type Fault, ok, type Result } from '../core/errors.ts';
import { sha256Hex } from '../core/hash.ts';
import type { ControlEntry } from '../core/types.ts';
import { type Decoder, type LogRecord, noOutputs, type Outputs, yielded } from '../ingest/ports.ts';
import { Fold } from './fold.ts';
import { type DetectorParams, type EvidenceKind, saveModel } from './model.ts';
import { trainOnline } from './online/train.ts';
import type { TrainingRow } from './ports.ts';
import type { FormerLimits } from './reference.ts';
import { gatherSeries, type TrainingSummary, trainModel } from './train.ts';

export interface OfflineOptions {
  config: StreamConfig;
  decoder: Decoder;
  /** Train a first model by itself after training.windows windows, as a running stream does. */
  selfTrain: boolean;
  /** Keep the readings of all windows for `train`. */
  keepRows?: boolean;
  /** Called after each record or control entry that yielded something; the outputs are not used again. */
  onOutputs?: (outputs: Outputs) => void;
}

/** Identity of a model: its content. */
export const modelIdOf = (artifact: Uint8Array): string => sha256Hex(artifact).slice(0, 16);

/**
 * The fold over telemetry at rest: no log, no database, no clock. A first training happens at the very record that
 * completes training.windows, so a replay is a function of its input.
 */
export class OfflineRun {
  readonly fold: Fold;
  /** Readings of the windows so far, until the first training unless keepRows. */
  readonly rows: TrainingRow[] = [];
  /** Why the first training did not yield a model, if it did not. */
  trainingFault: Fault | null = null;
  readonly #o: OfflineOptions;
  #sequence = 0;
  #pendingTraining: boolean;

  constructor(options: OfflineOptions) {
    this.#o = options;
    this.fold = new Fold(options.config, options.decoder);
    this.#pendingTraining = options.selfTrain;
  }

  record(record: LogRecord): void {
    const out = noOutputs();
    this.fold.record(record, out);
    this.#deliver(out);
    if (this.#pendingTraining && out.verdicts.length > 0) this.#trainWhenDue(record.offset + 1);
  }

  /** Folds a recorded control entry; a recorded model switch ends self-training. */
  control(entry: ControlEntry, model?: Uint8Array): void {
    const out = noOutputs();
    this.fold.control(entry, out, model);
    this.#sequence = entry.sequence;
    if (entry.kind === 'model') this.#pendingTraining = false;
    this.#deliver(out);
  }

  /** Puts a model into service before the next record. */
  serve(artifact: Uint8Array, offset: number): void {
    const modelId = modelIdOf(artifact);
    const entry: ControlEntry = {
      kind: 'model',
      modelId,
      sha256: sha256Hex(artifact),
      offset,
      sequence: this.#sequence + 1,
    };
    this.control(entry, artifact);
  }

  /** Closes all windows that are still open, as a silent partition would in time. */
  finish(offset: number): void {
    const { sizeMs, allowedLatenessMs } = this.#o.config.window;
    const toMs = this.fold.watermarkMs + sizeMs + allowedLatenessMs;
    if (Number.isFinite(toMs)) this.control({ kind: 'watermark', toMs, offset, sequence: this.#sequence + 1 });
  }

  #deliver(out: Outputs): void {
    if (this.#pendingTraining || this.#o.keepRows === true) {
      for (const { entity, windowStartMs, readings } of out.verdicts) {
        this.rows.push({ entity, windowStartMs, features: readings.features, values: readings.values });
      }
    }
    if (yielded(out)) this.#o.onOutputs?.(out);
  }

  #trainWhenDue(offset: number): void {
    if (this.fold.longestHistory < this.#o.config.training.windows) return;
    this.#pendingTraining = false;
    const trained = trainArtifact(this.rows, this.#o.config, 'online');
    if (this.#o.keepRows !== true) this.rows.length = 0;
    if (trained.ok) this.serve(trained.value.artifact, offset);
    else this.trainingFault = trained.fault;
  }
}

/**
 * Trains on rows and packs the model as an artifact. A 'profile' model learns each entity's forecasts from its history;
 * an 'online' one is for a stream that has only just begun, whose entities go on learning their own tails. params: what a
 * search or the model before has found, instead of the configured ones. former: limits of the model before, for too few
 * rows to measure any.
 */
export function trainArtifact(
  rows: Iterable<TrainingRow>,
  config: StreamConfig,
  evidence: EvidenceKind = 'profile',
  params: Partial<DetectorParams> = {},
  former: FormerLimits | null = null,
): Result<{ artifact: Uint8Array; summary: TrainingSummary }> {
  const train = evidence === 'online' ? trainOnline : trainModel;
  const detector = { ...config.detector, ...params };
  const trained = train(
    gatherSeries(rows, config.training.maxWindows),
    { ...config, detector },
    configHash(config),
    former,
  );
  if (!trained.ok) return trained;
  return ok({ artifact: saveModel(trained.value.model), summary: trained.value.summary });
}
