import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { orThrow } from '../../core/errors.ts';
import { Random } from '../../core/random.ts';
import { loadModel, type StreamModel } from '../../detector/model.ts';
import { entityScales, scaleOf } from '../../detector/scales.ts';
import { makeModel, testConfig } from './make.ts';

describe('where values usually lie', () => {
  test('of a normal distribution, at its mean, and in standard deviations', () => {
    const random = new Random(1);
    const values = Float64Array.from({ length: 20_000 }, () => 500 + 20 * random.normal());
    const [median, scale] = scaleOf(values);
    expect(median).toBeCloseTo(500, -1);
    expect(scale / 20).toBeCloseTo(1, 1);
  });

  test('a few wild values hardly change it', () => {
    const random = new Random(2);
    const values = Float64Array.from({ length: 2_000 }, () => random.normal());
    const [, scale] = scaleOf(values);
    values.fill(40, 0, 5);
    expect(scaleOf(values)[1]).toBeLessThan(1.3 * scale);
  });

  test('of values that hardly ever leave their median, in a share of their standard deviation', () => {
    const values = Float64Array.from({ length: 1_000 }, (_, i) => (i % 10 === 0 ? 5 : 0));
    expect(scaleOf(values)).toEqual([0, expect.closeTo(0.25 * 1.5, 9)]);
  });

  test('of a constant, so that any change of it is a large one', () => {
    for (const constant of [0, 1e-9, 3, -7e12]) {
      const [median, scale] = scaleOf(new Float64Array(100).fill(constant));
      expect(median).toBe(constant);
      expect(scale).toBeGreaterThan(0);
      if (Math.abs(constant) > 1) expect((0.5 * Math.abs(constant)) / scale).toBeGreaterThan(1);
    }
  });

  test('of nothing but missing values, nowhere', () => {
    expect(scaleOf([])).toEqual([Number.NaN, 1]);
    expect(scaleOf([Number.NaN, Number.NaN])).toEqual([Number.NaN, 1]);
  });

  test('missing values and the order of values make no difference, and the scale is above 0', () => {
    const value = fc.oneof(fc.double({ min: -1e12, max: 1e12, noNaN: true }), fc.integer({ min: 0, max: 3 }));
    fc.assert(
      fc.property(fc.array(value, { minLength: 1 }), (values) => {
        const [median, scale] = scaleOf(values);
        const sorted = [...values].sort((a, b) => a - b);
        expect(median).toBeGreaterThanOrEqual(sorted[0]!);
        expect(median).toBeLessThanOrEqual(sorted.at(-1)!);
        expect(scale > 0 && Number.isFinite(scale)).toBe(true);
        expect(scaleOf([Number.NaN, ...values])[0]).toBe(median);
        const [again, same] = scaleOf([...values].reverse());
        expect(again).toBe(median);
        expect(same).toBeCloseTo(scale, 6 - Math.max(0, Math.ceil(Math.log10(scale))));
      }),
    );
  });
});

describe('scales of an entity', () => {
  const model = orThrow(loadModel(makeModel(testConfig(), ['a', 'b'], 2)));

  test('come of its profile, feature by feature in the order of the reference', () => {
    const scales = entityScales(model, 'b')!;
    expect(scales).toHaveLength(2 * model.reference!.features.length);
    // entities of these tests lie about 100 apart
    expect(scales[0]! - entityScales(model, 'a')![0]!).toBeGreaterThan(50);
    expect(scales[1]).toBeGreaterThan(0);
  });

  test('an entity that the model does not know has none, nor has a model without a reference', () => {
    expect(entityScales(model, 'stranger')).toBeNull();
    expect(entityScales({ ...model, reference: null } as StreamModel, 'a')).toBeNull();
  });

  test('a feature that the entity did not have in training lies nowhere', () => {
    const features = [...model.reference!.features, { ...model.reference!.features[0]!, name: 'zz__mean__10s' }];
    const wider = { ...model, reference: { ...model.reference!, features } } as StreamModel;
    expect([...entityScales(wider, 'a')!].slice(-2)).toEqual([Number.NaN, 1]);
  });

  test('of a model without profiles are those kept in its reference', () => {
    const kept = new Map([['a', Float32Array.of(1, 2, 3, 4)]]);
    const online = { ...model, reference: { ...model.reference!, scales: kept } } as StreamModel;
    expect(entityScales(online, 'a')).toBe(kept.get('a'));
    expect(entityScales(online, 'b')).toBeNull();
  });
});
