import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteReader, ByteWriter } from '../../../core/bytes.ts';
import { TidewatchError } from '../../../core/errors.ts';
import { Random } from '../../../core/random.ts';
import { Forest, type ForestParams, type PathKind } from '../../../detector/forest/forest.ts';
import { cloud, referenceScore } from './reference.ts';

const WIDTH = 6;
const rows = cloud(new Random(5), 2_000, WIDTH);
const shapes: [string, ForestParams][] = [
  ['axis', { trees: 30, sampleSize: 256, maxDepth: 8, splitFeatures: 1 }],
  ['axis, grown out', { trees: 9, sampleSize: 128, maxDepth: 'grown out', splitFeatures: 1 }],
  ['oblique with two terms', { trees: 7, sampleSize: 64, maxDepth: 8, splitFeatures: 2 }],
  ['oblique with three terms', { trees: 30, sampleSize: 256, maxDepth: 8, splitFeatures: 3 }],
];
const paths: PathKind[] = ['box', 'classic'];
const grow = (params: ForestParams, seed = 1, of = rows, width = WIDTH): Forest =>
  Forest.fit(of, width, params, new Random(seed));
const saved = (forest: Forest): Uint8Array => {
  const writer = new ByteWriter();
  forest.save(writer);
  return writer.finish();
};

describe.each(shapes)('a forest, %s', (_, params) => {
  const forest = grow(params);

  test.each(paths)('scores as the recursive textbook does (%s)', (path) => {
    for (let i = 0; i < 200; i++) {
      const row = rows.subarray(i * WIDTH, (i + 1) * WIDTH).map((x, c) => (i % 3 === 0 ? x * (1 + c) : x));
      expect(forest.score(row, 0, path)).toBeCloseTo(referenceScore(forest, row, path), 9);
    }
  });

  test.each(paths)('scores a batch bit for bit as row by row, in any order of rows (%s)', (path) => {
    const n = 205; // not a multiple of any group
    const batch = new Float64Array(n);
    forest.scoreBatch(rows.subarray(0, n * WIDTH), batch, path);
    const reversed = new Float64Array(n * WIDTH);
    for (let i = 0; i < n; i++) reversed.set(rows.subarray(i * WIDTH, (i + 1) * WIDTH), (n - 1 - i) * WIDTH);
    const backwards = new Float64Array(n);
    forest.scoreBatch(reversed, backwards, path);
    for (let i = 0; i < n; i++) {
      expect(batch[i]).toBe(forest.score(rows, i * WIDTH, path));
      expect(backwards[n - 1 - i]).toBe(batch[i]);
    }
  });

  test.each(paths)('scores an outlier higher than what it was grown from (%s)', (path) => {
    const scores = new Float64Array(2_000);
    forest.scoreBatch(rows, scores, path);
    const outlier = Float64Array.of(5e7, 9, -9, 9, -9, 4);
    expect(forest.score(outlier, 0, path)).toBeGreaterThan(scores.slice().sort()[1_900]!);
  });

  test('scores ever higher on the box-aware path as a value moves away beyond the training range', () => {
    // Beyond the range of an oblique split is beyond what its other terms can make up for.
    const beyond = params.splitFeatures === 1 ? 10 : 1e13;
    fc.assert(
      fc.property(fc.nat(1_999), fc.integer({ min: 1, max: 4 }), fc.boolean(), (i, feature, up) => {
        const row = rows.slice(i * WIDTH, (i + 1) * WIDTH);
        let before = forest.score(row, 0);
        for (let far = beyond; far <= beyond * 1e8; far *= 3) {
          row[feature] = up ? far : -far;
          const score = forest.score(row, 0);
          expect(score).toBeGreaterThanOrEqual(before);
          if (far < 1e5) expect(score).toBeGreaterThan(before);
          before = score;
        }
      }),
      { numRuns: 100, seed: 1 },
    );
  });

  test('is the same for the same seed, and another for another', () => {
    expect(saved(grow(params))).toEqual(saved(forest));
    expect(saved(grow(params, 2))).not.toEqual(saved(forest));
  });

  test('comes back from its bytes as it was', () => {
    const bytes = saved(forest);
    const back = Forest.from(new ByteReader(bytes));
    expect(saved(back)).toEqual(bytes);
    for (let i = 0; i < 50; i++) {
      for (const path of paths) expect(back.score(rows, i * WIDTH, path)).toBe(forest.score(rows, i * WIDTH, path));
    }
  });

  test('takes a missing value for the median and survives any number', () => {
    const row = rows.slice(0, WIDTH);
    const filled = row.slice();
    row[2] = Number.NaN;
    filled[2] = forest.typical.median[2]!;
    for (const path of paths) expect(forest.score(row, 0, path)).toBe(forest.score(filled, 0, path));
    fc.assert(
      fc.property(fc.array(fc.double(), { minLength: WIDTH, maxLength: WIDTH }), (values) => {
        for (const path of paths) expect(Number.isFinite(forest.score(Float64Array.from(values), 0, path))).toBe(true);
      }),
      { numRuns: 500, seed: 1 },
    );
  });

  test('counts at its leaves the rows that scoring sends there', () => {
    const { left, size, roots, sampleSize } = forest.trees;
    for (const root of roots) expect(size[root]).toBe(sampleSize);
    for (let i = 0; i < left.length; i++) {
      const a = left[i]!;
      if (a > 0) expect(size[a]! + size[a + 1]!).toBe(size[i]);
    }
  });
});

describe('a forest grown from little', () => {
  const small: ForestParams = { trees: 10, sampleSize: 256, maxDepth: 8, splitFeatures: 1 };
  const ways: [string, Float64Array, number][] = [
    ['one row', Float64Array.of(1, 2), 2],
    ['two rows', Float64Array.of(1, 2, 3, 4), 2],
    ['equal rows', new Float64Array(600).fill(7), 2],
    ['fewer rows than a sample', cloud(new Random(1), 20, 3), 3],
    ['nothing but missing values', new Float64Array(100).fill(Number.NaN), 2],
    ['some missing values', cloud(new Random(1), 90, 3).map((x, i) => (i % 7 === 0 ? Number.NaN : x)), 3],
    ['infinite values', Float64Array.from({ length: 90 }, (_, i) => (i % 7 === 0 ? Number.POSITIVE_INFINITY : i)), 3],
    ['values at the ends of the number range', Float64Array.of(-1.7e308, 5e-324, 1.7e308, 0, 1, -5e-324), 1],
  ];
  test.each(ways)('of %s has defined scores', (_, of, width) => {
    for (const splitFeatures of [1, 3]) {
      const forest = grow({ ...small, splitFeatures }, 1, of, width);
      for (const path of paths) {
        for (const probe of [
          of.slice(0, width),
          new Float64Array(width).fill(1e9),
          new Float64Array(width).fill(Number.NaN),
        ]) {
          const score = forest.score(probe, 0, path);
          expect(Number.isFinite(score)).toBe(true);
          if (path === 'classic') expect(score > 0 && score < 1).toBe(true);
        }
      }
      expect(saved(Forest.from(new ByteReader(saved(forest))))).toEqual(saved(forest));
    }
  });

  test('of equal rows calls every row as usual as the next: classic score ½', () => {
    for (const of of [new Float64Array(600).fill(7), Float64Array.of(1, 2)]) {
      expect(grow(small, 1, of, 2).score(Float64Array.of(99, -99), 0, 'classic')).toBe(0.5);
    }
  });

  test('of no rows, or with parameters beyond the limits, is refused by name', () => {
    const message = (params: Partial<ForestParams>, of = rows, width = WIDTH): string => {
      try {
        grow({ ...small, ...params }, 1, of, width);
        return 'grown';
      } catch (error) {
        return error instanceof TidewatchError ? `${error.code}: ${error.detail}` : String(error);
      }
    };
    expect(message({}, new Float64Array(0))).toBe('too_little_data: a forest needs at least one row');
    expect(message({ trees: 0 })).toMatch('config_invalid: trees of the forest is 0, expected 1 to');
    expect(message({ trees: 1e9 })).toMatch('config_invalid: trees');
    expect(message({ sampleSize: 9_000 })).toMatch('config_invalid: sampleSize of the forest is 9000');
    expect(message({ splitFeatures: 4 })).toMatch('config_invalid: splitFeatures');
    expect(message({ splitFeatures: 3 }, new Float64Array(2_000), 2_000)).toMatch('config_invalid: width');
    expect(message({ maxDepth: 0.5 })).toMatch('config_invalid: maxDepth');
  });

  test('draws without replacement: a tree of all rows, grown out, has each row in a leaf of its own', () => {
    const { left, size } = grow(
      { trees: 5, sampleSize: 100, maxDepth: 'grown out', splitFeatures: 1 },
      1,
      rows.slice(0, 100 * WIDTH),
    ).trees;
    const leaves = [...size].filter((_, i) => left[i] === 0);
    expect(leaves).toEqual(new Array(500).fill(1));
  });

  test('never splits on a feature that does not vary', () => {
    const { trees } = grow({ ...small, maxDepth: 'grown out' });
    for (let i = 0; i < trees.left.length; i++) if (trees.left[i]! > 0) expect(trees.feature[i]).not.toBe(WIDTH - 1);
  });
});
