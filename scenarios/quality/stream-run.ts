import type { Clock } from '../../core/clock.ts';
import type { StreamConfig } from '../../core/config/stream.ts';
import { orThrow } from '../../core/errors.ts';
import type { Attribution, Verdict } from '../../core/types.ts';
import { OfflineRun, trainArtifact } from '../../detector/offline.ts';
import type { TrainingRow } from '../../detector/ports.ts';
import type { Decoder } from '../../ingest/ports.ts';
import { encodeKey, encodeTidewatchJson } from '../encode.ts';
import { type ColdSeries, START_MS, type TrainedEntity } from './pack.ts';
import type { Matrix } from './table-file.ts';

/** Train rows that fill the histories of an entity before its first test row. */
const WARM_UP_ROWS = 600;

/** How the telemetry of an evaluation runs: by the decoder, the fold and the configuration of production. */
export interface Runtime {
  config: StreamConfig;
  decoder: Decoder;
  clock: Clock;
}

/** What the production path made of the rows of one entity. */
export interface StreamRun {
  /** Severity of the window of each row; 0 before the first verdict. Above 1 it alarms. */
  severity: Float64Array;
  /** −log10 of its p-value: the same evidence, whatever threshold the entity has by now. */
  decades: Float64Array;
  attributions: (readonly Attribution[])[];
  /** Rows that the forest judged; the rest had the fallback or no verdict. */
  forestRows: number;
  trainMs: number;
  foldMs: number;
  artifactBytes: number;
}

/** One entity's rows as records of a log. */
export interface EncodedRows {
  entity: string;
  timesMs: Float64Array;
  records: readonly Uint8Array[];
}

const metricNames = (columns: number): string[] =>
  Array.from({ length: columns }, (_, c) => `m${String(c).padStart(2, '0')}`);

export function encodeRows(entity: string, rows: Matrix, timesMs: Float64Array): EncodedRows {
  const names = metricNames(rows.columns);
  const records = Array.from(timesMs, (timeMs, r) => {
    const values = Array.from(rows.values.subarray(r * rows.columns, (r + 1) * rows.columns));
    return encodeTidewatchJson({ entity, timeMs, names, values });
  });
  return { entity, timesMs, records };
}

/** The rows of an entity in event time: train from START_MS on, test after it without a gap. */
export function encodeEntity(entity: string, { train, test, periodMs }: TrainedEntity) {
  const times = (rows: number, fromRow: number) =>
    Float64Array.from({ length: rows }, (_, r) => START_MS + (fromRow + r) * periodMs);
  return {
    train: encodeRows(entity, train, times(train.rows, 0)),
    test: encodeRows(entity, test, times(test.rows, train.rows)),
  };
}

/** Feeds rows from..to of an entity; record offsets go on from `offset`. */
function feed(run: OfflineRun, rows: EncodedRows, from: number, to: number, offset: number): number {
  const key = encodeKey(rows.entity);
  for (let r = from; r < to; r++) {
    run.record({ offset: offset++, appendMs: rows.timesMs[r]!, key, value: rows.records[r]! });
  }
  return offset;
}

/** The windows of the train rows, as a worker would have stored them for training. */
export function trainingRows(runtime: Runtime, train: EncodedRows): TrainingRow[] {
  const run = new OfflineRun({ ...runtime, selfTrain: false, keepRows: true });
  run.finish(feed(run, train, 0, train.records.length, 0));
  return run.rows;
}

/** Trains on rows, then streams the test rows through a fold that serves the model. Throws what training objects to. */
export function runTrained(
  runtime: Runtime,
  rows: readonly TrainingRow[],
  data: { train: EncodedRows; test: EncodedRows },
): StreamRun {
  const { clock, config } = runtime;
  const { train, test } = data;
  const startedMs = clock.elapsed();
  const { artifact } = orThrow(trainArtifact(rows, config));
  const trainMs = clock.elapsed() - startedMs;
  const collected = new Collector(config, test.timesMs);
  const run = new OfflineRun({ ...runtime, selfTrain: false, onOutputs: (out) => collected.take(out.verdicts) });
  run.serve(artifact, 0);
  const warm = Math.max(0, train.records.length - WARM_UP_ROWS);
  let offset = feed(run, train, warm, train.records.length, 0);
  const foldStartedMs = clock.elapsed();
  offset = feed(run, test, 0, test.records.length, offset);
  run.finish(offset);
  return { ...collected.finish(), trainMs, foldMs: clock.elapsed() - foldStartedMs, artifactBytes: artifact.length };
}

/** Streams a series from its first row on; whatever is learned is learned from the past. */
export function runCold(runtime: Runtime, entity: string, series: ColdSeries): StreamRun {
  const { clock, config } = runtime;
  const matrix = { rows: series.values.length, columns: 1, values: series.values };
  const rows = encodeRows(entity, matrix, series.timesMs);
  const collected = new Collector(config, series.timesMs);
  const run = new OfflineRun({ ...runtime, selfTrain: true, onOutputs: (out) => collected.take(out.verdicts) });
  const startedMs = clock.elapsed();
  run.finish(feed(run, rows, 0, rows.records.length, 0));
  return { ...collected.finish(), trainMs: 0, foldMs: clock.elapsed() - startedMs, artifactBytes: 0 };
}

/** Brings verdicts back to the rows whose windows they judge. Rows of one window share its verdict. */
class Collector {
  readonly #hopMs: number;
  readonly #byWindow = new Map<number, Pick<Verdict, 'severity' | 'pValue' | 'attributions' | 'source'>>();
  readonly #timesMs: Float64Array;

  constructor(config: StreamConfig, timesMs: Float64Array) {
    this.#hopMs = config.window.hopMs;
    this.#timesMs = timesMs;
  }

  take(verdicts: readonly Verdict[]): void {
    for (const { windowStartMs, severity, pValue, attributions, source } of verdicts) {
      this.#byWindow.set(windowStartMs, { severity, pValue, attributions, source });
    }
  }

  finish(): {
    severity: Float64Array;
    decades: Float64Array;
    attributions: (readonly Attribution[])[];
    forestRows: number;
  } {
    const verdicts = Array.from(this.#timesMs, (timeMs) =>
      this.#byWindow.get(Math.floor(timeMs / this.#hopMs) * this.#hopMs),
    );
    return {
      severity: Float64Array.from(verdicts, (verdict) => verdict?.severity ?? 0),
      decades: Float64Array.from(verdicts, (verdict) => (verdict === undefined ? 0 : -Math.log10(verdict.pValue))),
      attributions: verdicts.map((verdict) => verdict?.attributions ?? []),
      forestRows: verdicts.filter((verdict) => verdict?.source === 'forest').length,
    };
  }
}
