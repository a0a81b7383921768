import { join } from 'node:path';
import { inProcess } from '../lib/child.ts';
import { type BenchSection, versus, within } from '../lib/section.ts';
import type { FoldFigures } from './child.ts';

/** Four million points a second on one core. */
const GOAL_NS = 250;
const GROWTH = 1.25;
const child = join(import.meta.dirname, 'child.ts');

/** The fold alone: decoded records in, verdicts out, at three sizes of the fleet. */
export async function foldBench(quick: boolean): Promise<BenchSection> {
  const sizes: [entities: number, windows: number][] = quick
    ? [
        [1_000, 20],
        [10_000, 2],
      ]
    : [
        [1_000, 100],
        [10_000, 10],
        [100_000, 2],
      ];
  const results: [number, FoldFigures][] = [];
  for (const [entities, windows] of sizes) results.push([entities, await inProcess(child, [entities, windows])]);
  return foldSection(results);
}

export function foldSection(results: readonly [entities: number, figures: FoldFigures][]): BenchSection {
  const [, first] = results[0]!;
  const rows = results.map(([entities, f]) =>
    entities === results[0]![0]
      ? within(`${count(entities)}, CPU a point`, 'ns', f.cpuNs, GOAL_NS)
      : {
          ...within(`${count(entities)}, CPU a point`, 'ns', f.cpuNs, GROWTH * first.cpuNs),
          reference: first.cpuNs,
          ratio: first.cpuNs / f.cpuNs,
          goal: `≤ ${GROWTH} × that at ${count(results[0]![0])}`,
        },
  );
  return {
    name: 'Fold',
    rows: [
      ...rows,
      versus(`${count(results[0]![0])}, against JSON.parse of the same records`, 'ns', first.cpuNs, first.parseNs),
      within('the forest in it, one row', 'µs', first.scoreUs, 4),
    ],
    notes: [
      'Prepared samples of 5 values, 1 s apart, default stream: 10 s windows, means, forest over forecasts. Median of 3 rounds, without the cost of the load itself; CPU time is that of the whole process, garbage collection included.',
      ...results.map(
        ([entities, f]) =>
          `${count(entities)}: ${(1000 / f.cpuNs).toFixed(1)} M points/s of CPU time, ${(1000 / f.wallNs).toFixed(1)} M of wall time; ${f.verdicts} verdicts, ${(100 * f.explainedShare).toFixed(0)} % with attributions.`,
      ),
      `Training ${count(first.trainedEntities)} on 300 windows each took ${(first.trainMs / 1000).toFixed(1)} s${first.cross ? ', forecasts from all metrics' : ''}; larger fleets have copies of these profiles, each in memory of its own.`,
      `Verdict hash of the first 26 windows: ${first.hash}.`,
    ],
  };
}

const count = (entities: number): string => `${entities.toLocaleString('en')} entities`;
