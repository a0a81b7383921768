import type { Clock } from '../../core/clock.ts';
import { EVIDENCE, evidenceSize, gatherEvidence } from '../../detector/evidence.ts';
import { fitProfile } from '../../detector/fit-profile.ts';
import { historySize, newRow, observe, type Row } from '../../detector/forecast.ts';
import { decades, KNOTS } from '../../detector/knots.ts';
import { type Profile, profileBytes } from '../../detector/profile.ts';
import type { TrainedEntity } from './pack.ts';
import type { Matrix } from './table-file.ts';
import type { TailKind } from './variants.ts';

/** As training cuts the rows: nine blocks, every third kept from the forest; the first rows fill the histories. */
const BLOCKS = 9;
const SETTLING_ROWS = 12;
/** Tails up to here lie among the training rows; what is beyond is growth. */
const LAST_KNOT_DECADES = (KNOTS - 1) / 4;

const block = (row: number, rows: number): number => Math.floor((row * BLOCKS) / rows) % 3;
export const isForestRow = (row: number, rows: number): boolean => row >= SETTLING_ROWS && block(row, rows) !== 2;
export const isHeldOutRow = (row: number, rows: number): boolean => row >= SETTLING_ROWS && block(row, rows) === 2;

/** What the forest would see of every row of an entity, train rows first, under one kind of tails. */
export interface EvidenceTable {
  rows: number;
  trainRows: number;
  metrics: number;
  /** rows × EVIDENCE. */
  evidence: Float64Array;
  tailSums: Float64Array;
  /** rows × metrics, each scaled by its mean and standard deviation in training. */
  scaled: Float64Array;
  profileBytes: number;
  fitMs: number;
  /** From a row of values to its evidence. */
  rowUs: number;
}

export interface FittedProfile {
  profile: Profile;
  fitMs: number;
}

/** Fits what a kind of tails builds on. Only forecasts from a metric's own past need another fit than the shipped one. */
export function fitOf(kind: TailKind, { train }: TrainedEntity, clock: Clock): FittedProfile {
  const metrics = train.columns;
  const names = Array.from({ length: metrics }, (_, c) => `m${c}`);
  const traits = new Uint8Array(metrics);
  const series = { features: names, metrics: names, traits, rows: train.rows, values: train.values };
  const startedMs = clock.elapsed();
  const profile = fitProfile(series, kind !== 'own past only');
  return { profile, fitMs: clock.elapsed() - startedMs };
}

/** Runs an entity's rows through the code that serves, with the tails changed as the kind says. */
export function evidenceOf(kind: TailKind, data: TrainedEntity, fitted: FittedProfile, clock: Clock): EvidenceTable {
  const { train, test } = data;
  const metrics = train.columns;
  const { fitMs } = fitted;
  const profile = fitted.profile.copy();
  const { knots } = profile;
  if (kind === 'no cleaned history') profile.width.fill(Number.POSITIVE_INFINITY);
  const rows = train.rows + test.rows;
  const table: EvidenceTable = {
    rows,
    trainRows: train.rows,
    metrics,
    evidence: new Float64Array(rows * EVIDENCE),
    tailSums: new Float64Array(rows),
    scaled: new Float64Array(rows * metrics),
    profileBytes: profileBytes(metrics, profile.cross),
    fitMs,
    rowUs: 0,
  };
  const history = new Float64Array(historySize(metrics));
  const state = new Float64Array(evidenceSize(metrics));
  const row = newRow(metrics);
  const tails = new Float64Array(metrics);
  const rowsMs = clock.elapsed();
  for (let r = 0; r < rows; r++) {
    const from = r < train.rows ? train : test;
    const at = (r < train.rows ? r : r - train.rows) * metrics;
    observe(profile, history, from.values.subarray(at, at + metrics), row);
    tailsOf(kind, row, knots, tails);
    table.tailSums[r] = gatherEvidence(tails, state, table.evidence.subarray(r * EVIDENCE, (r + 1) * EVIDENCE));
  }
  table.rowUs = (1e3 * (clock.elapsed() - rowsMs)) / rows;
  for (let c = 0; c < metrics; c++) scaleColumn(train, test, c, table.scaled);
  return table;
}

/** One column of both files by the mean and standard deviation of its train rows; a constant is only shifted. */
function scaleColumn(train: Matrix, test: Matrix, c: number, out: Float64Array): void {
  const n = train.columns;
  let sum = 0;
  let squares = 0;
  for (let r = 0; r < train.rows; r++) sum += train.values[r * n + c]!;
  const mean = sum / train.rows;
  for (let r = 0; r < train.rows; r++) squares += (train.values[r * n + c]! - mean) ** 2;
  const sd = Math.sqrt(squares / train.rows) || 1;
  for (let r = 0; r < train.rows; r++) out[r * n + c] = (train.values[r * n + c]! - mean) / sd;
  for (let r = 0; r < test.rows; r++) out[(train.rows + r) * n + c] = (test.values[r * n + c]! - mean) / sd;
}

function tailsOf(kind: TailKind, row: Row, knots: Float32Array, out: Float64Array): void {
  const n = out.length;
  for (let c = 0; c < n; c++) {
    const discount = row.tails[c]! - row.evidence[c]!;
    if (kind === 'no discount') out[c] = row.tails[c]!;
    else if (kind === 'no growth') out[c] = Math.min(row.evidence[c]!, LAST_KNOT_DECADES);
    else if (kind === 'lags forecast only') out[c] = Math.max(0, tailOf(row, knots, c) - discount);
    else if (kind === 'gap forecast only') out[c] = Math.max(0, tailOf(row, knots, n + c) - discount);
    else out[c] = row.evidence[c]!;
  }
}

/** Decades of one residual: those of the lags forecast come first, then those of the gap forecast. */
function tailOf(row: Row, knots: Float32Array, at: number): number {
  const residual = row.residuals[at]!;
  return Number.isNaN(residual) ? 0 : decades(residual, knots, at * KNOTS);
}
