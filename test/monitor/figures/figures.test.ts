import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FIGURE_NAMES, type FigureName } from '../../../core/figures.ts';
import { Random } from '../../../core/random.ts';
import { count } from '../../../core/stats/histogram.ts';
import { SPANS } from '../../../core/triggers.ts';
import type { IntervalProfile } from '../../../core/types.ts';
import { emptyCounts, encodeCounts } from '../../../detector/interval-codec.ts';
import type { IntervalCounts } from '../../../detector/interval-counts.ts';
import type { ReferenceProfile } from '../../../detector/reference.ts';
import { gather } from '../../../monitor/figures/gather.ts';
import type { LabelledWindow, ObserveInput } from '../../../monitor/figures/input.ts';
import { observe } from '../../../monitor/figures/observe.ts';
import type { Observation } from '../../../monitor/observation.ts';
import { anyCounts, GRAIN_MS, REFERENCE } from '../../detector/make-counts.ts';
import { anyReference } from '../../detector/make-reference.ts';
import { CONFIG, HOUR_MS, inputAt, served } from './fleet.ts';

const quiet = served();
const atMs = quiet.startMs + 9 * 24 * HOUR_MS;

const random = new Random(1);
const labels: LabelledWindow[] = Array.from({ length: 80 }, (_, i) => {
  const severity = 2 * random.next();
  const anomalous = random.next() < severity / 2;
  return { entity: `host-${i % 5}`, windowStartMs: i, pValue: 0.5, severity, anomalous, weight: severity > 1 ? 1 : 20 };
});
/** Everything that can be known of a stream is. */
const full: ObserveInput = {
  ...inputAt(quiet, atMs, labels),
  latencyP99Ms: 12,
  quality: { relative: 0.99, robustZShare: 0.7 },
  trainedMs: quiet.startMs,
  newestMs: atMs + 1_000,
};

/** No number of an observation is anything but finite, and what has no value has no standing either. */
function checkFinite(seen: Observation): void {
  expect(JSON.parse(JSON.stringify(seen))).toEqual(JSON.parse(JSON.stringify(seen, refuseNonNumbers)));
  for (const span of SPANS)
    for (const [name, figure] of Object.entries(seen.spans[span]))
      if (figure.value === null) expect(figure.status, `${span} ${name}`).toBe('unknown');
}
function refuseNonNumbers(key: string, value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new Error(`${key} is ${value}`);
  return value;
}

describe('every figure of the table', () => {
  const { spans } = observe(full);
  test.each(FIGURE_NAMES)('%s is observed, with a value, where all that it needs is there', (name: FigureName) => {
    expect(spans.interval[name]?.value).toEqual(expect.any(Number));
    // an interval lets expect too few alerts to say that they are too many
    expect(SPANS.map((span) => spans[span][name]!.status).filter((status) => status !== 'unknown')).not.toEqual([]);
  });

  test('is there for every span, and nothing else is', () => {
    for (const input of [full, { ...full, reference: null }])
      for (const span of SPANS)
        expect(Object.keys(observe(input).spans[span]).sort()).toEqual([...FIGURE_NAMES].sort());
  });

  test('is unknown without data: never ok and never drift', () => {
    const nothing: ObserveInput = {
      ...{ ...full, spans: { grain: null, interval: null, day: null, week: null }, history: [], labels: [] },
      ...{ dayAgo: null, weekAgo: null, latencyP99Ms: null, quality: null, trainedMs: null },
      newestMs: Number.NEGATIVE_INFINITY,
    };
    for (const reference of [full.reference, null])
      for (const span of SPANS)
        for (const figure of Object.values(observe({ ...nothing, reference }).spans[span]))
          expect(figure).toMatchObject({ value: null, status: 'unknown' });
  });

  test('that is held against a measured limit is unknown without measured limits, and known with the textbook', () => {
    const without = { ...full, reference: { ...full.reference!, limits: null } };
    const names = ['psi_feature', 'psi_top_feature', 'ks_feature', 'psi_score', 'ks_score', 'kl_score'] as const;
    for (const name of [...names, 'drift', 'drifted_features'] as const)
      expect(observe(without).spans.interval[name]!.status, name).toBe('unknown');
    const textbook = observe({ ...without, policy: { ...full.policy, limits: 'textbook' } }).spans.interval;
    for (const name of names) expect(textbook[name]!.status, name).not.toBe('unknown');
    expect(textbook.psi_feature!.limit).toBe(0.25);
    expect(observe({ ...full, policy: { ...full.policy, limits: 'textbook' } }).spans.interval).toEqual(textbook);
  });
});

const numbers = fc.oneof(fc.double(), fc.double({ min: -4, max: 4 }), fc.constantFrom(0, 1, 1e300, Number.NaN));
const whole = fc.oneof(fc.nat(3), fc.nat(100_000), fc.constant(2 ** 40));

/** Counts that hang together in nothing but their bins. */
const countsOn = (reference: ReferenceProfile | null): fc.Arbitrary<IntervalCounts | null> =>
  fc.option(
    fc
      .record({ values: fc.array(numbers, { maxLength: 60 }), of: fc.array(whole, { minLength: 40, maxLength: 40 }) })
      .map(({ values, of }) => {
        const counts = emptyCounts(atMs - 6 * HOUR_MS, atMs, 'm', reference);
        let at = 0;
        const next = () => of[at++ % of.length]!;
        for (const key of ['windows', 'fallback', 'probation', 'gaps', 'newcomers', 'incidentsOpened'] as const)
          counts[key] = next();
        for (const key of ['applied', 'late', 'duplicate', 'dead_lettered', 'conflicts'] as const)
          counts.points[key] = next();
        counts.entities = next();
        counts.alertingEntities = next();
        for (let i = 0; i < counts.mix.length; i++) {
          counts.mix[i] = next();
          counts.alertMix[i] = next();
        }
        for (const { place, ratio } of counts.features) {
          for (const value of values) count(place, value);
          for (let i = 0; i < ratio.length; i++) ratio[i] = next();
        }
        counts.unknownFeatures = new Map([['other__mean__10m', next()]]);
        const lane = counts.champion!;
        Object.assign(lane, { windows: next(), alerts: next(), failed: next() });
        for (const value of values) {
          if (lane.score !== null) count(lane.score, value);
          count(lane.pValue, value);
        }
        return counts;
      }),
  );

const anyInput: fc.Arbitrary<ObserveInput> = fc.option(anyReference).chain((reference) => {
  const counts = countsOn(reference);
  return fc.record({
    ...{ stream: fc.constant(CONFIG), atMs: fc.constant(atMs), modelId: fc.constant('m') },
    policy: fc.constantFrom('measured', 'textbook').map((limits) => ({ ...CONFIG.policy, limits })),
    reference: fc.constant(reference),
    spans: fc.record({ grain: counts, interval: counts, day: counts, week: counts }),
    history: fc.array(counts, { maxLength: 4 }).map((all) => all.filter((one) => one !== null)),
    ...{ dayAgo: counts, weekAgo: counts, labels: fc.constant([]) },
    latencyP99Ms: fc.option(numbers),
    quality: fc.option(fc.record({ relative: numbers, robustZShare: numbers })),
    trainedMs: fc.option(numbers),
    newestMs: fc.oneof(fc.constant(Number.NEGATIVE_INFINITY), fc.constant(atMs)),
  });
}) as fc.Arbitrary<ObserveInput>;

describe('whatever was counted', () => {
  test('no number of an observation is NaN or infinite', () => {
    fc.assert(
      fc.property(anyInput, (input) => checkFinite(observe(input))),
      { numRuns: 150 },
    );
  });

  test('a planted NaN is found by the check', () => {
    const seen = observe(full);
    const bent = { ...seen, quality: { ...seen.quality!, score: Number.NaN } };
    expect(() => checkFinite(bent)).toThrow(/score is NaN/);
  });

  test('parts that were counted apart give the same figures in any order', () => {
    const end = 4 * GRAIN_MS;
    const order = fc.array(fc.tuple(anyCounts, fc.double({ noNaN: true })), { minLength: 2, maxLength: 5 });
    fc.assert(
      fc.property(order, (parts) => {
        const profiles = parts.map(([counts, place], partition) => ({
          place,
          profile: {
            ...{ stream: 's', partition, modelId: 'm', sequence: 0 },
            ...{ startMs: counts.startMs, endMs: counts.endMs, bytes: encodeCounts({ ...counts, challenger: null }) },
          } as unknown as IntervalProfile,
        }));
        const seen = (of: typeof profiles) =>
          observe(
            gather({
              ...{ stream: CONFIG, policy: CONFIG.policy, atMs: end, newestMs: end, labels: [] },
              ...{ latencyP99Ms: null, quality: null, trainedMs: null },
              profiles: of.map(({ profile }) => profile),
              referenceOf: () => ({ ...REFERENCE, windows: 100, spanMs: end, entities: 2 }),
            }),
          );
        expect(seen([...profiles].sort((a, b) => a.place - b.place))).toEqual(seen(profiles));
      }),
      { numRuns: 60 },
    );
  });
});
