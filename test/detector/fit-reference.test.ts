import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { streamConfig } from '../../core/config/stream.ts';
import { Random } from '../../core/random.ts';
import { total } from '../../core/stats/histogram.ts';
import { fitReference, type ReferenceInput, TOP_FEATURES } from '../../detector/fit-reference.ts';
import { mixBucket } from '../../detector/interval-counts.ts';
import type { TimedSeries } from '../../detector/train.ts';
import { makeSeries, scalesOfSeries } from './make-series.ts';

const CONFIG = streamConfig.parse({ name: 's', window: { size: '1m' } });
const BINS = CONFIG.profile.bins;

const profiled = (series: ReadonlyMap<string, TimedSeries>, more: Partial<ReferenceInput> = {}) =>
  fitReference({
    series,
    scalesOf: scalesOfSeries(series),
    scores: new Float64Array(0),
    weights: new Map(),
    keepScales: false,
    former: null,
    config: CONFIG,
    ...more,
  });

const normal = (names: readonly string[], rows: number, seed: number, level = 0, scale = 1) => {
  const random = new Random(seed);
  return makeSeries(names, rows, () => level + scale * random.normal());
};

describe('a reference profile', () => {
  test('has bins of equal shares that cover every value of training', () => {
    const { features } = profiled(new Map([['one', normal(['a', 'b'], 5_000, 1)]]));
    for (const { place } of features) {
      expect(place.edges).toHaveLength(BINS + 1);
      expect(place.counts[0]! + place.counts.at(-2)!).toBe(0);
      for (const n of place.counts.subarray(1, 1 + BINS)) expect(n / 5_000).toBeCloseTo(1 / BINS, 2);
    }
  });

  test('counts each value in its own entity, so that entities of any size count together', () => {
    const small = normal(['a'], 4_000, 2, 10, 1);
    const large = normal(['a'], 4_000, 3, 1e6, 5e4);
    const [feature] = profiled(
      new Map([
        ['small', small],
        ['large', large],
      ]),
    ).features;
    expect(feature!.place.edges[0]).toBeGreaterThan(-6);
    expect(feature!.place.edges.at(-1)).toBeLessThan(6);
  });

  test('ties are not divided, constants have one bin, and whatever the values are each is counted once', () => {
    const value = fc.oneof(
      fc.integer({ min: 0, max: 3 }),
      fc.double({ min: -1e30, max: 1e30 }),
      fc.constant(Number.NaN),
    );
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 60 }), (values) => {
        const { features } = profiled(new Map([['one', makeSeries(['a'], values.length, (row) => values[row]!)]]));
        const { place, missing, ratio } = features[0]!;
        const gone = values.filter(Number.isNaN).length;
        expect(missing).toBeCloseTo(gone / values.length, 12);
        if (gone === values.length) return;
        expect(total(place)).toBe(values.length);
        expect(ratio.reduce((sum, n) => sum + n, 0)).toBe(values.length);
        expect([...place.edges].every((x, i) => Number.isFinite(x) && (i === 0 || x >= place.edges[i - 1]!))).toBe(
          true,
        );
      }),
    );
    const constant = profiled(new Map([['one', makeSeries(['a'], 100, () => 7)]])).features[0]!;
    expect([...constant.place.edges]).toEqual([0, 0]);
    expect(constant.place.counts[1]).toBe(100);
  });

  test('of one row of one entity is a profile all the same, without limits', () => {
    const reference = profiled(new Map([['one', makeSeries(['a'], 1, () => 3)]]));
    expect(reference).toMatchObject({ windows: 1, entities: 1, spanMs: 60_000, limits: null });
    expect(total(reference.features[0]!.place)).toBe(1);
  });

  test('of nothing is empty', () => {
    expect(profiled(new Map())).toMatchObject({ features: [], windows: 0, entities: 0, spanMs: 0, limits: null });
  });

  test('knows a feature by the entities that have it; the others do not miss it', () => {
    const { features } = profiled(
      new Map([
        ['one', normal(['a', 'b'], 100, 4)],
        ['two', normal(['a'], 300, 5)],
      ]),
    );
    expect(features.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(features.map(({ place }) => total(place))).toEqual([400, 100]);
    expect(features[1]!.missing).toBe(0);
  });

  test('counts of log events are no features of it', () => {
    const { features } = profiled(new Map([['one', normal(['a__mean__1m', 'log.error__sum__1m'], 50, 6)]]));
    expect(features.map(({ metric }) => metric)).toEqual(['a']);
  });

  test('counts windows by the bucket of their entity', () => {
    const names = Array.from({ length: 20 }, (_, e) => `host-${e}`);
    const { mix, windows } = profiled(new Map(names.map((name, e) => [name, normal(['a'], 10 + e, e)])));
    const wanted = new Float64Array(mix.length);
    names.forEach((name, e) => {
      wanted[mixBucket(name)]! += 10 + e;
    });
    expect(mix).toEqual(wanted);
    expect(windows).toBe(390);
  });

  test('puts the features that lead the evidence first, ten at most', () => {
    const names = Array.from({ length: 14 }, (_, c) => `f${String(c).padStart(2, '0')}`);
    const weights = new Map([
      ['f03', 9],
      ['f11', 5],
    ]);
    const { top } = profiled(new Map([['one', normal(names, 50, 7)]]), { weights });
    expect(top).toHaveLength(TOP_FEATURES);
    expect([...top.subarray(0, 3)]).toEqual([3, 11, 0]);
  });

  test('of the same rows in any order of entities is the same', () => {
    const entries = ['c', 'a', 'b'].map((name, e) => [name, normal(['x'], 200, e, 10 * e)] as const);
    const one = profiled(new Map(entries));
    const other = profiled(new Map([...entries].reverse()));
    expect(other.features[0]!.place.counts).toEqual(one.features[0]!.place.counts);
    expect(other.mix).toEqual(one.mix);
  });

  test('keeps scales of entities only for models without profiles', () => {
    const series = new Map([['one', normal(['a'], 100, 8)]]);
    expect(profiled(series).scales).toBeNull();
    expect([...profiled(series, { keepScales: true }).scales!.keys()]).toEqual(['one']);
  });
});
