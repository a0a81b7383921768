import { Random } from '../../core/random.ts';
import type { ControlChange, Sample } from '../../core/types.ts';
import { Fold } from '../../detector/fold.ts';
import { modelIdOf } from '../../detector/offline.ts';
import type { LogRecord, Outputs } from '../../ingest/ports.ts';
import { decoder, makeModel, newOutputs, recordOf, testConfig } from './make.ts';

/** Two models of three entities, a log of them, and a fold that is given changes on the way. */
export const config = testConfig({ profile: { grain: '1m', interval: '10m' } });
export const ENTITIES = ['a', 'b', 'c'];
export const artifacts = new Map(
  [1, 2].map((seed) => makeModel(config, ENTITIES, 3, seed)).map((m) => [modelIdOf(m), m]),
);
export const [A, B] = [...artifacts.keys()] as [string, string];

export const model = (modelId: string): ControlChange => ({ kind: 'model', modelId, sha256: '' });
export const challenger = (modelId: string, share: number): ControlChange => ({
  ...{ kind: 'challenger', modelId, sha256: '', share },
});
export const calibration = (modelId: string, version: number, alertRate: number): ControlChange => ({
  ...{ kind: 'calibration', modelId, version, alertRate },
});

/** Entities as in training, five points a window, and one that the models do not know; m2 drops out where `without` says. */
export function logOf(windows: number, without: (window: number) => boolean = () => false): LogRecord[] {
  const random = new Random(7);
  const log: LogRecord[] = [];
  for (let w = 0; w < windows; w++) {
    for (const [e, entity] of [...ENTITIES, 'newcomer'].entries()) {
      const level = random.normal();
      for (let i = 0; i < 5; i++) {
        const names = without(w) ? ['m0', 'm1'] : ['m0', 'm1', 'm2'];
        const values = names.map((_, m) => (e + 1) * 100 + 10 * level + (m + 1) * random.normal());
        const sample: Sample = { entity, timeMs: w * 10_000 + i * 2_000, names, values };
        log.push(recordOf(log.length, sample.timeMs, [sample]));
      }
    }
  }
  return log;
}

export type Schedule = ReadonlyMap<number, readonly ControlChange[]>;

export function run(
  log: readonly LogRecord[],
  schedule: Schedule,
  fold = new Fold(config, decoder),
  out = newOutputs(),
) {
  for (const record of log) {
    for (const change of schedule.get(record.offset) ?? []) control(fold, change, record.offset, out);
    fold.record(record, out);
  }
  return { fold, out };
}

export function control(fold: Fold, change: ControlChange, offset: number, out: Outputs): void {
  const artifact = 'modelId' in change ? artifacts.get(change.modelId) : undefined;
  fold.control({ ...change, offset, sequence: fold.controlSequence + 1 } as never, out, artifact);
}

export const log = logOf(60);
/** Offset at which a window begins. */
export const at = (window: number) => window * 20;
