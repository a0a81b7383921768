import { describe, expect, test } from 'vitest';
import { ByteReader, ByteWriter } from '../../core/bytes.ts';
import { Random } from '../../core/random.ts';
import { Assessment } from '../../detector/assessment.ts';
import { FallbackScorer, PROBATION_ROWS } from '../../detector/fallback.ts';
import { slotAt, slotMemory } from '../../detector/online/means.ts';
import { OnlineState } from '../../detector/online/state.ts';
import { observe } from '../../detector/online/tails.ts';

const HALF_HOUR_MS = 1_800_000;

/** Row, four tails, evidence and emitted decades, as an implementation of the same formulas in Python gives them. */
const GOLDEN: [number, number[], number, number][] = [
  [1, [0.0, 0.0, 0.0, 0.0], 0.0, 0.0],
  [5, [0.03037613432322881, 0.0, 0.03037613432322881, 0.0], 0.03037613432322881, 0.07762248871129715],
  [
    20,
    [0.054954706423172156, 0.08043396139566934, 0.054954706423172156, 0.04538253223585292],
    0.1353886678188415,
    0.10408994859705559,
  ],
  [
    60,
    [0.3198528516644527, 0.16696134688851466, 0.28041849914974154, 0.1096055162995218],
    0.48681419855296737,
    0.1927920787896268,
  ],
  [
    150,
    [0.030957035812399485, 0.10022191352244858, 0.13751142333199892, 0.06235624316059566],
    0.2377333368544475,
    0.12876020086714215,
  ],
  [
    699,
    [0.5889571039163622, 0.2455861622612838, 0.23285453011288423, 0.07866099372652459],
    0.8345432661776461,
    0.2757516051726542,
  ],
  [
    700,
    [7.825819472957571, 7.825819472957571, 7.825819472957571, 7.825819472957571],
    15.651638945915142,
    5.763973798214661,
  ],
  [
    701,
    [2.6724120243904608, 3.1463513623564654, 0.3961876823649781, 2.901399652098572],
    5.818763386746927,
    1.5522019827606734,
  ],
  [
    900,
    [0.6460758090505432, 0.7043834599361902, 0.25770404710587785, 1.275818753090978],
    1.921894562141521,
    0.5525186243933192,
  ],
  [
    1500,
    [0.26636312923348815, 0.26965457220240535, 1.890609134864965, 0.30910111494365455],
    2.1997102498086196,
    0.6371983838250144,
  ],
  [
    1505,
    [0.2736480506487202, 0.2632404429927843, 1.8645802717285183, 0.23374530705527402],
    2.1278207147213024,
    0.617708366100238,
  ],
  [
    1519,
    [0.3092918539744288, 0.2657980313558473, 1.7844305622697088, 0.6923443953653668],
    2.4767749576350755,
    0.7118150995592677,
  ],
  [
    1530,
    [0.23805834878452833, 0.2660965359606428, 0.775928215045783, 0.47723860222322934],
    1.2531668172690122,
    0.37070206133685984,
  ],
  [
    2000,
    [0.23428677262281158, 0.2070321782306165, 1.5437323373711476, 0.5733039370062294],
    2.117036274377377,
    0.6231809212717456,
  ],
  [
    2150,
    [0.12617187862668533, 0.20754653444139481, 1.1389021424033678, 0.45567157456621354],
    1.5945737169695815,
    0.4755566870904545,
  ],
  [2300, [0.08059472324975904, 0.1460954061621561, 0.0, 0.3405753047174241], 0.4211700279671831, 0.1455540706812279],
  [
    3001,
    [0.05993133052014093, 0.1661144989128969, 0.15291576216154415, 0.10114775789564975],
    0.31903026107444105,
    0.12332736621430017,
  ],
  [4200, [0.10362357723573241, 0.2843134051722276, 0.14949275706895063, 0.0], 0.4338061622411782, 0.1615738021220942],
  [4800, [0.6361173784158531, 0.3022132307630681, 0.8237240831118838, 0.0], 1.125937313874952, 0.37273294723320444],
  [4999, [0.49498852992956555, 0.02526656877428501, 0.44512580583185424, 0.0], 0.5202550987038506, 0.18086791713629655],
];

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
