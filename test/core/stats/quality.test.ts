import { describe, expect, test } from 'vitest';
import { DIMENSIONS, type Dimension, dataQuality, type QualityCounts } from '../../../core/stats/quality.ts';

/** An interval of ordinary data: a few gaps, a retried batch, nothing unheard of. */
const HEALTHY: QualityCounts = {
  points: 100_000,
  late: 100,
  duplicates: 1_000,
  conflicts: 2,
  deadLettered: 20,
  delayed: 2_000,
  values: 20_000,
  valuesMissing: 420,
  missingShareInTraining: 0.02,
  windows: 1_000,
  windowsExpected: 1_020,
  features: 20,
  featuresRemoved: 0,
  featuresNew: 0,
};

function quality(counts: Partial<QualityCounts>) {
  const result = dataQuality({ ...HEALTHY, ...counts });
  if (!result.ok) throw new Error(result.fault.detail);
  return result.value;
}

test('healthy data has all 30 points and nothing to blame', () => {
  expect(quality({})).toMatchObject({ score: 30, faults: [], trainable: true });
});

// What each fault does to all counts that it touches, a mild and a strong dose.
const FAULTS: [name: string, dimension: Dimension, (dose: number) => Partial<QualityCounts>][] = [
  ['gaps', 'completeness', (d) => ({ valuesMissing: 420 + 4_000 * d, points: 100_000 - 20_000 * d })],
  ['unusable points', 'accuracy', (d) => ({ deadLettered: 20 + 4_000 * d, valuesMissing: 420 + 800 * d })],
  ['contradictions', 'consistency', (d) => ({ conflicts: 2 + 800 * d, duplicates: 1_000 + 800 * d })],
  ['repeats', 'consistency', (d) => ({ duplicates: 1_000 + 40_000 * d, points: 100_000 + 40_000 * d })],
  ['late points', 'timeliness', (d) => ({ late: 100 + 8_000 * d, valuesMissing: 420 + 1_600 * d })],
  ['delays', 'timeliness', (d) => ({ delayed: 2_000 + 40_000 * d })],
  ['a dropped metric', 'relevance', (d) => ({ featuresRemoved: 4 * d, values: 20_000 - 4_000 * d })],
  ['unknown metrics', 'relevance', (d) => ({ featuresNew: 10 * d, points: 100_000 + 30_000 * d })],
  [
    'silent entities',
    'volume',
    (d) => ({
      windows: 1_000 - 500 * d,
      points: 100_000 - 50_000 * d,
      values: 20_000 - 10_000 * d,
      valuesMissing: 420 - 210 * d,
    }),
  ],
  [
    'three times the entities',
    'volume',
    (d) => ({ windows: 1_000 + 2_000 * d, values: 20_000 + 40_000 * d, points: 100_000 + 200_000 * d }),
  ],
];

describe.each(FAULTS)('%s', (_, dimension, fault) => {
  test(`lower ${dimension} and nothing else, more with a stronger dose`, () => {
    const mild = quality(fault(0.5));
    const strong = quality(fault(1));
    for (const d of DIMENSIONS) {
      if (d !== dimension) expect([mild.dimensions[d], strong.dimensions[d]], d).toEqual([5, 5]);
    }
    expect(mild.dimensions[dimension]).toBeLessThan(5);
    expect(strong.dimensions[dimension]).toBeLessThan(mild.dimensions[dimension]);
    expect(strong.faults.length).toBeGreaterThan(0);
  });
});

test('below 18 points nothing trains', () => {
  const bad = { deadLettered: 6_000, late: 12_000, featuresRemoved: 6 };
  expect(quality({ ...bad, featuresRemoved: 0 })).toMatchObject({ score: 20, trainable: true });
  expect(quality(bad)).toMatchObject({ score: 15, trainable: false });
});

test('no data is unknown, impossible counts are refused', () => {
  const code = (counts: Partial<QualityCounts>) => {
    const result = dataQuality({ ...HEALTHY, ...counts });
    return result.ok ? 'ok' : result.fault.code;
  };
  expect(code({ points: 0, late: 0, duplicates: 0, conflicts: 0, deadLettered: 0, delayed: 0 })).toBe('sample_empty');
  expect(code({ windowsExpected: 0 })).toBe('sample_empty');
  expect(code({ late: -1 })).toBe('count_invalid');
  expect(code({ late: Number.NaN })).toBe('count_invalid');
  expect(code({ late: 200_000 })).toBe('count_invalid');
  expect(code({ conflicts: 1_001 })).toBe('count_invalid');
  expect(code({ valuesMissing: 20_001 })).toBe('count_invalid');
  expect(code({ featuresRemoved: 21 })).toBe('count_invalid');
});
