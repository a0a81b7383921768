import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Random } from '../../../core/random.ts';
import type { CauseKind } from '../../../core/triggers.ts';
import { classifyShift } from '../../../monitor/cause/classify.ts';
import { genuineDrift } from '../../../monitor/cause/drift.ts';
import { type Facts, factsOf } from '../../../monitor/cause/facts.ts';
import { leap } from '../../../monitor/cause/leap.ts';
import { lateData, missingData } from '../../../monitor/cause/missing.ts';
import { entityMix } from '../../../monitor/cause/mix.ts';
import { schemaChange } from '../../../monitor/cause/schema.ts';
import { season } from '../../../monitor/cause/season.ts';
import { faultStorm } from '../../../monitor/cause/storm.ts';
import { unitChange } from '../../../monitor/cause/unit.ts';
import type { Cause } from '../../../monitor/observation.ts';
import {
  AT_MS,
  back,
  type Change,
  classified,
  DAY_MS,
  figures,
  HOUR_MS,
  healthy,
  INTERVAL_MS,
  inputOf,
  METRICS,
  moving,
  scaled,
} from './make.ts';

const lossy =
  (share: number): Change =>
  (row) =>
    row.timeMs >= back(2) && new Random(row.timeMs + row.index).next() < share ? null : row;

const drop =
  (metric: number, as: string | null, part = 8): Change =>
  (row) => {
    if (row.timeMs < back(2) || row.index >= part) return row;
    if (as === null) row.values[metric] = Number.NaN;
    else row.features[metric] = as;
    return row;
  };

const stormy: Change = (row) => {
  const atMs = row.timeMs - (AT_MS - 4 * HOUR_MS);
  if (atMs < 0 || atMs >= 1.5 * HOUR_MS || row.index === 7) return row;
  for (const m of [1, 3, 6]) row.values[m]! *= m === 3 ? 0.3 : 1.5 + 0.1 * row.index;
  row.severity = 3;
  return row;
};

const inHours = (timeMs: number): number => (timeMs % DAY_MS >= (AT_MS - INTERVAL_MS) % DAY_MS ? 1 : 0);

interface Example {
  change: Change;
  entities?: number;
  rule: ((facts: Facts) => Cause | null) | null;
}
const EXAMPLES: readonly [kind: CauseKind, what: string, example: Example][] = [
  ['none', 'a healthy fleet', { change: healthy, rule: null }],
  ['missing_data', 'a share of the windows of all entities lost', { change: lossy(0.3), rule: missingData }],
  [
    'missing_data',
    'half of the interval without anything',
    {
      change: (row) => (row.timeMs >= AT_MS - 4 * HOUR_MS && row.timeMs < AT_MS - HOUR_MS ? null : row),
      rule: missingData,
    },
  ],
  [
    'late_data',
    'points after their windows',
    { change: (row) => ({ ...row, late: row.timeMs >= back(1) ? 2 : 0 }), rule: lateData },
  ],
  ['schema_change', 'a metric that is no longer sent', { change: drop(2, null), rule: schemaChange }],
  ['schema_change', 'a metric with a new name', { change: drop(2, 'requests_total__mean__10m'), rule: schemaChange }],
  [
    'schema_change',
    'a metric with a new name in part of the fleet',
    { change: drop(2, 'requests_total__mean__10m', 3), rule: schemaChange },
  ],
  ['unit_change', 'seconds sent as milliseconds', { change: scaled(4, 1000, back(3)), rule: unitChange }],
  ['unit_change', 'bytes sent as megabytes', { change: scaled(1, 1e-6, back(1)), rule: unitChange }],
  [
    'unit_change',
    'bits for bytes in three of eight entities',
    { change: scaled(2, 8, back(1), 0, 3), rule: unitChange },
  ],
  [
    'unit_change',
    '°C sent as °F',
    { change: scaled(6, 1.8, back(2), 32), rule: (facts) => unitChange(facts) ?? leap(facts) },
  ],
  ['entity_mix', 'entities that nobody knew', { change: healthy, entities: 11, rule: entityMix }],
  [
    'entity_mix',
    'entities that left',
    { change: (row) => (row.timeMs >= back(2) && row.index >= 5 ? null : row), rule: entityMix },
  ],
  ['fault_storm', 'an hour of faults in most entities', { change: stormy, rule: faultStorm }],
  ['season', 'the same hours of every day', { change: moving(inHours), rule: season }],
  [
    'season',
    'the same two days of every week',
    { change: moving((t) => ((t - back(3) + 70 * DAY_MS) % (7 * DAY_MS) < 2 * DAY_MS ? 1 : 0)), rule: season },
  ],
  ['sudden_drift', 'several metrics at once', { change: moving((t) => (t >= back(4) ? 1 : 0)), rule: genuineDrift }],
  [
    'sudden_drift',
    'the same in the newest interval',
    { change: moving((t) => (t >= back(1) ? 1 : 0)), rule: genuineDrift },
  ],
  [
    'gradual_drift',
    'several metrics over two days',
    { change: moving((t) => Math.max(0, (t - back(8)) / (8 * INTERVAL_MS))), rule: genuineDrift },
  ],
];

describe('causes', () => {
  for (const [kind, what, { change, entities, rule }] of EXAMPLES) {
    test(`${what}: ${kind}`, () => {
      const cause = classified(change, 8, entities);
      expect(cause, cause.summary).toMatchObject({ kind });
      expect(cause.summary).toMatch(/^[^.].*\.$/);
      expect(Object.keys(cause.evidence).length).toBeGreaterThan(0);
      expect(JSON.parse(JSON.stringify(cause))).toEqual(cause);
      const input = inputOf(change, 8, entities);
      if (rule !== null) expect(rule(factsOf(input, figures(input))!)?.kind).toBe(kind);
    });
  }

  const RULES = { lateData, missingData, schemaChange, unitChange, leap, entityMix, faultStorm, season, genuineDrift };
  for (const [name, rule] of Object.entries(RULES)) {
    test(`${name} has nothing to say of a healthy fleet`, () => {
      const input = inputOf();
      expect(rule(factsOf(input, figures(input))!)).toBeNull();
    });
  }

  for (const [name, rule] of Object.entries({ lateData, missingData, schemaChange, unitChange, leap, entityMix })) {
    test(`${name}, which speaks of faults of the input, is quiet when the world has changed`, () => {
      for (const [kind, what, { change }] of EXAMPLES) {
        if (!kind.endsWith('_drift') && kind !== 'season') continue;
        const input = inputOf(change);
        expect(rule(factsOf(input, figures(input))!), what).toBeNull();
      }
    });
  }
});

test('no interval, no reference or hardly a window is unknown, never none and never drift', () => {
  const input = inputOf();
  const none = { ...input, spans: { ...input.spans, interval: null } };
  expect(classifyShift(none, figures(input)).kind).toBe('unknown');
  expect(classifyShift({ ...input, reference: null }, figures(input)).kind).toBe('unknown');
  const few = inputOf((row) => (row.timeMs < AT_MS - INTERVAL_MS / 18 ? null : row));
  expect(few.spans.interval!.windows).toBe(16);
  expect(classifyShift(few, figures(few)).kind).toBe('unknown');
});

test('a summary names the metric, the factor and since when', () => {
  const { summary, evidence, features } = classified(scaled(4, 1000, back(3)));
  expect(summary).toContain('latency is about 1000 times what it was since about 2026-01-20 06:00 UTC');
  expect(evidence.factor).toBeGreaterThan(900);
  expect(evidence.factor).toBeLessThan(1100);
  expect(features).toEqual(['latency']);
});

test('an interval that is as it was the day before and the week before moves nothing', () => {
  const input = inputOf();
  const same = input.spans.interval!;
  const still = { ...input, history: input.history.map(() => same), dayAgo: same, weekAgo: same };
  expect(classifyShift(still, figures(still)).kind).toBe('none');
});

const GENUINE: readonly CauseKind[] = ['gradual_drift', 'sudden_drift'];

test('a change of unit is never called genuine, whatever its factor, part, onset and the history known of it', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(1000, 1024, 60, 3600, 8, 100, 1e6, 1.8, 2.54, 0.4536),
      fc.boolean(),
      fc.nat(METRICS.length - 1),
      fc.integer({ min: 1, max: 8 }),
      fc.integer({ min: 1, max: 8 }),
      (factor, inverse, metric, part, onset) => {
        const input = inputOf(scaled(metric, inverse ? 1 / factor : factor, back(onset), 0, part));
        for (let history = 0; history <= input.history.length; history += 2) {
          const known = { ...input, history: input.history.slice(input.history.length - history) };
          expect(GENUINE).not.toContain(classifyShift(known, figures(known)).kind);
        }
      },
    ),
    { numRuns: 25, seed: 5 },
  );
});

test('the same small factor in several metrics is not taken for a change of the world, even where another metric wanders', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(1.609, 1.8, 2, 2.54, 3.28, 4.19, 0.5, 0.394, 0.4536),
      fc.shuffledSubarray(
        METRICS.map((_, m) => m),
        { minLength: 1, maxLength: 3 },
      ),
      fc.integer({ min: 1, max: 5 }),
      fc.boolean(),
      (factor, metrics, onset, wanders) => {
        const other = METRICS.findIndex((_, m) => !metrics.includes(m));
        const wandering = scaled(other, 1.3, back(6));
        const cause = classified((row) => {
          for (const metric of metrics) scaled(metric, factor, back(onset))(row);
          return wanders ? wandering(row) : row;
        });
        expect(GENUINE, `${factor} in ${metrics}: ${cause.summary}`).not.toContain(cause.kind);
      },
    ),
    { numRuns: 15, seed: 7 },
  );
});
