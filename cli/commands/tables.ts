import { readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fail, ok, orThrow, type Result, TidewatchError } from '../../core/errors.ts';
import { TABLE_DEFAULTS, TableModel } from '../../detector/table.ts';
import { type AddCommand, examples } from '../command.ts';
import { print } from '../ui/output.ts';

interface FitOptions {
  out: string;
  seed: string;
  trees: string;
}

/** Rows are read into memory; this many numbers are 800 MB. */
const MAX_CELLS = 100_000_000;

export const fitCommand: AddCommand = (program) => {
  program
    .command('fit')
    .description('Fit a forest to a plain table of numbers from standard input (CSV without header; empty = missing).')
    .requiredOption('-o, --out <file>', 'file for the model')
    .option('--seed <number>', 'seed of everything random', '1')
    .option('--trees <number>', 'trees of the forest', String(TABLE_DEFAULTS.trees))
    .addHelpText('after', examples(['tidewatch fit --out table.model < rows.csv', 'then score with it']))
    .action(async (options: FitOptions) => {
      const table = await readTable(process.stdin);
      const model = TableModel.fit(table.cells, table.width, {
        seed: integer('--seed', options.seed),
        trees: integer('--trees', options.trees),
      });
      const bytes = model.save();
      writeFileSync(options.out, bytes);
      process.stderr.write(`${table.rows} rows of ${table.width} → ${options.out} (${bytes.length} bytes)\n`);
    });
};

export const scoreCommand: AddCommand = (program) => {
  program
    .command('score')
    .description(
      'Score the rows of a table from standard input: one score a line, in their order; higher is more anomalous.',
    )
    .requiredOption('-m, --model <file>', 'model that `tidewatch fit` wrote')
    .addHelpText('after', examples(['tidewatch score --model table.model < rows.csv > scores.txt', 'a line a row']))
    .action(async (options: { model: string }) => {
      const model = orThrow(TableModel.load(read(options.model)));
      const table = await readTable(process.stdin, model.width);
      const scores = new Float64Array(table.rows);
      model.scoreBatch(table.cells, scores);
      print(scores.join('\n'));
    });
};

function read(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new TidewatchError('file_missing', file, { cause });
  }
}

function integer(option: string, text: string): number {
  const n = Number(text);
  if (!Number.isInteger(n) || text.trim() === '')
    throw new TidewatchError('config_invalid', `${option} ${text}: not a whole number`);
  return n;
}

export interface Table {
  rows: number;
  width: number;
  cells: Float64Array;
}

/** Reads CSV without header. Throws table_shape naming line and column. */
export async function readTable(input: Readable, width = 0): Promise<Table> {
  let cells = new Float64Array(1024);
  let used = 0;
  let line = 0;
  let columns = width;
  for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    line++;
    if (text === '') continue;
    const row = orThrow(parseRow(text, line, columns));
    columns = row.length;
    if (used + columns > MAX_CELLS)
      throw new TidewatchError('table_shape', `line ${line}: more than ${MAX_CELLS} cells`);
    if (used + columns > cells.length) {
      const grown = new Float64Array(Math.max(2 * cells.length, used + columns));
      grown.set(cells);
      cells = grown;
    }
    cells.set(row, used);
    used += columns;
  }
  if (used === 0) throw new TidewatchError('too_little_data', 'no rows on standard input');
  return { rows: used / columns, width: columns, cells: cells.subarray(0, used) };
}

/** columns: how many there must be; 0 for any. An empty cell is a missing value (NaN). */
export function parseRow(text: string, line: number, columns: number): Result<number[]> {
  const parts = text.split(',');
  if (columns > 0 && parts.length !== columns) {
    return fail('table_shape', `line ${line}: ${parts.length} columns, expected ${columns}`);
  }
  const row: number[] = [];
  for (const [i, part] of parts.entries()) {
    const cell = part.trim();
    const x = cell === '' ? Number.NaN : Number(cell);
    if (cell !== '' && !Number.isFinite(x)) {
      return fail('table_shape', `line ${line}, column ${i + 1}: ${JSON.stringify(cell.slice(0, 40))} is not a number`);
    }
    row.push(x);
  }
  return ok(row);
}
