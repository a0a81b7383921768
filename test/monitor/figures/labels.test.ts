import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Random } from '../../../core/random.ts';
import { averagePrecision, rankingCurve } from '../../../core/stats/ranking.ts';
import type { LabelledWindow } from '../../../monitor/figures/input.ts';
import { labelFigures } from '../../../monitor/figures/labels.ts';

const WINDOWS = 20_000;
/** Probability that a quiet window is offered for labelling. */
const OFFERED = 0.1;
const FIGURES = ['ece', 'brier', 'pr_auc', 'precision_at_k'] as const;

/** Windows as they are, the truth of each known: a tenth of the anomalies lies below the boundary. */
function everyWindow(seed: number): LabelledWindow[] {
  const random = new Random(seed);
  return Array.from({ length: WINDOWS }, (_, i) => {
    const severity = Math.exp(0.8 * random.normal() - 1.6);
    const anomalous = random.next() < Math.min(0.9, 0.25 * severity ** 2);
    return { entity: `host-${i % 40}`, windowStartMs: i * 1_000, pValue: 0.5, severity, anomalous, weight: 1 };
  });
}

/** What people get to see of them: all alerts, and a few of the others, with the weight of each. */
function labelled(all: readonly LabelledWindow[], seed: number): LabelledWindow[] {
  const random = new Random(seed).fork('labels');
  return all.flatMap((window) => {
    if (window.severity > 1) return [window];
    return random.next() < OFFERED ? [{ ...window, weight: 1 / OFFERED }] : [];
  });
}

/** Windows are looked at, not entities, so intervals are left out of the comparison. */
const valuesOf = (labels: readonly LabelledWindow[]) => {
  const figures = labelFigures(labels);
  return Object.fromEntries(FIGURES.map((name) => [name, figures[name]!.value!])) as Record<
    (typeof FIGURES)[number],
    number
  >;
};

test('labels of alerts and of a few quiet windows give the figures of all windows', () => {
  let [weighted, unweighted] = [0, 0];
  for (const seed of [1, 2, 3]) {
    const all = everyWindow(seed);
    const seen = labelled(all, seed);
    expect(seen.length).toBeLessThan(0.25 * WINDOWS);
    const truth = valuesOf(all);
    const told = valuesOf(seen);
    const naive = valuesOf(seen.map((window) => ({ ...window, weight: 1 })));
    for (const name of ['brier', 'pr_auc'] as const) {
      weighted += Math.abs(told[name] - truth[name]) / truth[name];
      unweighted += Math.abs(naive[name] - truth[name]) / truth[name];
      expect(Math.abs(told[name] - truth[name]), name).toBeLessThan(0.25 * truth[name]);
      expect(Math.abs(naive[name] - truth[name]), name).toBeGreaterThan(0.4 * truth[name]);
    }
    expect(told.ece).toBeLessThan(0.02);
    expect(told.precision_at_k).toBe(truth.precision_at_k);
  }
  expect(weighted).toBeLessThan(0.2 * unweighted);
});

test('a label of weight n counts as n labels do', () => {
  const some = everyWindow(4).slice(0, 300);
  const heavy = some.map((window, i) => ({ ...window, weight: 1 + (i % 3) }));
  const copies = heavy.flatMap((window) => Array.from({ length: window.weight }, () => ({ ...window, weight: 1 })));
  expect(labelFigures(heavy).pr_auc!.value).toBeCloseTo(labelFigures(copies).pr_auc!.value!, 12);
  const curve = rankingCurve(
    copies.map(({ anomalous }) => (anomalous ? 1 : 0)),
    Float64Array.from(copies, ({ severity }) => severity),
  );
  expect(labelFigures(heavy).pr_auc!.value).toBeCloseTo(averagePrecision(curve), 12);
});

test('a map of severities to probabilities is not judged by the rows that it was fitted on', () => {
  const random = new Random(7);
  const labels = Array.from({ length: 400 }, (_, i) => {
    const severity = 40 + random.next();
    return { entity: `e${i % 6}`, windowStartMs: i, pValue: 0.5, severity, anomalous: random.next() < 0.5, weight: 1 };
  });
  const { ece, brier } = labelFigures(labels);
  expect(ece!.value).toBeGreaterThan(0.01);
  expect(brier!.value).toBeGreaterThan(0.25);
});

test('the interval of precision is wider when few labels stand for the most severe windows', () => {
  const random = new Random(5);
  const windows = Array.from({ length: 60 }, (_, i) => {
    const anomalous = i % 2 === 0;
    const severity = random.next();
    return { entity: `e${i % 6}`, windowStartMs: i, pValue: 0.5, severity, anomalous, weight: 1 };
  });
  const width = (labels: LabelledWindow[]) => {
    const [low, high] = labelFigures(labels).precision_at_k!.interval!;
    return high - low;
  };
  expect(width(windows.map((window) => ({ ...window, weight: 8 })))).toBeGreaterThan(1.3 * width(windows));
});

test('too few labels, or labels of one kind alone, are unknown and neither well nor ill', () => {
  const all = everyWindow(6);
  const good = all.filter(({ anomalous }) => !anomalous);
  for (const labels of [[], all.slice(0, 19), good.slice(0, 500)])
    for (const figure of Object.values(labelFigures(labels)))
      expect(figure).toEqual({ value: null, status: 'unknown', limit: null });
});

test('whatever the labels are, no figure is anything but a number or unknown', () => {
  const number = fc.oneof(fc.double(), fc.double({ min: 0, max: 5 }), fc.constantFrom(1, 0, Number.MAX_VALUE, 5e-324));
  const label = fc.record({
    entity: fc.constantFrom('a', 'b', 'c'),
    windowStartMs: fc.integer({ min: 0, max: 9 }),
    pValue: fc.constant(0.5),
    severity: number,
    anomalous: fc.boolean(),
    weight: fc.oneof({ weight: 4, arbitrary: fc.double({ min: 1, max: 1e6, noNaN: true }) }, number),
  });
  fc.assert(
    fc.property(fc.array(label, { minLength: 30, maxLength: 60 }), (labels) => {
      for (const figure of Object.values(labelFigures(labels))) {
        expect(JSON.parse(JSON.stringify(figure))).toEqual(figure);
        expect(figure!.value === null).toBe(figure!.status === 'unknown');
      }
    }),
    { numRuns: 30 },
  );
});
