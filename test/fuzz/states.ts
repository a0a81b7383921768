import { createHash } from 'node:crypto';
import type { Result } from '../../core/errors.ts';
import { Fold } from '../../detector/fold.ts';
import { loadModel } from '../../detector/model.ts';
import { modelIdOf } from '../../detector/offline.ts';
import { TableModel } from '../../detector/table.ts';
import { decoder, makeModel, newOutputs, recordOf, testConfig } from '../detector/make.ts';
import { badFault, damaged, type Target } from './target.ts';

const config = testConfig();
/** A small forest, so that reading it takes little time. */
const small = testConfig({ detector: { trees: 4, sampleSize: 32 } });
const STEP_MS = 4000;
const RECORDS = 40;
const HASH_BYTES = 32;

/** A fold in mid-stream: open windows, open incidents, a newcomer that learns its baseline. */
function savedState(model?: Uint8Array): Uint8Array {
  const fold = new Fold(small, decoder);
  if (model !== undefined) {
    const modelId = modelIdOf(model);
    fold.control({ kind: 'model', modelId, sha256: '', offset: 0, sequence: 1 }, newOutputs(), model);
  }
  for (let i = 0; i < RECORDS; i++) fold.record(beat(i, i % 7 === 0 ? 1e9 : i), newOutputs());
  return fold.save();
}

const beat = (i: number, value: number) =>
  recordOf(i, i * STEP_MS, [
    { entity: 'abn'[i % 3]!, timeMs: i * STEP_MS, names: ['m0', 'm1'], values: [value, -value] },
  ]);

/** Made when first asked for: training takes a moment. */
function lazily(make: () => Uint8Array): () => Uint8Array {
  let made: Uint8Array | null = null;
  return () => {
    made ??= make();
    return made;
  };
}

const model = lazily(() => makeModel(small, ['a', 'b'], 2));
const table = lazily(() =>
  TableModel.fit(
    Float64Array.from({ length: 192 }, (_, i) => (i * 7919) % 101),
    3,
    { seed: 1, trees: 4 },
  ).save(),
);

function* inputs(seed: number, make: () => Uint8Array): Generator<Uint8Array> {
  yield* damaged(seed, [make()]);
}

/** Damage inside a container whose hash is right, as a hostile writer would leave it. */
function* rehashed(seed: number, make: () => Uint8Array): Generator<Uint8Array> {
  for (const bytes of damaged(seed, [make().slice(0, -HASH_BYTES)]))
    yield Buffer.concat([bytes, createHash('sha256').update(bytes).digest()]);
}

const outcome = (result: Result<unknown>): string | null => (result.ok ? null : badFault(result.fault));

/** A state that is taken must serve: the next records and saving it again throw nothing either. */
function goesOn(restored: Result<Fold>): string | null {
  if (!restored.ok) return badFault(restored.fault);
  for (let i = RECORDS; i < RECORDS + 6; i++) restored.value.record(beat(i, i), newOutputs());
  restored.value.save();
  return null;
}

export const stateTargets: readonly Target[] = [
  {
    name: 'state',
    share: 0.02,
    inputs: (seed) =>
      inputs(
        seed,
        lazily(() => savedState()),
      ),
    check: (input) => goesOn(Fold.restore(small, decoder, input)),
  },
  {
    name: 'state with a model',
    share: 0.02,
    inputs: (seed) =>
      inputs(
        seed,
        lazily(() => savedState(model())),
      ),
    check: (input) => goesOn(Fold.restore(small, decoder, input, model())),
  },
  {
    name: 'artifact',
    share: 0.002,
    inputs: (seed) =>
      inputs(
        seed,
        lazily(() => makeModel(config, ['a', 'b'], 3)),
      ),
    check: (input) => outcome(loadModel(input)),
  },
  {
    name: 'artifact behind its hash',
    share: 0.02,
    inputs: (seed) => rehashed(seed, model),
    check: (input) => outcome(loadModel(input)),
  },
  {
    name: 'table behind its hash',
    share: 0.02,
    inputs: (seed) => rehashed(seed, table),
    check: (input) => outcome(TableModel.load(input)),
  },
];
