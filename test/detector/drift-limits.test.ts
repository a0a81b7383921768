import { describe, expect, test } from 'vitest';
import { streamConfig } from '../../core/config/stream.ts';
import { Random } from '../../core/random.ts';
import { driftedFeatures, limitsFor, MIN_BLOCKS } from '../../detector/drift-limits.ts';
import { fitReference } from '../../detector/fit-reference.ts';
import type { ReferenceProfile } from '../../detector/reference.ts';
import type { TimedSeries } from '../../detector/train.ts';
import { makeSeries, scalesOfSeries } from './make-series.ts';

const HOUR_MS = 3_600_000;
/** A window a minute, and intervals of an hour. */
const configFor = (falseAlarmsPerWeek = 1) =>
  streamConfig.parse({
    name: 's',
    window: { size: '1m' },
    profile: { interval: '1h', grain: '1h' },
    policy: { falseAlarmsPerWeek },
  });

function referenceOf(series: ReadonlyMap<string, TimedSeries>, falseAlarmsPerWeek = 1): ReferenceProfile {
  return fitReference({
    series,
    scalesOf: scalesOfSeries(series),
    scores: new Float64Array(0),
    weights: new Map(),
    keepScales: true,
    former: null,
    config: configFor(falseAlarmsPerWeek),
  });
}

/** Levels that wander from hour to hour by so many standard deviations of what is within an hour. */
const wandering = (hours: number, by: number, seed = 1) => {
  const random = new Random(seed);
  const levels = Array.from({ length: hours }, () => by * random.normal());
  return new Map([
    [
      'one',
      makeSeries(['a', 'b'], hours * 60, (row, c) => (c === 0 ? levels[Math.floor(row / 60)]! : 0) + random.normal()),
    ],
  ]);
};

describe('limits of drift', () => {
  test('are null with too few blocks, and never a guess', () => {
    expect(referenceOf(wandering(MIN_BLOCKS - 1, 0)).limits).toBeNull();
    expect(referenceOf(wandering(MIN_BLOCKS, 0)).limits).toMatchObject({ blocks: MIN_BLOCKS, blockMs: HOUR_MS });
  });

  test('rise as fewer false alarms are allowed, of every feature', () => {
    const series = wandering(72, 0.3);
    const rates = [0.01, 0.1, 1, 10, 50, 100].map((rate) => referenceOf(series, rate).limits!);
    for (const key of ['psi', 'ks', 'psiAlone'] as const)
      for (let i = 1; i < rates.length; i++)
        for (let f = 0; f < 2; f++) expect(rates[i]![key][f]!).toBeLessThanOrEqual(rates[i - 1]![key][f]!);
    expect(rates[0]!.psi[0]!).toBeGreaterThan(1.2 * rates[5]!.psi[0]!);
  });

  test('are wider for a feature that wanders', () => {
    const { psi, ks } = referenceOf(wandering(72, 1)).limits!;
    expect(psi[0]).toBeGreaterThan(3 * psi[1]!);
    expect(ks[0]).toBeGreaterThan(2 * ks[1]!);
  });

  test('for one feature alone are as wide as those for a tenth of them, or wider', () => {
    const random = new Random(3);
    const names = Array.from({ length: 30 }, (_, c) => `f${String(c).padStart(2, '0')}`);
    const series = new Map([['one', makeSeries(names, 48 * 60, () => random.normal())]]);
    const { psi, psiAlone } = referenceOf(series).limits!;
    for (let f = 0; f < 30; f++) expect(psiAlone[f]).toBeGreaterThanOrEqual(psi[f]!);
  });

  test('come of the rows of training alone: the same rows give the same limits, whatever follows them', () => {
    const whole = wandering(96, 0.5).get('one')!;
    const rows = 48 * 60;
    const head = { ...whole, rows, values: whole.values.slice(0, rows * 2), startsMs: whole.startsMs.slice(0, rows) };
    const copy = { ...head, values: head.values.slice(), startsMs: head.startsMs.slice() };
    expect(referenceOf(new Map([['one', head]])).limits).toEqual(referenceOf(new Map([['one', copy]])).limits);
    const changed = { ...whole, values: whole.values.map((x, i) => (i < rows * 2 ? x : 100 + x)) };
    const before = { ...changed, rows, values: changed.values.slice(0, rows * 2), startsMs: head.startsMs };
    expect(referenceOf(new Map([['one', before]])).limits).toEqual(referenceOf(new Map([['one', head]])).limits);
  });

  test('are those of intervals however long the training was: a longer one does not narrow them', () => {
    const short = referenceOf(wandering(380, 0.5, 5)).limits!;
    const long = referenceOf(wandering(1_600, 0.5, 5)).limits!;
    expect(long.blocks).toBeGreaterThan(380);
    expect(long.blocks).toBeLessThan(420);
    expect(long.blockMs).toBe(HOUR_MS);
    expect(long.psi[0]).toBeGreaterThan(0.7 * short.psi[0]!);
    expect(long.psi[0]).toBeLessThan(1.4 * short.psi[0]!);
  });

  test('are numbers above 0 where a feature is constant, missing for long, or never came', () => {
    const random = new Random(4);
    const series = new Map([
      [
        'one',
        makeSeries(['constant', 'late', 'never'], 60 * 60, (row, c) =>
          c === 0 ? 7 : c === 1 && row > 50 * 60 ? random.normal() : Number.NaN,
        ),
      ],
    ]);
    const { limits, features } = referenceOf(series);
    for (const key of ['psi', 'ks', 'psiAlone'] as const)
      expect(
        [...limits![key]].every((x) => x > 0 && Number.isFinite(x)),
        key,
      ).toBe(true);
    expect(features.map(({ missing }) => missing)).toEqual([0, expect.closeTo(50 / 60, 2), 1]);
  });

  test('are null where nothing but missing values came, or no feature that has a shift', () => {
    const nothing = new Map([['one', makeSeries(['a'], 60 * 60, () => Number.NaN)]]);
    expect(referenceOf(nothing).limits).toBeNull();
    expect(referenceOf(new Map([['one', makeSeries([], 60 * 60, () => 0)]])).limits).toBeNull();
  });
});

describe('limits from distances of blocks', () => {
  const distances = (blocks: number, features: number, seed: number) => {
    const random = new Random(seed);
    return Array.from({ length: blocks }, () =>
      Float64Array.from({ length: features }, () => -Math.log(random.next())),
    );
  };

  test('are passed by a tenth of the features about as often as is allowed', () => {
    const share = 0.05;
    const { together } = limitsFor(distances(2_000, 20, 1), share)!;
    const later = distances(20_000, 20, 2);
    const alarms = later.filter(
      (block) => block.filter((x, f) => x > together[f]!).length >= driftedFeatures(20),
    ).length;
    expect(alarms / later.length).toBeGreaterThan(0.6 * share);
    expect(alarms / later.length).toBeLessThan(1.5 * share);
  });

  test('what is not known of a block makes no limit wider or narrower than what is', () => {
    const all = distances(400, 20, 3);
    const gaps = all.map((block) => Float64Array.from([...block, Number.NaN, Number.NaN]));
    const [without, with_] = [limitsFor(all, 0.05)!, limitsFor(gaps, 0.05)!];
    expect([...with_.together.subarray(0, 20)]).toEqual([...without.together]);
    expect([...with_.alone].every(Number.isFinite)).toBe(true);
    expect(
      limitsFor(
        all.map((block) => block.map(() => Number.NaN)),
        0.05,
      ),
    ).toBeNull();
  });

  test('a tenth of few features is one', () => {
    expect([1, 4, 14, 15, 100].map(driftedFeatures)).toEqual([1, 1, 1, 2, 10]);
  });
});
