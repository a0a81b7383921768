import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { modelFacts } from '../../cli/inspect/model.ts';
import { recordingFacts } from '../../cli/inspect/recording.ts';
import { orThrow } from '../../core/errors.ts';
import { loadModel } from '../../detector/model.ts';
import { modelIdOf } from '../../detector/offline.ts';
import { builtProgram } from '../program.ts';
import { writeRecording } from '../recordings/write.ts';

const BIN = await builtProgram();

/** Runs the command in the folder of the recording. */
function tidewatch(cwd: string, ...args: string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [BIN, ...args], { cwd }, (_, out, err) =>
      resolve({ code: child.exitCode ?? -1, out, err }),
    );
  });
}

let recording: string;
let folder: string;
beforeAll(async () => {
  recording = await writeRecording({ seed: 5, hours: 0.4 });
  folder = path.dirname(recording);
});

describe('train', () => {
  test('the same recording gives the same bytes, and a record of every run', async () => {
    const one = await tidewatch(folder, 'train', recording, '--out', 'one.twm', '--json', '--hypothesis', 'it works');
    const two = await tidewatch(folder, 'train', recording, '--out', 'models/two.twm');
    expect([one.code, two.code]).toEqual([0, 0]);
    const bytes = readFileSync(path.join(folder, 'one.twm'));
    expect(bytes.equals(readFileSync(path.join(folder, 'models/two.twm')))).toBe(true);
    expect(JSON.parse(one.out)).toMatchObject({ entities: 12, leftOut: [], artifactBytes: bytes.length, search: null });
    expect(two.out).toMatch(/^12 entities, 1\d{3} windows → models\/two\.twm \(model [0-9a-f]{16}, /);
    const runs = readdirSync(path.join(folder, '.tidewatch/experiments'));
    expect(runs).toHaveLength(2);
    const notes = runs.map((run) => JSON.parse(readFileSync(path.join(folder, '.tidewatch/experiments', run), 'utf8')));
    expect(notes).toMatchObject([{ kind: 'train' }, { kind: 'train' }]);
    expect(notes.map((note) => note.hypothesis).sort()).toEqual(['it works', null]);
  });

  test('its model serves a replay from the first window on', async () => {
    const replayed = await tidewatch(folder, 'replay', recording, '--model', 'one.twm', '--out', 'now');
    expect(replayed.code).toBe(0);
    const rows = readFileSync(path.join(folder, 'now/verdicts.csv'), 'utf8').trim().split('\n').slice(1);
    const columns = rows.map((row) => row.split(','));
    expect(new Set(columns.map((row) => row[3]))).toEqual(new Set(['forest']));
    expect(new Set(columns.map((row) => row[8]))).toEqual(
      new Set([modelIdOf(readFileSync(path.join(folder, 'one.twm')))]),
    );
    expect(columns.filter((row) => row[7] === '0').length).toBeGreaterThan(rows.length * 0.8);
  });

  test('a seed of its own gives another forest', async () => {
    await tidewatch(folder, 'train', recording, '--out', 'other.twm', '--seed', '2');
    const [one, other] = ['one.twm', 'other.twm'].map((file) => readFileSync(path.join(folder, file)));
    expect(one!.equals(other!)).toBe(false);
  });

  test('a search names a winner or keeps what is configured, and the model remembers which', async () => {
    const { code, out, err } = await tidewatch(
      folder,
      'train',
      recording,
      '--out',
      'best.twm',
      '--search',
      '3',
      '--json',
    );
    expect([code, err]).toEqual([0, '']);
    const { search } = JSON.parse(out);
    expect(search.candidates).toHaveLength(3);
    expect(search.candidates.filter((one: { configured: boolean }) => one.configured)).toHaveLength(1);
    const model = orThrow(loadModel(readFileSync(path.join(folder, 'best.twm'))));
    expect(model.detector).toEqual(search.chosen.params);
  });

  test('too little data is named, with how much there is, and exits 2', async () => {
    const short = await writeRecording({ seed: 5, hours: 0.05 });
    for (const more of [[], ['--search', '2']]) {
      const { code, out, err } = await tidewatch(path.dirname(short), 'train', short, '--out', 'm.twm', ...more);
      expect([code, out]).toEqual([2, '']);
      expect(err).toMatch(/too_little_data: .*auth: 1\d windows, 64 needed/);
    }
    expect(readdirSync(path.dirname(short))).toEqual(['fleet.recording.gz']);
  });

  test('a recording that is not there exits 2', async () => {
    const { code, err } = await tidewatch(folder, 'train', 'nowhere.gz', '--out', 'm.twm');
    expect(code).toBe(2);
    expect(err).toMatch(/file_missing/);
  });
});

describe('inspect', () => {
  test('says what a stream model was trained on and how its forest was grown', () => {
    const bytes = readFileSync(path.join(folder, 'one.twm'));
    const facts = orThrow(modelFacts(bytes));
    expect(facts).toMatchObject({
      kind: 'model of a stream',
      sizeBytes: bytes.length,
      evidence: 'profile',
      schemaVersion: 1,
      configHash: expect.stringMatching(/^[0-9a-f]{12}$/),
      forest: { trees: 50, splitFeatures: 3 },
      detector: { trees: 50, sampleSize: 256, maxDepth: 8, splitFeatures: 3 },
      calibration: { version: 1 },
      peerProfiles: 1,
    });
    expect(facts.entities).toHaveLength(12);
  });

  test('says what a recording holds', async () => {
    const facts = await recordingFacts(readFileSync(recording));
    expect(facts).toMatchObject({
      ok: true,
      value: {
        kind: 'recording',
        stream: 'fleet',
        createdBy: 'a test',
        firstAppend: expect.stringMatching(/^2026-01-05T00:00:00/),
      },
    });
    if (!facts.ok) return;
    expect(facts.value.entities).toHaveLength(12);
    expect(facts.value.metrics).toContain('latency_ms');
    expect(facts.value.records).toBeGreaterThan(1_700);
  });

  test('a damaged recording is refused with its position, and exits 2', async () => {
    const damaged = readFileSync(recording);
    damaged[damaged.length >> 1]! ^= 8;
    await expect(recordingFacts(damaged)).rejects.toMatchObject({ code: 'recording_corrupt' });
  });
});
