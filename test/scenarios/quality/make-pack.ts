import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Random } from '../../../core/random.ts';

const TRAIN = 900;
const TEST = 400;
/** Rows of the test file in which the second metric leaves its usual relation to the first. */
const EVENT = { first: 300, last: 330 };

/** A small pack with one entity or series of each kind, in a folder of its own. */
export function makePack(): string {
  const dir = mkdtempSync(join(tmpdir(), 'tidewatch-pack-'));
  const random = new Random(3);
  const files: Record<string, unknown>[] = [];
  const put = (dataset: string, path: string, lines: string[], more = {}) => {
    write(dir, path, lines);
    files.push({ dataset, path, bytes: 100, licence: 'none', source_repo: 'made up', ...more });
  };
  const row = (t: number, shift: number) => {
    const load = Math.sin(t / 20) + 0.1 * random.normal();
    return [load, 2 * load + shift + 0.1 * random.normal(), 5].map((x) => x.toFixed(4)).join(',');
  };
  const labels = Array.from({ length: TEST }, (_, i) => (i >= EVENT.first && i <= EVENT.last ? 1 : 0));
  put(
    'smd',
    'smd/one/train.csv.gz',
    Array.from({ length: TRAIN }, (_, t) => row(t, 0)),
  );
  put(
    'smd',
    'smd/one/test.csv.gz',
    labels.map((label, t) => row(TRAIN + t, 3 * label)),
  );
  put('smd', 'smd/one/test_label.csv.gz', labels.map(String), { family: 'f' });
  const time = (t: number) => new Date(Date.UTC(2024, 0, 1) + t * 300_000).toISOString().slice(0, 19).replace('T', ' ');
  const value = (label: number) => (10 + random.normal() + 20 * label).toFixed(3);
  const nab = labels.map((label, t) => `${time(t)},${value(label)}`);
  put('nab', 'nab/data/made/up.csv.gz', ['timestamp,value', ...nab]);
  writeFileSync(join(dir, 'nab/files.txt'), 'made/up.csv\n');
  const window = [`${time(EVENT.first)}.000000`, `${time(EVENT.last)}.000000`];
  writeFileSync(join(dir, 'nab/combined_windows.json'), JSON.stringify({ 'made/up.csv': [window] }));
  const cloud = labels.map((label, t) => `"${time(t).replace(' ', 'T')}Z",${t === 50 ? '' : value(label)},"${label}"`);
  put('mscloud', 'mscloud/kind/series.csv.gz', ['TimeStamp,Value,Label', ...cloud]);
  const table = labels.map((label) => `${random.normal() + 8 * label},${random.normal()},${label}`);
  put('adbench', 'adbench/1_made_up.csv.gz', table);
  writeFileSync(join(dir, 'MANIFEST.json'), JSON.stringify({ split: 'made up', files }));
  return dir;
}

/** Writes gzipped lines, as a pack has them. */
export function write(dir: string, path: string, lines: readonly string[]): void {
  mkdirSync(dirname(join(dir, path)), { recursive: true });
  writeFileSync(join(dir, path), gzipSync(`${lines.join('\n')}\n`));
}
