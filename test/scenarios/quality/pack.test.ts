import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { entitiesOf, openPack, readCold, readTrained } from '../../../scenarios/quality/pack.ts';
import { readMatrix, timeOf } from '../../../scenarios/quality/table-file.ts';
import { makePack, write } from './make-pack.ts';

test('a pack lists its entities, and each is read with its rows, labels and period', async () => {
  const pack = await openPack(makePack());
  const [one] = entitiesOf(pack, 'smd');
  const data = await readTrained(pack, one!);
  expect([data.train.rows, data.train.columns, data.test.rows, data.periodMs]).toEqual([900, 3, 400, 60_000]);
  expect(data.labels.reduce((a, b) => a + b, 0)).toBe(31);
  expect(one!.family).toBe('f');
});

test('a series may quote its cells and miss values', async () => {
  const pack = await openPack(makePack());
  const series = await readCold(pack, entitiesOf(pack, 'mscloud')[0]!);
  expect(series.values[50]).toBeNaN();
  expect(series.timesMs[1]! - series.timesMs[0]!).toBe(300_000);
  expect(series.labels[300]).toBe(1);
});

test.each([
  ['a row with too few cells', ['1,2', '3'], 'line 2, column 2: 1 columns'],
  ['a cell that is no number', ['1,2', '3,x'], 'line 2, column 2: "x" is not a number'],
  ['an empty cell', ['1,', '3,4'], 'line 1, column 2: the cell is empty'],
  ['an infinite number', ['1,2', 'Infinity,4'], 'line 2, column 1'],
])('%s is refused with its line and column', async (_, lines, message) => {
  const dir = mkdtempSync(join(tmpdir(), 'tidewatch-table-'));
  write(dir, 'x.csv.gz', lines);
  await expect(readMatrix(join(dir, 'x.csv.gz'))).rejects.toMatchObject({
    code: 'table_shape',
    detail: expect.stringContaining(message),
  });
});

test('a table that was cut off is refused, a missing one is named', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'tidewatch-table-'));
  const path = join(dir, 'x.csv.gz');
  write(dir, 'x.csv.gz', ['1,2', '3,4']);
  writeFileSync(path, readFileSync(path).subarray(0, -6));
  await expect(readMatrix(path)).rejects.toMatchObject({ code: 'table_shape' });
  await expect(readMatrix(join(dir, 'y.csv.gz'))).rejects.toMatchObject({ code: 'file_missing' });
});

test('a manifest that is missing, no JSON or names another set is refused', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'tidewatch-pack-'));
  await expect(openPack(dir)).rejects.toMatchObject({ code: 'file_missing' });
  for (const text of ['{', '{}', '{"files":[{"dataset":"other","path":"x"}]}']) {
    writeFileSync(join(dir, 'MANIFEST.json'), text);
    await expect(openPack(dir)).rejects.toMatchObject({ code: 'table_shape' });
  }
});

test('times are read as UTC with or without a fraction and a Z', () => {
  const expected = Date.UTC(2014, 3, 10, 16, 15);
  for (const text of ['2014-04-10 16:15:00', '2014-04-10 16:15:00.000000', '2014-04-10T16:15:00Z']) {
    expect(timeOf(text)).toBe(expected);
  }
  expect(timeOf('yesterday')).toBeNaN();
});
