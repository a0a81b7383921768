import { ByteWriter } from '../../core/bytes.ts';
import type { Clock } from '../../core/clock.ts';
import type { DetectorConfig } from '../../core/config/stream.ts';
import { Random } from '../../core/random.ts';
import { calibrate, combine, combinedDecades } from '../../detector/calibration.ts';
import { EVIDENCE, TOP } from '../../detector/evidence.ts';
import { Forest, type PathKind } from '../../detector/forest/forest.ts';
import { type EvidenceTable, isForestRow, isHeldOutRow } from './variant-evidence.ts';

/** The evidence columns: tails in order, their means over ten and sixty rows, their fading peaks. */
const PARTS = { tails: 0, mean10: 1, mean60: 2, peak: 3 } as const;
export type Part = keyof typeof PARTS;
export const ALL_PARTS = Object.keys(PARTS) as Part[];

/** Which tails a variant builds on: all that production has, or without one ingredient, or from one forecast alone. */
export const TAIL_KINDS = [
  'full',
  'own past only',
  'lags forecast only',
  'gap forecast only',
  'no cleaned history',
  'no discount',
  'no growth',
] as const;
export type TailKind = (typeof TAIL_KINDS)[number];

/** A detector that differs from the shipped one in what it names. */
export interface Variant {
  name: string;
  group: 'whole' | 'left out' | 'alone' | 'trees' | 'without';
  tails?: TailKind;
  parts?: readonly Part[];
  params?: Partial<Pick<DetectorConfig, 'trees' | 'sampleSize' | 'splitFeatures' | 'maxDepth'>>;
  path?: PathKind;
  /** What speaks: forest and tail sum together as shipped, one of them, or a forest on the scaled rows themselves. */
  speaks?: 'both' | 'forest' | 'tails' | 'raw rows';
}

export const VARIANTS: readonly Variant[] = [
  { name: 'as shipped', group: 'whole' },
  { name: 'forest alone, without the tail sum', group: 'without', speaks: 'forest' },
  { name: 'tail sum alone, without the forest', group: 'without', speaks: 'tails' },
  { name: 'nothing but a forest: raw rows, oblique, box-aware', group: 'without', speaks: 'raw rows' },
  {
    name: 'nothing but a forest: raw rows, axis, classic path',
    group: 'without',
    speaks: 'raw rows',
    params: { splitFeatures: 1 },
    path: 'classic',
  },
  { name: 'no means over ten rows', group: 'left out', parts: ['tails', 'mean60', 'peak'] },
  { name: 'no means over sixty rows', group: 'left out', parts: ['tails', 'mean10', 'peak'] },
  { name: 'no fading peaks', group: 'left out', parts: ['tails', 'mean10', 'mean60'] },
  { name: 'no growth beyond the last knot', group: 'left out', tails: 'no growth' },
  { name: 'no box-aware paths', group: 'left out', path: 'classic' },
  { name: 'no oblique splits', group: 'left out', params: { splitFeatures: 1 } },
  { name: 'neither box-aware nor oblique', group: 'left out', params: { splitFeatures: 1 }, path: 'classic' },
  { name: 'no gap forecast', group: 'left out', tails: 'lags forecast only' },
  { name: 'no lags forecast', group: 'left out', tails: 'gap forecast only' },
  { name: "no cross-metric forecasts, a metric's own past only", group: 'left out', tails: 'own past only' },
  { name: 'no cleaned history', group: 'left out', tails: 'no cleaned history' },
  { name: 'no discount of chronic tails', group: 'left out', tails: 'no discount' },
  { name: 'tails as they are, no smoothing', group: 'alone', parts: ['tails'] },
  { name: 'means over ten rows', group: 'alone', parts: ['mean10'] },
  { name: 'means over sixty rows', group: 'alone', parts: ['mean60'] },
  { name: 'fading peaks', group: 'alone', parts: ['peak'] },
  { name: '50 × 64', group: 'trees', params: { trees: 50, sampleSize: 64, maxDepth: 6 } },
  { name: '50 × 256, as shipped', group: 'trees' },
  { name: '100 × 256', group: 'trees', params: { trees: 100 } },
  { name: '200 × 256', group: 'trees', params: { trees: 200 } },
  { name: '50 × 1024', group: 'trees', params: { sampleSize: 1024, maxDepth: 10 } },
];

export interface VariantRun {
  /** One score a test row. */
  scores: Float64Array;
  fitMs: number;
  scoreUs: number;
  forestBytes: number;
}

/** Fits a variant's forest to the evidence of the train rows and scores the test rows with it. */
export function runVariant(
  variant: Variant,
  table: EvidenceTable,
  shipped: DetectorConfig,
  seed: number,
  clock: Clock,
): VariantRun {
  const { speaks = 'both', path = 'box', parts = ALL_PARTS } = variant;
  const raw = speaks === 'raw rows';
  const width = raw ? table.metrics : parts.length * TOP;
  const columns = parts.flatMap((part) => Array.from({ length: TOP }, (_, k) => PARTS[part] * TOP + k));
  const rowOf = (row: number, out: Float64Array, at: number): void => {
    if (raw) out.set(table.scaled.subarray(row * width, (row + 1) * width), at);
    else for (let k = 0; k < width; k++) out[at + k] = table.evidence[row * EVIDENCE + columns[k]!]!;
  };
  const rowsWhere = (take: (row: number) => boolean): Float64Array => {
    const rows: number[] = [];
    for (let row = 0; row < table.trainRows; row++) if (take(row)) rows.push(row);
    const out = new Float64Array(rows.length * width);
    for (const [i, row] of rows.entries()) rowOf(row, out, i * width);
    return out;
  };
  const startedMs = clock.elapsed();
  const { trees, sampleSize, maxDepth, splitFeatures } = { ...shipped, ...variant.params };
  const forest =
    speaks === 'tails'
      ? null
      : Forest.fit(
          rowsWhere((row) => isForestRow(row, table.trainRows)),
          width,
          { trees, sampleSize, maxDepth, splitFeatures },
          new Random(seed).fork('forest'),
        );
  const scratch = new Float64Array(width);
  const tailSum = (row: number): number => tailSumOf(table, row, parts);
  const score = (row: number): number => {
    if (forest === null) return tailSum(row);
    rowOf(row, scratch, 0);
    return forest.score(scratch, 0, path);
  };
  const judge = speaks === 'both' ? calibrated(table, score, tailSum) : score;
  const fitMs = clock.elapsed() - startedMs;
  const scoreStartedMs = clock.elapsed();
  const scores = new Float64Array(table.rows - table.trainRows);
  for (let i = 0; i < scores.length; i++) scores[i] = judge(table.trainRows + i);
  const scoreUs = (1e3 * (clock.elapsed() - scoreStartedMs)) / scores.length;
  return { scores, fitMs, scoreUs, forestBytes: forest === null ? 0 : bytesOf(forest) };
}

/** The shipped combination: forest and tail sum, each placed among the rows that the forest did not see. */
function calibrated(table: EvidenceTable, score: (row: number) => number, tailSum: (row: number) => number) {
  const heldOut: number[] = [];
  for (let row = 0; row < table.trainRows; row++) if (isHeldOutRow(row, table.trainRows)) heldOut.push(row);
  const calibration = calibrate(Float64Array.from(heldOut, score), Float64Array.from(heldOut, tailSum), 1);
  return (row: number): number => combinedDecades(calibration, combine(calibration, score(row), tailSum(row)));
}

/** The tail sum is the three largest tails with their means over ten rows and the peak; of these, what the variant has. */
function tailSumOf(table: EvidenceTable, row: number, parts: readonly Part[]): number {
  const at = row * EVIDENCE;
  const { evidence } = table;
  const three = (part: Part) =>
    evidence[at + PARTS[part] * TOP]! + evidence[at + PARTS[part] * TOP + 1]! + evidence[at + PARTS[part] * TOP + 2]!;
  const tails = three('tails');
  const mean10 = three('mean10');
  const peak = table.tailSums[row]! - tails - mean10;
  let sum = 0;
  if (parts.includes('tails')) sum += tails;
  if (parts.includes('mean10')) sum += mean10;
  if (parts.includes('peak')) sum += peak;
  return parts.includes('mean60') && parts.length === 1 ? three('mean60') : sum;
}

function bytesOf(forest: Forest): number {
  const writer = new ByteWriter(1 << 16);
  forest.save(writer);
  return writer.length;
}
