import { TidewatchError } from '../../core/errors.ts';
import { Random } from '../../core/random.ts';
import { mix } from '../draw.ts';
import { entitiesOf, entityOf, type Pack, readTrained } from '../quality/pack.ts';
import type { Matrix } from '../quality/table-file.ts';
import type { Conditions, Telemetry } from './telemetry.ts';

const DAY_MS = 86_400_000;
const DEAL_DRAWS = 0x4445414c;

/** Sets whose entities are one fleet over days, and how many of their entities make one here. */
export const RECORDED_SETS = { asd: 4, js2: 6, smd: 4 } as const;
export type RecordedSet = keyof typeof RECORDED_SETS;

/** Rows are taken at least so far apart: windows of ten minutes need no more. */
const PERIOD_MS = 300_000;

const MOVING_SHARE = 0.8;

/** Days of recorded telemetry without a label, of several entities. */
export interface RecordedDays {
  entities: readonly string[];
  metrics: readonly string[];
  lively: readonly string[];
  periodMs: number;
  days: number;
  rows: readonly Matrix[];
}

/** The training rows of a set. Columns that never change anywhere are left out: they say nothing. */
export async function readDays(pack: Pack, set: RecordedSet): Promise<RecordedDays> {
  const files = entitiesOf(pack, set).slice(0, RECORDED_SETS[set]);
  if (files.length === 0) throw new TidewatchError('file_missing', `${pack.dir} has no entities of ${set}`);
  const read = await Promise.all(files.map((file) => readTrained(pack, file)));
  const periodMs = read[0]!.periodMs;
  const columns = Math.min(...read.map(({ train }) => train.columns));
  const kept = Array.from({ length: columns }, (_, c) => c).filter((c) => read.some(({ train }) => varies(train, c)));
  const days = Math.floor((Math.min(...read.map(({ train }) => train.rows)) * periodMs) / DAY_MS);
  if (days < 7) throw new TidewatchError('too_little_data', `${set} has ${days} days, 7 needed`);
  return {
    entities: files.map((file) => entityOf(set, file.path)),
    metrics: kept.map(nameOf),
    lively: kept.filter((c) => read.every(({ train }) => moves(train, c))).map(nameOf),
    periodMs,
    days,
    rows: read.map(({ train }) => columnsOf(train, kept)),
  };
}

/**
 * Recorded days dealt again in an order that the seed draws, all entities the same day, each day once before any comes
 * again: values, correlations and the course of a day are as recorded, and no stretch differs from the training by
 * anything but chance and the faults laid over it.
 */
export class RecordedFleet implements Telemetry {
  readonly entities: readonly string[];
  readonly metrics: readonly string[];
  readonly lively: readonly string[];
  readonly periodMs: number;
  readonly #source: RecordedDays;
  readonly #seed: number;
  #deal: { round: number; days: Int32Array } = { round: -1, days: new Int32Array(0) };

  constructor(source: RecordedDays, seed: number) {
    this.#source = source;
    this.#seed = seed;
    this.entities = source.entities;
    this.metrics = source.metrics;
    this.lively = source.lively;
    this.periodMs = Math.max(PERIOD_MS, source.periodMs);
  }

  read(timeMs: number, _conditions: Conditions, values: Float64Array): void {
    const { days, rows, metrics, periodMs } = this.#source;
    const day = Math.floor(timeMs / DAY_MS);
    const round = Math.floor(day / days);
    if (this.#deal.round !== round) this.#deal = { round, days: dealt(this.#seed, round, days) };
    const row = this.#deal.days[day - round * days]! * (DAY_MS / periodMs) + (timeMs - day * DAY_MS) / periodMs;
    const n = metrics.length;
    for (let e = 0; e < rows.length; e++) values.set(rows[e]!.values.subarray(row * n, (row + 1) * n), e * n);
  }
}

function dealt(seed: number, round: number, days: number): Int32Array {
  const random = new Random(mix(seed, DEAL_DRAWS, round));
  const order = Int32Array.from({ length: days }, (_, d) => d);
  for (let i = days - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

const nameOf = (column: number): string => `m${String(column).padStart(2, '0')}`;

/** Of its rows, most are neither 0 nor what they were before. */
function moves({ values, rows, columns }: Matrix, c: number): boolean {
  let moving = 0;
  for (let r = 1; r < rows; r++) {
    const x = values[r * columns + c]!;
    if (x !== 0 && x !== values[(r - 1) * columns + c]) moving++;
  }
  return moving > MOVING_SHARE * rows;
}

const varies = ({ values, rows, columns }: Matrix, c: number): boolean => {
  for (let r = 1; r < rows; r++) if (values[r * columns + c] !== values[c]) return true;
  return false;
};

function columnsOf({ values, rows, columns }: Matrix, kept: readonly number[]): Matrix {
  const out = new Float64Array(rows * kept.length);
  for (let r = 0; r < rows; r++)
    for (let k = 0; k < kept.length; k++) out[r * kept.length + k] = values[r * columns + kept[k]!]!;
  return { rows, columns: kept.length, values: out };
}
