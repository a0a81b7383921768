/** Our side of the forest benchmark, as a contestant; the argument says which forest, so that each has a process of its own. */
import { createInterface } from 'node:readline';
import { Random } from '../../core/random.ts';
import { Forest, type PathKind } from '../../detector/forest/forest.ts';
import { median } from '../lib/section.ts';
import {
  CLASSIC,
  classicForest,
  evidenceRows,
  FIT_ROWS,
  ROWS,
  STREAM,
  STREAM_WIDTH,
  tableRows,
  WIDTH,
} from './data.ts';

/** Forests that are grown in a round; the median counts. */
const FITS = 5;
const SINGLE_ROWS = 20_000;
const ALLOCATION_ROWS = 1_000_000;

const elapsedUs = (work: () => void): number => {
  const start = performance.now();
  work();
  return (performance.now() - start) * 1e3;
};

/** Mean, median and 99th percentile of scoring one row, in µs; reading the clock is in the percentiles. */
function singles(forest: Forest, rows: Float64Array, width: number, path: PathKind): Record<string, number> {
  const n = rows.length / width;
  const times = new Float64Array(SINGLE_ROWS);
  const out = new Float64Array(1);
  const mean =
    elapsedUs(() => {
      for (let i = 0; i < SINGLE_ROWS; i++) out[0] = forest.score(rows, (i % n) * width, path);
    }) / SINGLE_ROWS;
  for (let i = 0; i < SINGLE_ROWS; i++) {
    const at = ((i * 7) % n) * width;
    const start = performance.now();
    out[0] = forest.score(rows, at, path);
    times[i] = (performance.now() - start) * 1e3;
  }
  times.sort();
  return { mean, p50: times[SINGLE_ROWS >> 1]!, p99: times[Math.floor(SINGLE_ROWS * 0.99)]! };
}

/** Bytes that scoring a row leaves behind, from the growth of the heap over a million rows. */
function allocationBytes(forest: Forest, rows: Float64Array, width: number): number {
  const n = rows.length / width;
  const out = new Float64Array(1);
  const score = (count: number): void => {
    for (let i = 0; i < count; i++) out[0] = forest.score(rows, (i % n) * width);
  };
  score(ALLOCATION_ROWS / 10);
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  score(ALLOCATION_ROWS);
  return (process.memoryUsage().heapUsed - before) / ALLOCATION_ROWS;
}

function classicRound(): () => Record<string, number> {
  const rows = tableRows();
  const fitRows = rows.slice(0, FIT_ROWS * WIDTH);
  const forest = classicForest(rows);
  const out = new Float64Array(ROWS);
  return () => {
    const grow = (): number => elapsedUs(() => Forest.fit(fitRows, WIDTH, CLASSIC, new Random(1))) / 1e3;
    const fit = median(Array.from({ length: FITS }, grow));
    const batch = elapsedUs(() => forest.scoreBatch(rows, out, 'classic')) / ROWS;
    const meanScore = out.reduce((a, b) => a + b) / ROWS;
    const { mean, p50, p99 } = singles(forest, rows, WIDTH, 'classic');
    return { fit, batch, meanScore, mean: mean!, p50: p50!, p99: p99! };
  };
}

function boxRound(forest: Forest, rows: Float64Array, width: number): () => Record<string, number> {
  const allocation = allocationBytes(forest, rows, width); // once: it is the same every time
  return () => ({ ...singles(forest, rows, width, 'box'), allocation });
}

function roundOf(which: string | undefined): () => Record<string, number> {
  if (which === 'classic') return classicRound();
  if (which === 'box') {
    const rows = tableRows();
    return boxRound(classicForest(rows), rows, WIDTH);
  }
  const rows = evidenceRows(FIT_ROWS);
  return boxRound(Forest.fit(rows, STREAM_WIDTH, STREAM, new Random(1)), rows, STREAM_WIDTH);
}

const round = roundOf(process.argv[2]);
for (let i = 0; i < 3; i++) round(); // optimised code serves, so optimised code is measured
console.log('{"ready":1}');
for await (const _ of createInterface({ input: process.stdin })) console.log(JSON.stringify(round()));
