import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compare } from '../../../scenarios/replay/compare.ts';
import { INCIDENTS_FILE, VERDICTS_FILE } from '../../../scenarios/replay/flat-files.ts';
import { type ReplaySummary, replay } from '../../../scenarios/replay/replay.ts';

const RECORDING = 'test/recordings/fleet.recording.gz';
const EXPECTED = 'test/recordings/fleet.expected';

let scratch: string;
let out: string;
let summary: ReplaySummary;

beforeAll(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), 'tidewatch-replay-'));
  out = path.join(scratch, 'out');
  summary = await replay(RECORDING, out);
});

afterAll(() => rm(scratch, { recursive: true, force: true }));

/** The output with one file changed. */
async function planted(name: string, file: string, change: (text: string) => string): Promise<string> {
  const dir = path.join(scratch, name);
  await cp(out, dir, { recursive: true });
  await writeFile(path.join(dir, file), change(await readFile(path.join(dir, file), 'utf8')));
  return dir;
}

describe('the recording of the demo fleet', () => {
  test('replays to the very output that is committed beside it', async () => {
    expect(await compare(out, EXPECTED)).toEqual([]);
  });

  test('is large enough to mean something', () => {
    expect(summary.verdicts).toBeGreaterThanOrEqual(1000);
    expect(summary.incidents).toBeGreaterThanOrEqual(5);
    expect(summary.trainingFault).toBeNull();
  });

  test('replays to the same bytes again', async () => {
    const again = path.join(scratch, 'again');
    await replay(RECORDING, again);
    for (const file of [VERDICTS_FILE, INCIDENTS_FILE]) {
      expect(await readFile(path.join(again, file), 'utf8')).toBe(await readFile(path.join(out, file), 'utf8'));
    }
  });

  test('holds points of every disposition', async () => {
    const lines = (await readFile(path.join(out, 'dispositions.csv'), 'utf8')).trim().split('\n').slice(1);
    for (const line of lines.filter((l) => !l.startsWith('events')))
      expect(Number(line.split(',')[1]), line).toBeGreaterThan(0);
  });
});

describe('a comparison', () => {
  const nth = (text: string, n: number, change: (line: string) => string | null) => {
    const lines = text.split('\n');
    const changed = change(lines[n]!);
    lines.splice(n, 1, ...(changed === null ? [] : [changed]));
    return lines.join('\n');
  };

  test('shows the worst changed window with both severities', async () => {
    const dir = await planted('severity', VERDICTS_FILE, (text) =>
      nth(text, 100, (line) => line.split(',').with(4, '9.5').join(',')),
    );
    const lines = await compare(dir, out);
    expect(lines[0]).toBe(`verdicts.csv: 1 windows changed, 0 are missing, 0 are new, of ${summary.verdicts}`);
    expect(lines[1]).toContain('got 9.5');
  });

  test('notices a lost window, a window in another place, and a changed incident', async () => {
    const lost = await planted('lost', VERDICTS_FILE, (text) => nth(text, 100, () => null));
    expect((await compare(lost, out))[0]).toContain('1 are missing');
    const moved = await planted('moved', VERDICTS_FILE, (text) => {
      const lines = text.split('\n');
      [lines[5], lines[6]] = [lines[6]!, lines[5]!];
      return lines.join('\n');
    });
    expect(await compare(moved, out)).toEqual(['verdicts.csv: the same verdicts in another order']);
    const incident = await planted('incident', INCIDENTS_FILE, (text) => text.replace('"windows":', '"windows":7'));
    expect((await compare(incident, out))[0]).toBe('incidents.jsonl: incidents differ');
  });

  test('tells a model of another name from changed verdicts', async () => {
    const dir = await planted('model', VERDICTS_FILE, (text) =>
      text.replaceAll(/,[0-9a-f]{16},/g, ',0123456789abcdef,'),
    );
    const lines = await compare(dir, out);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^verdicts\.csv: \d+ windows name another model, and are the same otherwise$/);
  });
});
