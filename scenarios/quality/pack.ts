import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { TidewatchError } from '../../core/errors.ts';
import { sha256Hex } from '../../core/hash.ts';
import type { NabFile } from './nab.ts';
import { type Matrix, numberIn, readMatrix, readTimedRows, shape, timeOf } from './table-file.ts';

/** Sets with a train file, and the time between two of their rows, which have no time of their own. */
export const PERIOD_MS = { smd: 60_000, asd: 300_000, js2: 300_000, smapmsl: 60_000 } as const;
export type TrainedSet = keyof typeof PERIOD_MS;
export const SETS = ['smd', 'asd', 'js2', 'smapmsl', 'nab', 'mscloud', 'adbench'] as const;
export type PackSet = (typeof SETS)[number];

/** Event time of the first row of a train file: a Monday, 00:00 UTC. */
export const START_MS = Date.UTC(2024, 0, 1);

export interface PackFile {
  set: PackSet;
  /** Relative to the pack. */
  path: string;
  sizeBytes: number;
  family: string;
  licence: string;
  source: string;
}

export interface Pack {
  dir: string;
  /** Hash of the manifest, which holds the hash of every file. */
  dataHash: string;
  split: string;
  files: readonly PackFile[];
}

/** An entity with a train file: rows of both, the labels of the test rows. */
export interface TrainedEntity {
  train: Matrix;
  test: Matrix;
  labels: Uint8Array;
  periodMs: number;
}

/** A series without a train file. Values may be missing (NaN). */
export interface ColdSeries {
  times: readonly string[];
  timesMs: Float64Array;
  values: Float64Array;
  labels: Uint8Array;
}

/** Reads what a pack says it holds. Throws file_missing or table_shape. */
export async function openPack(dir: string): Promise<Pack> {
  const path = join(dir, 'MANIFEST.json');
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new TidewatchError('file_missing', `${path}: ${cause.code ?? cause.message}`, { cause });
  });
  let manifest: { split?: unknown; files?: unknown };
  try {
    manifest = JSON.parse(text);
  } catch (cause) {
    throw new TidewatchError('table_shape', `${path} is not JSON`, { cause });
  }
  if (!Array.isArray(manifest.files)) throw new TidewatchError('table_shape', `${path} has no list of files`);
  const files = manifest.files.map((file: Record<string, unknown>, i): PackFile => {
    const { dataset, path: at } = file;
    if (typeof at !== 'string' || !SETS.includes(dataset as PackSet)) {
      throw new TidewatchError(
        'table_shape',
        `${path}, file ${i + 1}: no path, or a set other than ${SETS.join(', ')}`,
      );
    }
    const set = dataset as PackSet;
    const entity = entityOf(set, at);
    return {
      set,
      path: at,
      sizeBytes: Number(file.bytes ?? 0),
      family: typeof file.family === 'string' ? file.family : entity,
      licence: String(file.licence ?? 'not named'),
      source: String(file.source_repo ?? 'not named'),
    };
  });
  return { dir, dataHash: sha256Hex(text).slice(0, 16), split: String(manifest.split ?? ''), files };
}

/** The path that stands for an entity: the folder of its files, or its only file without its ending. */
export const entityOf = (set: PackSet, path: string): string =>
  set in PERIOD_MS ? dirname(path) : path.replace(/\.csv(\.gz)?$/, '');

/** Files of a set that stand for one entity each, in the order of their paths. */
export function entitiesOf(pack: Pack, set: PackSet): PackFile[] {
  const one = pack.files.filter(
    ({ set: of, path }) =>
      of === set && (set in PERIOD_MS ? path.endsWith('/test_label.csv.gz') : path.endsWith('.csv.gz')),
  );
  return one.sort((a, b) => (a.path < b.path ? -1 : 1));
}

export async function readTrained(pack: Pack, file: PackFile): Promise<TrainedEntity> {
  const dir = join(pack.dir, dirname(file.path));
  const train = await readMatrix(join(dir, 'train.csv.gz'));
  const test = await readMatrix(join(dir, 'test.csv.gz'));
  const flags = await readMatrix(join(dir, 'test_label.csv.gz'));
  if (train.columns !== test.columns) {
    throw shape(join(dir, 'test.csv.gz'), 1, train.columns, `${test.columns} columns, train has ${train.columns}`);
  }
  if (flags.rows !== test.rows || flags.columns !== 1) {
    const at = Math.min(flags.rows, test.rows) + 1;
    throw shape(join(dir, 'test_label.csv.gz'), at, 1, `${flags.rows} labels for ${test.rows} rows`);
  }
  return { train, test, labels: labelsOf(flags.values), periodMs: PERIOD_MS[file.set as TrainedSet] };
}

const labelsOf = (values: ArrayLike<number>): Uint8Array => Uint8Array.from(values, (v) => (v > 0 ? 1 : 0));

/** A series of nab (time, value) or mscloud (time, value, label). */
export async function readCold(pack: Pack, file: PackFile): Promise<ColdSeries> {
  const path = join(pack.dir, file.path);
  const rows = await readTimedRows(path, file.set === 'mscloud' ? 3 : 2);
  const values = rows.map(({ cells, line }) => numberIn(cells[1]!, path, line, 2, true));
  const labels = rows.map(({ cells, line }) => (file.set === 'nab' ? 0 : numberIn(cells[2]!, path, line, 3, true)));
  return {
    times: rows.map((row) => row.time),
    timesMs: Float64Array.from(rows, (row) => row.timeMs),
    values: Float64Array.from(values),
    labels: labelsOf(labels),
  };
}

/** Names of the NAB files that count, such as realTweets/Twitter_volume_CVS.csv, each with its labelled windows. */
export async function readNabWindows(pack: Pack): Promise<Map<string, NabFile['windows']>> {
  const read = (name: string) =>
    readFile(join(pack.dir, 'nab', name), 'utf8').catch((cause: NodeJS.ErrnoException) => {
      throw new TidewatchError('file_missing', `${join(pack.dir, 'nab', name)}: ${cause.code}`, { cause });
    });
  const names = (await read('files.txt'))
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .map((line) => line.split('\t')[0]!.split(',')[0]!.trim());
  const windows: Record<string, [string, string][]> = JSON.parse(await read('combined_windows.json'));
  return new Map(
    names.map((name) => [name, (windows[name] ?? []).map(([a, b]) => [timeOf(a.trim()), timeOf(b.trim())] as const)]),
  );
}

/** Rows of an adbench table without its last column, and that column as labels. */
export async function readLabelledTable(pack: Pack, file: PackFile): Promise<{ rows: Matrix; labels: Uint8Array }> {
  const all = await readMatrix(join(pack.dir, file.path));
  const columns = all.columns - 1;
  const values = new Float64Array(all.rows * columns);
  const labels = new Uint8Array(all.rows);
  for (let r = 0; r < all.rows; r++) {
    values.set(all.values.subarray(r * all.columns, r * all.columns + columns), r * columns);
    labels[r] = all.values[r * all.columns + columns]! > 0 ? 1 : 0;
  }
  return { rows: { rows: all.rows, columns, values }, labels };
}
