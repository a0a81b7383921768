import fc from 'fast-check';
import { count, emptyHistogram } from '../../core/stats/histogram.ts';
import { emptyCounts } from '../../detector/interval-codec.ts';
import { type IntervalCounts, MIX_BUCKETS, RATIO_SLOTS } from '../../detector/interval-counts.ts';
import { emptyChallenger } from '../../detector/interval-merge.ts';
import type { ReferenceProfile } from '../../detector/reference.ts';

/** A reference on even bins, for tests that only count. */
export function evenReference(names: readonly string[], bins = 8): ReferenceProfile {
  const edges = (from: number, to: number) =>
    Float64Array.from({ length: bins + 1 }, (_, i) => from + ((to - from) * i) / bins);
  return {
    bins,
    features: names.map((name, f) => ({
      name,
      metric: name,
      place: emptyHistogram(edges(-3 - f, 3 + f)),
      ratio: new Float64Array(RATIO_SLOTS),
      missing: 0,
    })),
    top: Int32Array.from([0]),
    score: emptyHistogram(edges(0, 6)),
    mix: new Float64Array(MIX_BUCKETS),
    ...{ windows: 0, entities: 0, spanMs: 0, alertRate: 0.001, limits: null, scales: null },
  };
}

export const GRAIN_MS = 3_600_000;
export const REFERENCE = evenReference(['a', 'b']);
export const CHALLENGER_REFERENCE = evenReference(['a'], 5);

const whole = fc.integer({ min: 0, max: 1_000_000 });
const keys = ['windows', 'fallback', 'probation', 'gaps', 'newcomers', 'incidentsOpened'] as const;

/** Counts of any content in one of a few grains, all of one champion and one challenger. */
export const anyCounts: fc.Arbitrary<IntervalCounts> = fc
  .record({
    grain: fc.integer({ min: 0, max: 3 }),
    whole: fc.array(whole, { minLength: 24, maxLength: 24 }),
    values: fc.array(fc.oneof(fc.double({ min: -6, max: 6 }), fc.constant(Number.NaN)), { maxLength: 10 }),
    unknown: fc.array(fc.tuple(fc.stringMatching(/^[a-z]{1,2}$/), fc.integer({ min: 1, max: 9 })), { maxLength: 14 }),
    challenged: fc.boolean(),
    share: fc.constantFrom(0, 0.05, 0.5, 1),
  })
  .map((made) => {
    const counts = emptyCounts(made.grain * GRAIN_MS, (made.grain + 1) * GRAIN_MS, 'm', REFERENCE);
    const numbers = made.whole.slice();
    const next = () => numbers.pop()!;
    for (const key of keys) counts[key] = next();
    counts.entities = next();
    counts.alertingEntities = next();
    counts.points.applied = next();
    counts.points.late = next();
    counts.mix[made.grain] = next();
    counts.alertMix[63] = next();
    for (const { place, ratio } of counts.features) {
      for (const value of made.values) count(place, value);
      ratio[made.values.length] = next();
    }
    counts.unknownFeatures = new Map(made.unknown);
    for (const value of made.values) count(counts.champion!.score!, value);
    counts.champion!.failed = next();
    if (made.challenged) {
      const challenger = emptyChallenger('c', CHALLENGER_REFERENCE);
      for (const value of made.values) count(challenger.score!, value);
      count(challenger.pValue, 0.5);
      challenger.share = made.share;
      challenger.onlyChampion = next();
      counts.challenger = challenger;
    }
    return counts;
  });
