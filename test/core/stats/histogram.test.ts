import fc from 'fast-check';
import { expect, test } from 'vitest';
import { orThrow } from '../../../core/errors.ts';
import {
  binned,
  countAll,
  decodeHistogram,
  emptyHistogram,
  encodeHistogram,
  type Histogram,
  merge,
  missingShare,
  total,
} from '../../../core/stats/histogram.ts';
import { kl } from '../../../core/stats/kl.ts';
import { ksStatistic } from '../../../core/stats/ks.ts';
import { ksBinned, uniformityBinned } from '../../../core/stats/ks-binned.ts';
import { psi } from '../../../core/stats/psi.ts';
import { referenceBins } from '../../../core/stats/reference-bins.ts';
import { uniformity } from '../../../core/stats/uniformity.ts';

const bins = (sample: ArrayLike<number>, asked = 8) => orThrow(referenceBins(sample, asked));
const counted = (edges: Float64Array, values: ArrayLike<number>): Histogram => {
  const histogram = emptyHistogram(edges);
  countAll(histogram, values);
  return histogram;
};
const EDGES = Float64Array.of(0, 1, 2.5);
const coarse = fc.integer({ min: -20, max: 20 }).map((x) => x / 4);
const values = fc.array(fc.oneof(coarse, fc.double({ min: -9, max: 9, noNaN: true })), { minLength: 1, maxLength: 80 });
const anything = fc.array(fc.oneof(coarse, fc.double()));

test('below, each bin, above and missing are counted apart; the upper edge belongs to the last bin', () => {
  const histogram = counted(EDGES, [
    -1,
    0,
    0.5,
    1,
    2.5,
    2.6,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ]);
  expect([...histogram.counts]).toEqual([2, 2, 2, 2, 1]);
  expect([...binned(histogram)]).toEqual([2, 2, 2, 2]);
  expect([total(histogram), missingShare(histogram)]).toEqual([9, 1 / 9]);
  expect(missingShare(emptyHistogram(EDGES))).toBeNaN();
});

test('merging parts in any order equals counting everything at once', () => {
  fc.assert(
    fc.property(anything, anything, anything, (a, b, c) => {
      const [left, right] = [counted(EDGES, a), counted(EDGES, c)];
      for (const part of [b, c]) orThrow(merge(left, counted(EDGES, part)));
      for (const part of [b, a]) orThrow(merge(right, counted(EDGES.slice(), part)));
      const all = counted(EDGES, [...a, ...b, ...c]);
      expect([left.counts, right.counts]).toEqual([all.counts, all.counts]);
    }),
  );
});

test('other edges and sums that would not be exact are refused, and change nothing', () => {
  const histogram = counted(EDGES, [0.5]);
  expect(merge(histogram, counted(Float64Array.of(0, 1, 3), [0.5]))).toMatchObject({
    fault: { code: 'bins_mismatch' },
  });
  const huge = emptyHistogram(EDGES);
  huge.counts.fill(Number.MAX_SAFE_INTEGER);
  expect(merge(histogram, huge)).toMatchObject({ fault: { code: 'count_invalid' } });
  expect(total(histogram)).toBe(1);
});

test('counts go to bytes and back; damaged or foreign bytes are refused', () => {
  fc.assert(
    fc.property(fc.array(fc.maxSafeNat(), { minLength: 5, maxLength: 5 }), (counts) => {
      const histogram = { edges: EDGES, counts: Float64Array.from(counts) };
      expect(orThrow(decodeHistogram(encodeHistogram(histogram), EDGES)).counts).toEqual(histogram.counts);
    }),
  );
  const bytes = encodeHistogram(counted(EDGES, [1, 2]));
  expect(bytes.length).toBe(14);
  for (const bad of [
    bytes.slice(0, -1),
    Uint8Array.of(...bytes, 0),
    bytes.with(0, 9),
    bytes.with(5, 4),
    bytes.with(13, 200),
  ])
    expect(decodeHistogram(bad, EDGES)).toMatchObject({ fault: { code: 'histogram_corrupt' } });
  expect(decodeHistogram(Uint8Array.of(...bytes.slice(0, 9), ...new Uint8Array(9).fill(255), 0), EDGES).ok).toBe(false);
  expect(decodeHistogram(bytes, Float64Array.of(0, 1, 3))).toMatchObject({ fault: { code: 'histogram_corrupt' } });
  fc.assert(fc.property(fc.uint8Array(), (noise) => !decodeHistogram(noise, EDGES).ok));
});

test('without ties the bins asked for are the bins used, and hold equal shares', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(
        fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => x + 0),
        { minLength: 9, maxLength: 200 },
      ),
      (sample) => {
        const { edges, fewer } = bins(sample);
        expect([edges.length, fewer]).toEqual([9, null]);
        const { counts } = counted(edges, sample);
        const held = [...counts.slice(1, -2)];
        expect(Math.max(...held) - Math.min(...held)).toBeLessThanOrEqual(1);
        expect(counts[0]! + counts.at(-1)! + counts.at(-2)!).toBe(0);
      },
    ),
  );
});

test('fewer bins come with their reason', () => {
  expect(bins([3, 3, 3])).toEqual({ edges: Float64Array.of(3, 3), binsAsked: 8, fewer: 'few_values' });
  expect(bins([0, 1, 1, 0], 2)).toEqual({ edges: Float64Array.of(0, 1, 1), binsAsked: 2, fewer: null });
  // Half are 0, and that costs other values nothing.
  const zeros = bins([...new Array(100).fill(0), ...Array.from({ length: 100 }, (_, i) => i + 1)], 10);
  expect([zeros.fewer, zeros.edges.length, ...zeros.edges.slice(0, 2)]).toEqual([null, 11, 0, 1]);
  const mostlyOne = bins([...Array.from({ length: 20 }, (_, i) => i), ...new Array(980).fill(20)], 10);
  expect([mostlyOne.fewer, ...mostlyOne.edges]).toEqual(['ties', 0, 20, 20]);
});

test('bins of nothing, of infinity, or too many are refused; missing values are left out', () => {
  const code = (sample: number[], asked = 8) => {
    const result = referenceBins(sample, asked);
    return result.ok ? 'ok' : result.fault.code;
  };
  expect([
    code([]),
    code([Number.NaN]),
    code([1, Number.NEGATIVE_INFINITY]),
    code([1], 0),
    code([1], 257),
    code([1], 1.5),
  ]).toEqual([
    'sample_empty',
    'sample_empty',
    'sample_not_finite',
    'argument_invalid',
    'argument_invalid',
    'argument_invalid',
  ]);
  expect(code([Number.NaN, 1])).toBe('ok');
});

test('drift between identical samples is exactly 0, also in other amounts', () => {
  fc.assert(
    fc.property(values, fc.integer({ min: 1, max: 9 }), (sample, times) => {
      const { edges } = bins(sample);
      const a = binned(counted(edges, sample));
      const b = a.map((n) => n * times);
      expect([psi(a, b), kl(a, b), ksStatistic(Float64Array.from(sample), Float64Array.from(sample))]).toEqual(
        new Array(3).fill({ ok: true, value: 0 }),
      );
      expect(orThrow(ksBinned(a, b)).statistic).toBe(0);
    }),
  );
});

test('PSI is symmetric to the last bit, and the sum of both KL divergences', () => {
  const counts = fc.array(fc.nat(500), { minLength: 6, maxLength: 6 }).filter((c) => c.some((n) => n > 0));
  fc.assert(
    fc.property(counts, counts, (a, b) => {
      const forward = orThrow(psi(a, b));
      expect(forward).toBeGreaterThanOrEqual(0);
      expect(orThrow(psi(b, a))).toBe(forward);
      expect(orThrow(kl(a, b)) + orThrow(kl(b, a))).toBeCloseTo(forward, 9);
    }),
  );
});

test('no data, unequal bins, negative and broken counts are faults of every figure of counts', () => {
  for (const figure of [psi, kl, ksBinned]) {
    const code = (a: number[], b: number[]) => {
      const result = figure(a, b);
      return result.ok ? 'ok' : result.fault.code;
    };
    expect([
      code([1], [1, 2]),
      code([0, 0], [1, 2]),
      code([1, 2], [0, 0]),
      code([], []),
      code([1], [-1]),
      code([1], [0.5]),
      code([Number.NaN], [1]),
    ]).toEqual([
      'bins_mismatch',
      'sample_empty',
      'sample_empty',
      'sample_empty',
      'count_invalid',
      'count_invalid',
      'count_invalid',
    ]);
  }
});

test('the exact KS statistic lies between the binned one and its bound, within the largest bin of the reference', () => {
  fc.assert(
    fc.property(values, values, (reference, serving) => {
      const { edges } = bins(reference);
      const [a, b] = [binned(counted(edges, reference)), binned(counted(edges, serving))];
      const { statistic, atMost } = orThrow(ksBinned(a, b));
      const exact = orThrow(ksStatistic(Float64Array.from(reference), Float64Array.from(serving)));
      expect(statistic).toBeLessThanOrEqual(exact + 1e-12);
      expect(exact).toBeLessThanOrEqual(atMost + 1e-12);
      expect(atMost - statistic).toBeLessThanOrEqual(Math.max(...a) / reference.length + 1e-12);
    }),
  );
});

test('binned uniformity brackets the exact one', () => {
  const edges = Float64Array.from({ length: 11 }, (_, i) => i / 10);
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 60 }), (p) => {
      const { statistic, atMost } = orThrow(uniformityBinned(edges, binned(counted(edges, p))));
      const exact = orThrow(uniformity(p)).statistic;
      expect(statistic).toBeLessThanOrEqual(exact + 1e-12);
      expect(exact).toBeLessThanOrEqual(atMost + 1e-12);
    }),
  );
  expect(uniformityBinned(EDGES, [0, 1, 1, 0])).toMatchObject({ fault: { code: 'argument_invalid' } });
});
