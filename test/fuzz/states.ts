import type { Result } from '../../core/errors.ts';
import { Fold } from '../../detector/fold.ts';
import { loadModel } from '../../detector/model.ts';
import { decoder, makeModel, newOutputs, recordOf, testConfig } from '../detector/make.ts';
import { badFault, damaged, type Target } from './target.ts';

const config = testConfig();

function savedState(): Uint8Array {
  const fold = new Fold(config, decoder);
  for (let i = 0; i < 40; i++) {
    const sample = { entity: `e${i % 3}`, timeMs: i * 4000, names: ['m0', 'm1'], values: [i, -i] };
    fold.record(recordOf(i, i * 4000, [sample]), newOutputs());
  }
  return fold.save();
}

/** Made when first asked for: training takes a moment. */
function lazily(make: () => Uint8Array): (seed: number) => Generator<Uint8Array> {
  let good: Uint8Array[] | null = null;
  return (seed) => {
    good ??= [make()];
    return damaged(seed, good);
  };
}

const outcome = (result: Result<unknown>): string | null => (result.ok ? null : badFault(result.fault));

export const stateTargets: readonly Target[] = [
  {
    name: 'state',
    share: 0.004,
    inputs: lazily(savedState),
    check: (input) => outcome(Fold.restore(config, decoder, input)),
  },
  {
    name: 'artifact',
    share: 0.002,
    inputs: lazily(() => makeModel(config, ['a', 'b'], 3)),
    check: (input) => outcome(loadModel(input)),
  },
];
