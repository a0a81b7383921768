import { type StreamConfig, streamConfig } from '../../core/config/stream.ts';
import { Random } from '../../core/random.ts';
import type { Sample } from '../../core/types.ts';
import { Fold } from '../../detector/fold.ts';
import { trainArtifact } from '../../detector/offline.ts';
import type { TrainingRow } from '../../detector/ports.ts';
import type { Decoder, LogRecord, Outputs } from '../../ingest/ports.ts';

/** A stream with small windows and short trainings. */
export const testConfig = (more: object = {}): StreamConfig =>
  streamConfig.parse({
    name: 's',
    window: { size: '10s', allowedLateness: '2s' },
    training: { windows: 64, minWindows: 64 },
    ...more,
  });

/** Records of these tests hold JSON lists of samples, or a word that stands for a broken record. */
export const decoder: Decoder = (value, _appendMs, sink) => {
  const text = new TextDecoder().decode(value);
  if (!text.startsWith('[')) return sink.fault({ code: 'record_not_json', detail: text });
  for (const sample of JSON.parse(text) as Sample[]) sink.sample(sample);
};

export const recordOf = (offset: number, appendMs: number, samples: Sample[] | string): LogRecord => ({
  offset,
  appendMs,
  key: null,
  value: new TextEncoder().encode(typeof samples === 'string' ? samples : JSON.stringify(samples)),
});

export const newOutputs = (): Outputs => ({ verdicts: [], incidents: [], deadLetters: [], profiles: [] });

/** Windows of correlated metrics: m0 leads, the others follow with noise of their own. */
export function makeRows(entities: readonly string[], windows: number, metrics: number, seed = 1): TrainingRow[] {
  const random = new Random(seed);
  const features = Array.from({ length: metrics }, (_, m) => `m${m}__mean__10s`);
  const rows: TrainingRow[] = [];
  for (const [e, entity] of entities.entries()) {
    let level = 0;
    for (let w = 0; w < windows; w++) {
      level = 0.9 * level + random.normal();
      const values = Float64Array.from(features, (_, m) => (e + 1) * 100 + 10 * level + (m + 1) * random.normal());
      rows.push({ entity, windowStartMs: w * 10_000, features, values });
    }
  }
  return rows;
}

/** A small model of the given entities and metrics m0 …, as an artifact. */
export function makeModel(config: StreamConfig, entities: readonly string[], metrics: number, seed = 1): Uint8Array {
  const trained = trainArtifact(makeRows(entities, 400, metrics, seed), config);
  if (!trained.ok) throw new Error(trained.fault.detail);
  return trained.value.artifact;
}

/** Folds a log to its end; the fold and everything it put out. */
export function foldAll(
  config: StreamConfig,
  log: readonly LogRecord[],
  fold = new Fold(config, decoder),
): { fold: Fold; out: Outputs } {
  const out = newOutputs();
  for (const record of log) fold.record(record, out);
  return { fold, out };
}
