import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { RecordingWriter } from '../../ingest/recording.ts';
import { encodeTidewatchJson } from '../../scenarios/encode.ts';
import { readingsOf, runRecording } from '../../scenarios/replay/replay.ts';

const WINDOWS = 100;
const WINDOW_MS = 10_000;

/** A recording of one entity, with control entries among its records. */
async function record(controls: readonly string[]): Promise<string> {
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'tidewatch-')), 'r.recording.gz');
  const stream = { name: 's', training: { windows: 64, minWindows: 64 } };
  const writer = new RecordingWriter(file, { stream: JSON.stringify(stream), createdBy: 'a test' });
  for (let w = 0; w < WINDOWS; w++) {
    const timeMs = w * WINDOW_MS;
    if (w === WINDOWS / 2) for (const json of controls) await writer.control(json);
    const value = encodeTidewatchJson({ entity: 'a', timeMs, names: ['x'], values: [w % 7] });
    await writer.record({ offset: w, appendMs: timeMs, key: null, value });
  }
  await writer.close();
  return file;
}

test('the readings are those of every window, and no model is trained on the way', async () => {
  const file = await record([]);
  const { rows } = await readingsOf(file);
  expect(rows.map(({ windowStartMs, values }) => [windowStartMs / WINDOW_MS, values[0]])).toEqual(
    Array.from({ length: WINDOWS }, (_, w) => [w, w % 7]),
  );
  const { run } = await runRecording(file, { keepRows: true });
  expect(run.fold.state.model).toBeNull();
  expect((await runRecording(file)).run.fold.state.model).not.toBeNull();
});

test('a switch of models in the recording is no obstacle to training on it', async () => {
  const switched = await record([
    JSON.stringify({ kind: 'model', modelId: 'gone', sha256: '', offset: 50, sequence: 1 }),
  ]);
  expect((await readingsOf(switched)).rows).toHaveLength(WINDOWS);
});

test.each(['null', '7', '{"kind":"none"}', '{', '"model"'])(
  'a control entry %s is a damaged recording',
  async (json) => {
    await expect(readingsOf(await record([json]))).rejects.toMatchObject({ code: 'recording_corrupt' });
  },
);
