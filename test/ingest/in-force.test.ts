import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ControlChange, ControlEntry } from '../../core/types.ts';
import { Fold } from '../../detector/fold.ts';
import { modelIdOf } from '../../detector/offline.ts';
import { inForce } from '../../ingest/in-force.ts';
import { decoder, makeModel, newOutputs, testConfig } from '../detector/make.ts';

const config = testConfig();
const artifacts = new Map([1, 2, 3].map((seed) => makeModel(config, ['a'], 1, seed)).map((m) => [modelIdOf(m), m]));
const [A, B, C] = [...artifacts.keys()] as [string, string, string];

const anyChange: fc.Arbitrary<ControlChange> = fc.oneof(
  fc.constantFrom(A, B, C).map((modelId): ControlChange => ({ kind: 'model', modelId, sha256: '' })),
  fc
    .tuple(fc.constantFrom(A, B, C, ''), fc.constantFrom(0, 0.5, 1))
    .map(([modelId, share]): ControlChange => ({ kind: 'challenger', modelId, sha256: '', share })),
  fc
    .tuple(fc.constantFrom(A, B, C, ''), fc.integer({ min: 2, max: 99 }))
    .map(([modelId, version]): ControlChange => ({ kind: 'calibration', modelId, version, alertRate: 1 / version })),
  fc
    .constantFrom('forest' as const, 'fallback' as const)
    .map((mode): ControlChange => ({ kind: 'mode', mode, reason: '' })),
);

/** What is in force in a fold after these entries. */
function after(entries: readonly ControlEntry[]) {
  const fold = new Fold(config, decoder);
  for (const entry of entries)
    fold.control(entry, newOutputs(), 'modelId' in entry ? artifacts.get(entry.modelId) : undefined);
  const { serving, mode, controlSequence } = fold.state;
  const lane = (served: typeof serving.challenger) =>
    served && [served.modelId, served.calibrationVersion, served.alertDecades];
  return {
    champion: lane(serving.champion),
    challenger: lane(serving.challenger),
    share: serving.share,
    mode,
    controlSequence,
  };
}

const sequenced = (changes: readonly ControlChange[]): ControlEntry[] =>
  changes.map((change, i) => ({ ...change, offset: i, sequence: i + 1 }));

test('a fresh fold that is given what is in force serves as one that was given everything', () => {
  fc.assert(
    fc.property(fc.array(anyChange, { maxLength: 14 }), (changes) => {
      const entries = sequenced(changes);
      const kept = inForce(entries, entries.length);
      expect(after(kept)).toEqual(after(entries));
    }),
    { numRuns: 400 },
  );
});

test('entries that come later all stay', () => {
  const entries = sequenced([
    { kind: 'mode', mode: 'fallback', reason: '' },
    { kind: 'mode', mode: 'forest', reason: '' },
    { kind: 'mode', mode: 'disabled', reason: '' },
    { kind: 'mode', mode: 'forest', reason: '' },
  ]);
  expect(inForce(entries, 1).map(({ sequence }) => sequence)).toEqual([2, 3, 4]);
});

test('a challenger that was promoted and whose predecessor was withdrawn needs one model alone', () => {
  const changes: ControlChange[] = [{ kind: 'model', modelId: A, sha256: '' }];
  for (let round = 0; round < 20; round++) {
    const modelId = round % 2 === 0 ? B : A;
    changes.push({ kind: 'challenger', modelId, sha256: '', share: 0 });
    changes.push({ kind: 'model', modelId, sha256: '' });
    changes.push({ kind: 'challenger', modelId: '', sha256: '', share: 0 });
  }
  const kept = inForce(sequenced(changes), changes.length);
  expect(kept.map((entry) => entry.sequence)).toEqual([changes.length - 1, changes.length]);
});

test('however often two models change places, a few entries lead to what is in force', () => {
  const swaps = fc.array(fc.constantFrom('swap', 'share', 'calibrate A', 'calibrate B'), {
    minLength: 1,
    maxLength: 120,
  });
  fc.assert(
    fc.property(swaps, (steps) => {
      const changes: ControlChange[] = [
        { kind: 'model', modelId: A, sha256: '' },
        { kind: 'challenger', modelId: B, sha256: '', share: 0.5 },
      ];
      let [champion, other] = [A, B];
      for (const [i, step] of steps.entries()) {
        if (step === 'swap') {
          [champion, other] = [other, champion];
          changes.push({ kind: 'model', modelId: champion, sha256: '' });
        } else if (step === 'share')
          changes.push({ kind: 'challenger', modelId: other, sha256: '', share: 1 / (i + 2) });
        else {
          const modelId = step === 'calibrate A' ? A : B;
          changes.push({ kind: 'calibration', modelId, version: i + 2, alertRate: 1 / (i + 2) });
        }
      }
      const entries = sequenced(changes);
      const kept = inForce(entries, entries.length);
      expect(kept.length).toBeLessThanOrEqual(8);
      expect(after(kept)).toEqual(after(entries));
    }),
    { numRuns: 60 },
  );
});
