import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Random } from '../../../core/random.ts';
import { Explainer, smallestChange } from '../../../detector/forest/explain.ts';
import { Forest } from '../../../detector/forest/forest.ts';
import { cloud } from './reference.ts';

const WIDTH = 6;
const N = 1_500;
const rows = cloud(new Random(9), N, WIDTH);
const shapes: [string, number][] = [
  ['axis', 1],
  ['oblique', 3],
];

describe.each(shapes)('explaining a forest with %s splits', (_, splitFeatures) => {
  const params = { trees: 50, sampleSize: 256, maxDepth: 8, splitFeatures };
  const forest = Forest.fit(rows, WIDTH, params, new Random(1));
  const explainer = new Explainer(forest);
  const scores = new Float64Array(N);
  forest.scoreBatch(rows, scores);
  const limit = scores.slice().sort()[Math.floor(N * 0.97)]!;
  const sharesOf = (row: Float64Array): Float64Array => {
    const shares = new Float64Array(WIDTH);
    explainer.shares(row, 0, shares);
    return shares;
  };

  test('shares are not negative and sum to 1, whatever the row', () => {
    fc.assert(
      fc.property(fc.array(fc.double(), { minLength: WIDTH, maxLength: WIDTH }), (values) => {
        const shares = sharesOf(Float64Array.from(values));
        expect(shares.every((share) => share >= 0)).toBe(true);
        expect(shares.reduce((a, b) => a + b)).toBeCloseTo(1, 9);
      }),
      { numRuns: 300, seed: 1 },
    );
  });

  test('the smallest change clears the alert when the row is scored again, and touches only what it names', () => {
    fc.assert(
      fc.property(
        fc.nat(N - 1),
        fc.uniqueArray(fc.integer({ min: 0, max: WIDTH - 1 }), { minLength: 1, maxLength: 3 }),
        fc.double({ min: 3, max: 1e4, noNaN: true }),
        (i, altered, far) => {
          const row = rows.slice(i * WIDTH, (i + 1) * WIDTH);
          for (const c of altered) row[c] = c === 0 ? far * 1e7 : far;
          const changes = smallestChange(forest, row, 0, limit);
          if (changes === null) throw new Error('the medians themselves exceed the limit');
          expect(changes.length === 0).toBe(forest.score(row, 0) <= limit);
          const changed = row.slice();
          for (const { feature, from, to } of changes) {
            const median = forest.typical.median[feature]!;
            expect(from).toBe(row[feature]);
            expect(Math.min(from, median) <= to && to <= Math.max(from, median)).toBe(true);
            changed[feature] = to;
          }
          expect(forest.score(changed, 0)).toBeLessThanOrEqual(limit);
        },
      ),
      { numRuns: 60, seed: 1 },
    );
  });

  test('one altered value needs one change, near the edge of what is usual', () => {
    const row = Float64Array.from(forest.typical.median);
    row[2] = 1_000;
    const changes = smallestChange(forest, row, 0, limit)!;
    expect(changes).toHaveLength(1);
    expect(changes[0]).toMatchObject({ feature: 2, from: 1_000 });
    expect(Math.abs(changes[0]!.to)).toBeGreaterThan(0.5);
    expect(Math.abs(changes[0]!.to)).toBeLessThan(20);
  });

  test('a missing value needs no change, and an infinite one gets a finite one', () => {
    const row = Float64Array.from(forest.typical.median);
    row[3] = Number.NaN;
    row[2] = Number.POSITIVE_INFINITY;
    const changes = smallestChange(forest, row, 0, limit)!;
    expect(changes.map((c) => c.feature)).toEqual([2]);
    expect(Number.isFinite(changes[0]!.to)).toBe(true);
    row[2] = changes[0]!.to;
    expect(forest.score(row, 0)).toBeLessThanOrEqual(limit);
  });

  test('a limit below every score has no change that clears it', () => {
    expect(smallestChange(forest, rows, 0, -1_000)).toBeNull();
  });
});

test('the shares of an axis forest name the altered feature first in at least 95 of 100 rows', () => {
  const forest = Forest.fit(rows, WIDTH, { trees: 50, sampleSize: 256, maxDepth: 8, splitFeatures: 1 }, new Random(1));
  const explainer = new Explainer(forest);
  const shares = new Float64Array(WIDTH);
  let first = 0;
  for (let i = 0; i < 100; i++) {
    const row = rows.slice(i * WIDTH, (i + 1) * WIDTH);
    const altered = 1 + (i % 4);
    row[altered]! += i % 2 === 0 ? 8 : -8;
    explainer.shares(row, 0, shares);
    if (shares.indexOf(Math.max(...shares)) === altered) first++;
  }
  expect(first).toBeGreaterThanOrEqual(95);
});
