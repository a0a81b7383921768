import { join } from 'node:path';
import { alternate, Contestant, type Figures } from '../lib/contestant.ts';
import { CACHE } from '../lib/python.ts';
import { type BenchSection, median, versus, within } from '../lib/section.ts';
import { writeInputs } from './data.ts';
import { plainC, type Reference, randomCutForest, sklearn } from './references.ts';

const ROUNDS = 5;
/** Scores of the two kernels differ by the last bits of their logarithms at most. */
const AGREEMENT = 1e-9;

/** The forest against scikit-learn, plain C and Random Cut Forest, each that is there, in turn in one run. */
export async function forestBench(): Promise<BenchSection> {
  const inputs = writeInputs(join(CACHE, 'forest'));
  const script = join(import.meta.dirname, 'ours.ts');
  const ours = ['classic', 'box', 'stream'].map((which) =>
    Contestant.start(which, process.execPath, ['--expose-gc', '--import', 'tsx', script, which]),
  );
  const started: Contestant[] = [];
  try {
    for (const one of ours) started.push((await one)[0]);
    const references: Reference[] = [
      await sklearn(inputs.rows),
      await plainC(inputs.forest, inputs.rows),
      await randomCutForest(inputs.rows),
    ];
    for (const { contestant } of references) if (contestant) started.push(contestant);
    return sectionOf(
      await alternate(started, ROUNDS),
      references.map((r) => r.note),
    );
  } finally {
    for (const contestant of started) contestant.stop();
  }
}

function sectionOf(results: ReadonlyMap<string, Figures[]>, notes: string[]): BenchSection {
  const of = (name: string, figure: string): number | null => {
    const rounds = results.get(name);
    return rounds === undefined ? null : median(rounds.map((figures) => figures[figure] ?? Number.NaN));
  };
  const mine = (name: string, figure: string): number => of(name, figure) ?? Number.NaN;
  const theirs = of('C', 'meanScore');
  if (theirs !== null && Math.abs(theirs - mine('classic', 'meanScore')) > AGREEMENT) {
    throw new Error(`the C kernel's mean score is ${theirs}, ours ${mine('classic', 'meanScore')}`);
  }
  const batch = mine('classic', 'batch');
  const one = mine('classic', 'mean');
  const rows = [
    versus(
      '100 × 256 classic, batch of 100,000 × 20, against scikit-learn',
      'µs/row',
      batch,
      of('scikit-learn', 'batch'),
      2,
    ),
    versus('the same, against C -O3 by the same algorithm', 'µs/row', batch, of('C', 'batch'), 1 / 1.3),
    versus('the same, against the textbook loop in C -O3', 'µs/row', batch, of('C', 'textbook')),
    versus('100 × 256 classic, one row, against scikit-learn', 'µs', one, of('scikit-learn', 'single'), 1_000),
    versus('the same, against Random Cut Forest (50 trees), score', 'µs', one, of('RCF', 'score'), 20),
    versus(
      'the same, against Random Cut Forest (50 trees), score and update',
      'µs',
      one,
      of('RCF', 'scoreAndUpdate'),
      20,
    ),
    within('100 × 256 classic, one row, p50', 'µs', mine('classic', 'p50'), 10),
    within('100 × 256 classic, one row, p99', 'µs', mine('classic', 'p99'), 10),
    within('100 × 256 box-aware, one row, p99', 'µs', mine('box', 'p99'), 10),
    within('100 × 256 box-aware, one row, allocation', 'bytes', mine('box', 'allocation'), 1),
    versus(
      'stream forest (50 × 256, oblique, box-aware, 15 features), one row, against Random Cut Forest, score',
      'µs',
      mine('stream', 'mean'),
      of('RCF', 'score'),
    ),
    within('stream forest, one row, p50', 'µs', mine('stream', 'p50'), 4),
    within('stream forest, one row, p99', 'µs', mine('stream', 'p99'), 10),
    within('stream forest, one row, allocation', 'bytes', mine('stream', 'allocation'), 1),
    versus(
      'fit 100 × 256 on 25,600 × 20, against scikit-learn',
      'ms',
      mine('classic', 'fit'),
      of('scikit-learn', 'fit'),
      8,
    ),
  ];
  return {
    name: 'Isolation forest',
    rows,
    notes: [
      ...notes,
      `Medians of ${ROUNDS} rounds in which the contestants took turns, each in a process of its own.`,
      'Percentiles include reading the clock twice, about 0.1 µs.',
    ],
  };
}
