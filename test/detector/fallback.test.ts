import { describe, expect, test } from 'vitest';
import { ByteReader, ByteWriter } from '../../core/bytes.ts';
import { Random } from '../../core/random.ts';
import { Assessment } from '../../detector/assessment.ts';
import { FallbackScorer, PROBATION_ROWS } from '../../detector/fallback.ts';
import { slotAt, slotMemory } from '../../detector/online/means.ts';
import { OnlineState } from '../../detector/online/state.ts';
import { observe } from '../../detector/online/tails.ts';
import { GOLDEN } from './online/golden.ts';

const HALF_HOUR_MS = 1_800_000;

/** Sawtooth by the half hour with an absurd value, a raised stretch, a constant one and a missing row. */
function goldenValue(i: number): number {
  if (i === 700) return 1e12;
  if (i === 3000) return Number.NaN;
  if (i >= 2000 && i < 2300) return 3.5;
  const x = ((i * 7919) % 97) / 8 + (i % 48 > 24 ? 10 : 0) - 0.25 * ((i * i) % 13);
  return i >= 1500 && i < 1520 ? x + 40 : x;
}

/** Feeds rows of `metrics` values made by `value`; the assessments' figures by row. */
function feed(
  scorer: FallbackScorer,
  metrics: number,
  from: number,
  to: number,
  value: (row: number, metric: number) => number,
) {
  const out = new Assessment();
  const rows = [];
  for (let i = from; i < to; i++) {
    out.reset(metrics);
    const values = Float64Array.from({ length: metrics }, (_, c) => value(i, c));
    scorer.assess(values, i * HALF_HOUR_MS, 10_000, out);
    const { score, decades, probation } = out;
    rows.push({
      score,
      decades,
      probation,
      values,
      weights: out.weights.slice(),
      low: out.low.slice(),
      high: out.high.slice(),
    });
  }
  return rows;
}

const savedBytes = (scorer: FallbackScorer): Uint8Array => {
  const writer = new ByteWriter();
  scorer.save(writer);
  return writer.finish();
};

describe('the figures of an independent implementation', () => {
  test('are met by the tails of a metric', () => {
    const state = new OnlineState(1);
    const tails = new Float64Array(4);
    const wanted = new Map(GOLDEN.map((golden) => [golden[0], golden]));
    for (let i = 0; i < 5000; i++) {
      if (Number.isNaN(goldenValue(i))) continue;
      const timeMs = i * HALF_HOUR_MS;
      const evidence = observe(state, 0, goldenValue(i), slotAt(timeMs), slotMemory(HALF_HOUR_MS), tails, 0);
      const golden = wanted.get(i);
      if (golden === undefined) continue;
      for (let j = 0; j < 4; j++) expect(tails[j], `row ${i}, tail ${j}`).toBeCloseTo(golden[1][j]!, 11);
      expect(evidence, `row ${i}`).toBeCloseTo(golden[2], 11);
    }
  });

  test('are met by the score and the emitted decades, which find the spacing of the rows themselves', () => {
    const rows = feed(new FallbackScorer([false]), 1, 0, 5000, goldenValue);
    for (const [i, , evidence, decades] of GOLDEN) {
      expect(rows[i]!.score, `row ${i}`).toBeCloseTo(evidence, 11);
      expect(rows[i]!.decades, `row ${i}`).toBeCloseTo(decades, 11);
    }
  });
});

describe('judged by its own past', () => {
  const noise = (seed: number) => {
    const random = new Random(seed);
    return (_row: number, c: number) => 100 * (c + 1) + random.normal();
  };

  test('a constant metric has no evidence, with rounding noise or without', () => {
    const rows = feed(new FallbackScorer([false, false]), 2, 0, 1000, (i, c) =>
      c === 0 ? 7 : 1e6 * (1 + (i % 3) * 1e-13),
    );
    expect(rows.every((row) => row.score === 0 && row.decades === 0)).toBe(true);
  });

  test('a far value in one metric of several is found and lands on that metric', () => {
    const normal = noise(1);
    const rows = feed(
      new FallbackScorer([false, false, false]),
      3,
      0,
      600,
      (i, c) => normal(i, c) + (i === 599 && c === 1 ? 15 : 0),
    );
    const last = rows.at(-1)!;
    expect(last.decades).toBeGreaterThan(2);
    expect(last.weights.indexOf(Math.max(...last.weights))).toBe(1);
    expect(rows.slice(PROBATION_ROWS, -1).filter((row) => row.decades > 3)).toEqual([]);
  });

  test('the expected band holds nearly all normal values, and none exists in the first rows', () => {
    const rows = feed(new FallbackScorer([false]), 1, 0, 3000, noise(2));
    expect(rows.slice(0, 10).every((row) => Number.isNaN(row.low[0]!) && Number.isNaN(row.high[0]!))).toBe(true);
    const late = rows.slice(500);
    const outside = late.filter((row) => row.values[0]! < row.low[0]! || row.values[0]! > row.high[0]!);
    expect(outside.length).toBeLessThan(10);
    const widths = late.map((row) => row.high[0]! - row.low[0]!);
    expect(Math.max(...widths)).toBeLessThan(20);
    expect(Math.min(...widths)).toBeGreaterThan(4);
  });

  test('probation lasts fifty rows', () => {
    const rows = feed(new FallbackScorer([false]), 1, 0, 60, noise(3));
    expect(rows.findIndex((row) => !row.probation)).toBe(PROBATION_ROWS);
  });

  test('a row of missing values has no evidence and teaches nothing', () => {
    const scorer = new FallbackScorer([false, false]);
    feed(scorer, 2, 0, 100, noise(4));
    const before = savedBytes(scorer);
    const [row] = feed(scorer, 2, 100, 101, () => Number.NaN);
    expect([row!.score, row!.decades]).toEqual([0, 0]);
    expect(Buffer.compare(savedBytes(scorer), before)).toBe(0);
  });

  test('absurd and infinite values leave it finite and able to see', () => {
    const normal = noise(5);
    const scorer = new FallbackScorer([false]);
    const absurd = new Map([
      [300, 1e300],
      [310, Number.POSITIVE_INFINITY],
      [320, -1e300],
    ]);
    const rows = feed(scorer, 1, 0, 1000, (i, c) => absurd.get(i) ?? normal(i, c) + (i === 999 ? 1e6 : 0));
    expect(rows.every((row) => Number.isFinite(row.decades) && Number.isFinite(row.score))).toBe(true);
    expect(rows.at(-1)!.decades).toBeGreaterThan(2);
  });

  test('the time of day is an input without evidence', () => {
    const normal = noise(6);
    const scorer = new FallbackScorer([true, false]);
    const rows = feed(scorer, 2, 0, 300, (i, c) => (c === 0 ? (i === 299 ? 1e9 : 0) : normal(i, c)));
    expect(rows.at(-1)!.decades).toBeLessThan(2);
    expect(rows.at(-1)!.weights[0]).toBe(0);
  });

  test('metrics that join leave what is known of the others as it is', () => {
    const normal = noise(7);
    const values = Array.from({ length: 400 }, (_, i) => normal(i, 0));
    const alone = new FallbackScorer([false]);
    const grown = new FallbackScorer([false]);
    feed(alone, 1, 0, 200, (i) => values[i]!);
    feed(grown, 1, 0, 200, (i) => values[i]!);
    const wider = grown.rearranged(Int32Array.of(-1, 0, -1), [false, false, true]);
    const one = feed(alone, 1, 200, 400, (i) => values[i]!);
    const three = feed(wider, 3, 200, 400, (i, c) => (c === 1 ? values[i]! : Number.NaN));
    expect(three.map((row) => row.score)).toEqual(one.map((row) => row.score));
    expect(three.map((row) => row.weights[1])).toEqual(one.map((row) => row.weights[0]));
  });
});

describe('its saved state', () => {
  const trained = () => {
    const random = new Random(8);
    const scorer = new FallbackScorer([false, false]);
    feed(scorer, 2, 0, 300, () => random.normal());
    return scorer;
  };

  test('continues bit for bit', () => {
    const scorer = trained();
    const bytes = savedBytes(scorer);
    const reader = new ByteReader(bytes);
    const again = FallbackScorer.load(reader, [false, false]);
    expect(reader.remaining).toBe(0);
    const value = (i: number, c: number) => Math.sin(i * (c + 1)) * 5;
    expect(feed(again, 2, 300, 700, value)).toEqual(feed(scorer, 2, 300, 700, value));
    expect(Buffer.compare(savedBytes(again), savedBytes(scorer))).toBe(0);
  });

  test('is refused when a number of it is impossible', () => {
    const bytes = savedBytes(trained());
    const spoiled = (change: (view: DataView) => void) => {
      const copy = bytes.slice();
      change(new DataView(copy.buffer));
      return () => FallbackScorer.load(new ByteReader(copy), [false, false]);
    };
    expect(spoiled((view) => view.setFloat64(4, 1, true))).not.toThrow();
    expect(spoiled((view) => view.setFloat64(4, Number.NaN, true))).toThrow('not finite');
    expect(spoiled((view) => view.setFloat64(4 + 8 * 4, 2, true))).toThrow('weight of a mean is 2');
    expect(spoiled((view) => view.setUint32(0, 3, true))).toThrow('expected');
    expect(spoiled((view) => view.setUint16(bytes.length - 2, 1, true))).toThrow('counts sum to');
    expect(() => FallbackScorer.load(new ByteReader(bytes), [false])).toThrow('expected');
    for (const size of [0, 3, 100, bytes.length - 1]) {
      expect(() => FallbackScorer.load(new ByteReader(bytes.slice(0, size)), [false, false])).toThrow('at byte');
    }
  });

  test('takes about 600 bytes a metric and 400 an entity', () => {
    const size = (metrics: number) => savedBytes(new FallbackScorer(new Array(metrics).fill(false))).length;
    expect(size(11) - size(10)).toBe(608);
    expect(size(1)).toBeLessThan(1100);
  });
});
