import { linearRegression, max, mean, min, standardDeviation } from 'simple-statistics';
import { describe, expect, test } from 'vitest';
import { AGGREGATIONS, streamConfig } from '../../core/config/stream.ts';
import { AGGREGATORS } from '../../ingest/aggregations.ts';
import { parseFeatureName } from '../../ingest/feature-name.ts';
import { FeatureSchema } from '../../ingest/features.ts';
import { Pane, STATS } from '../../ingest/pane.ts';

const HOP_MS = 10_000;

/** Feeds windows of one metric (null = nothing came) to a schema and returns each window's features. */
function run(
  features: object[],
  windows: (number[] | null)[],
  more: object = {},
  lastEventMs = Number.NaN,
): Record<string, number>[] {
  const config = streamConfig.parse({ name: 's', features, ...more });
  const schema = new FeatureSchema(config, ['m', 'n']);
  const memory = new Float64Array(schema.memorySize).fill(Number.NaN);
  return windows.map((values, w) => {
    const pane = new Pane(2);
    pane.reset(w * HOP_MS);
    for (const [i, x] of (values ?? []).entries()) {
      const row = pane.rowOf(w * HOP_MS + i * 1000);
      pane.put(row, 0, x);
      pane.put(row, 1, 2);
    }
    const stats = values === null ? new Float64Array(2 * STATS) : pane.stats().slice();
    const out = new Float64Array(schema.names.length);
    schema.compute(
      stats,
      memory,
      { startMs: w * HOP_MS, endMs: (w + 1) * HOP_MS, lastEventMs },
      config.missing.mode,
      out,
    );
    return Object.fromEntries(schema.names.map((name, i) => [name, out[i]!]));
  });
}

const only = (aggregation: string, windows: (number[] | null)[], more: object = {}): number[] =>
  run([{ metric: 'm', aggregation, ...more }], windows).map((window) => Object.values(window)[0]!);

describe('within a window', () => {
  const values = [3, 1, 4, 1, 5, 9, 2, 6];
  const one = (aggregation: string) => only(aggregation, [values])[0];

  test('mean, min, max, first, last, count, sum and range are what they are called', () => {
    expect(one('mean')).toBeCloseTo(mean(values), 12);
    expect([one('min'), one('max'), one('first'), one('last'), one('count')]).toEqual([
      min(values),
      max(values),
      3,
      6,
      8,
    ]);
    expect(one('sum')).toBeCloseTo(31, 12);
    expect(one('range')).toBe(8);
  });

  test('stddev is that of the window as a population', () => {
    expect(one('stddev')).toBeCloseTo(standardDeviation(values), 12);
  });

  test('slope is the least-squares slope a second', () => {
    expect(one('slope')).toBeCloseTo(linearRegression(values.map((x, i) => [i, x])).m, 12);
  });

  test('log keeps the sign and compresses the size', () => {
    expect(only('log', [[Math.E - 1], [1 - Math.E], [0]])).toEqual([expect.closeTo(1, 12), expect.closeTo(-1, 12), 0]);
  });

  test('ratio divides the means, and is missing where the divisor is zero or absent', () => {
    expect(only('ratio', [[4, 6]], { by: 'n' })).toEqual([2.5]);
    expect(only('ratio', [null], { by: 'n' })).toEqual([Number.NaN]);
  });
});

describe('from window to window', () => {
  test('lag and change look back as many windows as they say', () => {
    expect(only('lag', [[1], [2], [3], [4]], { lag: 2 })).toEqual([Number.NaN, Number.NaN, 1, 2]);
    expect(only('change', [[1], [3], [6]])).toEqual([Number.NaN, 2, 3]);
  });

  test('residual compares with a short mean of the past, level with a long one', () => {
    const steps = [...Array(100).fill([0]), ...Array(100).fill([1])];
    const residual = only('residual', steps);
    const level = only('level', steps);
    expect([residual[100], level[100]]).toEqual([1, 1]);
    expect(residual.at(-1)!).toBeLessThan(0.01);
    expect(level.at(-1)!).toBeGreaterThan(0.4);
  });

  test('missing_share is against the most that a recent window had', () => {
    expect(only('missing_share', [[1, 2, 3, 4], [1], null]).map((x) => Math.round(x * 100) / 100)).toEqual([
      0, 0.75, 1,
    ]);
  });

  test('since_change tells how long a sensor has been stuck', () => {
    expect(only('since_change', [[1, 2], [2], [2], [3]])).toEqual([9, 19, 29, 10]);
  });

  test('since_event counts from the newest log event', () => {
    expect(run([{ aggregation: 'since_event', metric: 'm' }], [[1]], {}, 4000)[0]!.m__since_event__10s).toBe(6);
  });
});

test('cyclic time is a point on the circle, the same a period later', () => {
  const day = run(
    ['hour_sin', 'hour_cos', 'day_sin', 'day_cos'].map((aggregation) => ({ aggregation })),
    [[1]],
  )[0]!;
  expect(day.time__hour_sin__10s! ** 2 + day.time__hour_cos__10s! ** 2).toBeCloseTo(1, 12);
  expect(day.time__day_sin__10s! ** 2 + day.time__day_cos__10s! ** 2).toBeCloseTo(1, 12);
  expect(day.time__hour_sin__10s).toBeCloseTo(Math.sin((2 * Math.PI * 5) / 86_400), 12);
});

describe('a metric that sent nothing', () => {
  const windows = [[5], null, [7]];

  test('is missing by default, its previous value or zero where so configured', () => {
    const means = (mode: string) =>
      run([{ metric: 'm', aggregation: 'mean' }], windows, { missing: { mode } }).map((w) => w.m__mean__10s);
    expect(means('ignore')).toEqual([5, Number.NaN, 7]);
    expect(means('previous')).toEqual([5, 5, 7]);
    expect(means('zero')).toEqual([5, 0, 7]);
  });
});

describe('a schema', () => {
  const config = streamConfig.parse({
    name: 's',
    features: [{ metric: '*_ms', aggregation: 'mean' }, { aggregation: 'change' }, { aggregation: 'hour_sin' }],
  });

  test('names features metric__aggregation__window in the order of rules, then of names, whichever metric came first', () => {
    const names = [
      'b_ms__mean__10s',
      'c_ms__mean__10s',
      'a__change__10s',
      'b_ms__change__10s',
      'c_ms__change__10s',
      'time__hour_sin__10s',
    ];
    expect(new FeatureSchema(config, ['c_ms', 'a', 'b_ms']).names).toEqual(names);
    expect(new FeatureSchema(config, ['a', 'b_ms', 'c_ms']).names).toEqual(names);
    expect(new FeatureSchema(config, ['a']).context).toEqual([false, true]);
  });

  test('carries what features remembered when the entity gains a metric', () => {
    const small = new FeatureSchema(config, ['b_ms']);
    const large = new FeatureSchema(config, ['b_ms', 'a']);
    const memory = Float64Array.of(42);
    expect([...large.carryMemory(small, memory)]).toEqual([Number.NaN, 42]);
  });

  test('every aggregation of the configuration is computed, and its name can be read back', () => {
    expect(Object.keys(AGGREGATORS).sort()).toEqual([...AGGREGATIONS].sort());
    expect(parseFeatureName('a__b__mean__10s')).toEqual({
      metric: 'a__b',
      aggregation: 'mean',
      window: '10s',
      context: false,
    });
    expect(parseFeatureName('time__hour_sin__10s').context).toBe(true);
  });
});
