import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { TidewatchError } from '../../core/errors.ts';

/** Longest line that a table may have; one without an end would otherwise fill the memory. */
const LINE_MAX_CHARS = 1 << 20;

/** Lines of a gzipped text, as they come. Throws TidewatchError: file_missing, or table_shape when it is cut or damaged. */
export async function* gzipLines(path: string): AsyncGenerator<string> {
  const file = createReadStream(path);
  const gunzip = createGunzip();
  file.on('error', (error) => gunzip.destroy(error));
  file.pipe(gunzip);
  gunzip.setEncoding('utf8');
  let rest = '';
  let line = 1;
  try {
    for await (const chunk of gunzip as AsyncIterable<string>) {
      const text = rest + chunk;
      let from = 0;
      for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
        yield text.charCodeAt(end - 1) === 13 ? text.slice(from, Math.max(from, end - 1)) : text.slice(from, end);
        line++;
        from = end + 1;
      }
      rest = text.slice(from);
      if (rest.length > LINE_MAX_CHARS) {
        throw new TidewatchError('table_shape', `${path}, line ${line}: longer than ${LINE_MAX_CHARS} characters`);
      }
    }
    if (rest !== '') yield rest;
  } catch (cause) {
    if (cause instanceof TidewatchError) throw cause;
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code?.startsWith('Z_')) throw new TidewatchError('table_shape', `${path}, line ${line}: ${message}`, { cause });
    throw new TidewatchError('file_missing', `${path}: ${code ?? message}`, { cause });
  } finally {
    file.destroy();
    gunzip.destroy();
  }
}

/** Rows of numbers, row-major. */
export interface Matrix {
  rows: number;
  columns: number;
  values: Float64Array;
}

export interface ColumnOptions {
  /** Lines before the first row. */
  header?: boolean;
  /** Whether an empty cell is a missing value (NaN) rather than a fault. */
  emptyIsMissing?: boolean;
}

/** Reads a table of numbers. Throws table_shape, naming line and column (both from 1). */
export async function readMatrix(path: string, options: ColumnOptions = {}): Promise<Matrix> {
  let values = new Float64Array(1 << 12);
  let columns = 0;
  let rows = 0;
  let line = 0;
  for await (const text of gzipLines(path)) {
    line++;
    if (text === '' || (line === 1 && options.header === true)) continue;
    const cells = text.split(',');
    if (columns === 0) columns = cells.length;
    if (cells.length !== columns) {
      const at = Math.min(cells.length, columns) + 1;
      throw shape(path, line, at, `${cells.length} columns, the rows before have ${columns}`);
    }
    if ((rows + 1) * columns > values.length) {
      const larger = new Float64Array(Math.max(values.length * 2, columns));
      larger.set(values);
      values = larger;
    }
    for (let c = 0; c < columns; c++) {
      values[rows * columns + c] = numberIn(cells[c]!, path, line, c + 1, options.emptyIsMissing === true);
    }
    rows++;
  }
  if (rows === 0) throw shape(path, 1, 1, 'no rows');
  return { rows, columns, values: values.slice(0, rows * columns) };
}

export interface TimedRow {
  /** As it stands in the file. */
  time: string;
  timeMs: number;
  cells: readonly string[];
  line: number;
}

const TIME = /^\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?Z?$/;

/** Event time of "2014-04-10 16:15:00" with or without a fraction or a Z, taken as UTC; NaN when it is none. */
export const timeOf = (text: string): number =>
  TIME.test(text) ? Date.parse(`${text.slice(0, 10)}T${text.slice(11, 23).replace('Z', '')}Z`) : Number.NaN;

/** Rows of a table with a header whose first column is a time. */
export async function readTimedRows(path: string, columns: number): Promise<TimedRow[]> {
  const rows: TimedRow[] = [];
  let line = 0;
  for await (const text of gzipLines(path)) {
    line++;
    if (line === 1 || text === '') continue;
    const cells = text.split(',').map(unquoted);
    if (cells.length !== columns) throw shape(path, line, 1, `${cells.length} columns, expected ${columns}`);
    const timeMs = timeOf(cells[0]!);
    if (Number.isNaN(timeMs)) throw shape(path, line, 1, `${JSON.stringify(cells[0])} is not a time`);
    rows.push({ time: cells[0]!, timeMs, cells, line });
  }
  if (rows.length === 0) throw shape(path, 1, 1, 'no rows');
  return rows;
}

const unquoted = (cell: string): string => (cell.startsWith('"') && cell.endsWith('"') ? cell.slice(1, -1) : cell);

/** The number in a cell. NaN stands for an empty one where that is allowed. */
export function numberIn(cell: string, path: string, line: number, column: number, emptyIsMissing: boolean): number {
  if (cell.trim() === '') {
    if (emptyIsMissing) return Number.NaN;
    throw shape(path, line, column, 'the cell is empty');
  }
  const value = Number(cell);
  if (!Number.isFinite(value)) throw shape(path, line, column, `${JSON.stringify(cell.slice(0, 40))} is not a number`);
  return value;
}

export const shape = (path: string, line: number, column: number, what: string): TidewatchError =>
  new TidewatchError('table_shape', `${path}, line ${line}, column ${column}: ${what}`);
