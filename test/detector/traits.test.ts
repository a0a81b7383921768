import { expect, test } from 'vitest';
import { Random } from '../../core/random.ts';
import { saveModel } from '../../detector/model.ts';
import { NON_NEGATIVE } from '../../detector/profile.ts';
import { gatherSeries, trainModel } from '../../detector/train.ts';
import { withTraits } from '../../detector/traits.ts';
import { makeRows, testConfig } from './make.ts';

const MAX_ARTIFACT_BYTES = 20_000_000;

test('a feature counts as non-negative when no entity of its kind ever had it below zero', () => {
  const rows = makeRows(['a', 'b'], 80, 2).map((row, i) => ({
    ...row,
    values: row.values.map((x, c) => (c === 1 && i === 100 ? -1 : Math.abs(x))),
  }));
  const series = withTraits(gatherSeries(rows));
  expect([...series.get('a')!.traits].map((trait) => trait & NON_NEGATIVE)).toEqual([NON_NEGATIVE, 0]);
  expect(series.get('b')!.traits).toBe(series.get('a')!.traits);
});

/** A few more than have room. */
const ENTITIES = 2_000;

test('entities that have no room in a model of 20 MB are left out by name, and the model can be saved', () => {
  const random = new Random(1);
  const features = Array.from({ length: 60 }, (_, c) => `m${c}__mean__10s`);
  const values = Float64Array.from({ length: 64 * features.length }, () => random.normal());
  const series = new Map(
    Array.from({ length: ENTITIES }, (_, e) => [
      `e${String(e).padStart(5, '0')}`,
      {
        features,
        metrics: features,
        traits: new Uint8Array(features.length),
        rows: 64,
        values,
        startsMs: new Float64Array(64),
      },
    ]),
  );
  const trained = trainModel(series, testConfig(), 'test');
  if (!trained.ok) throw new Error(trained.fault.detail);
  const { model, summary } = trained.value;
  expect(summary.entities).toBeLessThan(ENTITIES);
  expect(summary.leftOut).toHaveLength(ENTITIES - summary.entities);
  expect(summary.leftOut.at(-1)).toContain(`e0${ENTITIES - 1}: no room`);
  const bytes = saveModel(model).length;
  expect(bytes).toBeLessThan(MAX_ARTIFACT_BYTES);
  expect(bytes).toBeGreaterThan(0.8 * MAX_ARTIFACT_BYTES);
}, 60_000);
