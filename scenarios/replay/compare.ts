import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { TidewatchError } from '../../core/errors.ts';
import { DISPOSITIONS_FILE, INCIDENTS_FILE, VERDICTS_FILE } from './flat-files.ts';

/** Changed windows that are shown, worst first. */
const SHOWN = 12;
const KEY_COLUMNS = 2;
const SEVERITY_COLUMN = 4;
const MODEL_COLUMN = 8;

/** What differs between the output of a replay and the one expected, as lines for a person; none when nothing does. */
export async function compare(gotDir: string, wantedDir: string): Promise<string[]> {
  const lines = await Promise.all([
    compareVerdicts(gotDir, wantedDir),
    compareLines(gotDir, wantedDir, INCIDENTS_FILE, 'incident', (line) =>
      String((JSON.parse(line) as { id?: unknown }).id),
    ),
    compareLines(gotDir, wantedDir, DISPOSITIONS_FILE, 'disposition', (line) => line.split(',')[0]!),
  ]);
  return lines.flat();
}

async function readLines(dir: string, file: string): Promise<string[]> {
  try {
    return (await readFile(path.join(dir, file), 'utf8')).split('\n').filter((line) => line !== '');
  } catch (cause) {
    throw new TidewatchError('file_missing', path.join(dir, file), { cause });
  }
}

async function compareVerdicts(gotDir: string, wantedDir: string): Promise<string[]> {
  const [got, wanted] = await Promise.all([readLines(gotDir, VERDICTS_FILE), readLines(wantedDir, VERDICTS_FILE)]);
  if (got[0] !== wanted[0]) return [`${VERDICTS_FILE}: columns are ${got[0]}`, `  expected ${wanted[0]}`];
  const keyOf = (line: string) => line.split(',', KEY_COLUMNS).join(' ');
  const severityOf = (line: string) => Number(line.split(',')[SEVERITY_COLUMN]);
  const expected = new Map(wanted.slice(1).map((line) => [keyOf(line), line]));
  const changed: { key: string; by: number; got: string; wanted: string }[] = [];
  let extra = 0;
  let renamed = 0;
  for (const line of got.slice(1)) {
    const key = keyOf(line);
    const want = expected.get(key);
    if (want === undefined) extra++;
    else if (want !== line && withoutModel(want) === withoutModel(line)) renamed++;
    else if (want !== line)
      changed.push({ key, by: Math.abs(severityOf(line) - severityOf(want)), got: line, wanted: want });
    expected.delete(key);
  }
  if (extra + changed.length + expected.size === 0) {
    if (renamed > 0) return [`${VERDICTS_FILE}: ${renamed} windows name another model, and are the same otherwise`];
    return got.join('\n') === wanted.join('\n') ? [] : [`${VERDICTS_FILE}: the same verdicts in another order`];
  }
  changed.sort((a, b) => b.by - a.by || (a.key < b.key ? -1 : 1));
  const lines = [
    `${VERDICTS_FILE}: ${changed.length} windows changed, ${expected.size} are missing, ${extra} are new, of ${wanted.length - 1}`,
  ];
  for (const { key, got: g, wanted: w } of changed.slice(0, SHOWN)) {
    lines.push(`  ${key}  severity ${severityOf(w)} expected, got ${severityOf(g)}`, `    - ${w}`, `    + ${g}`);
  }
  if (changed.length > SHOWN) lines.push(`  … and ${changed.length - SHOWN} more`);
  for (const key of [...expected.keys()].slice(0, SHOWN)) lines.push(`  ${key}  missing`);
  return lines;
}

const withoutModel = (line: string): string => line.split(',').toSpliced(MODEL_COLUMN, 1).join(',');

async function compareLines(
  gotDir: string,
  wantedDir: string,
  file: string,
  what: string,
  keyOf: (line: string) => string,
): Promise<string[]> {
  const [got, wanted] = await Promise.all([readLines(gotDir, file), readLines(wantedDir, file)]);
  const expected = new Map(wanted.map((line) => [keyOf(line), line]));
  const lines: string[] = [];
  for (const line of got) {
    const key = keyOf(line);
    const want = expected.get(key);
    if (want === undefined) lines.push(`  + ${line}`);
    else if (want !== line) lines.push(`  - ${want}`, `  + ${line}`);
    expected.delete(key);
  }
  for (const line of expected.values()) lines.push(`  - ${line}`);
  return lines.length === 0 ? [] : [`${file}: ${what}s differ`, ...lines.slice(0, 4 * SHOWN)];
}
