import fc from 'fast-check';
import { count, emptyHistogram, type Histogram } from '../../core/stats/histogram.ts';
import { MIX_BUCKETS, RATIO_SLOTS } from '../../detector/interval-counts.ts';
import type { DriftLimits, ReferenceProfile } from '../../detector/reference.ts';

const whole = fc.integer({ min: 0, max: 2 ** 40 });
const positive = fc.double({ min: 1e-9, max: 1e6, noNaN: true });
const name = fc.string({ minLength: 1, maxLength: 8, unit: 'grapheme' });

const list = (of: fc.Arbitrary<number>, length: number): fc.Arbitrary<Float64Array> =>
  fc.array(of, { minLength: length, maxLength: length }).map((values) => Float64Array.from(values));

const histogram: fc.Arbitrary<Histogram> = fc
  .tuple(
    fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 2, maxLength: 9 }),
    fc.array(fc.double(), { maxLength: 30 }),
  )
  .map(([edges, values]) => {
    const made = emptyHistogram(Float64Array.from(edges).sort());
    for (const value of values) count(made, value);
    return made;
  });

const limitsOf = (features: number): fc.Arbitrary<DriftLimits> =>
  fc.record({
    ...{ blocks: whole, blockMs: whole, falseAlarmsPerWeek: positive },
    ...{ psi: list(positive, features), ks: list(positive, features), psiAlone: list(positive, features) },
    ...{ psiScore: positive, ksScore: positive, klScore: positive, uniformity: positive },
    alertRatio: fc.tuple(positive, positive),
  });

/** Any reference that a training could give, and many that none would. */
export const anyReference: fc.Arbitrary<ReferenceProfile> = fc.integer({ min: 0, max: 4 }).chain((features) =>
  fc.record({
    bins: fc.integer({ min: 4, max: 64 }),
    features: fc.array(
      fc.record({
        ...{ name, metric: name, place: histogram, ratio: list(whole, RATIO_SLOTS) },
        missing: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
      { minLength: features, maxLength: features },
    ),
    top: fc.shuffledSubarray(Array.from({ length: features }, (_, f) => f)).map((top) => Int32Array.from(top)),
    score: histogram,
    mix: list(whole, MIX_BUCKETS),
    ...{ windows: whole, entities: whole, spanMs: whole, alertRate: positive },
    limits: fc.option(limitsOf(features)),
    scales: fc.option(
      fc
        .array(fc.tuple(name, fc.array(fc.float(), { minLength: 2 * features, maxLength: 2 * features })))
        .map((entries) => new Map(entries.map(([entity, of]) => [entity, Float32Array.from(of)]))),
    ),
  }),
);
