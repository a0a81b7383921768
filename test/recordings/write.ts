import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { RecordingWriter } from '../../ingest/recording.ts';
import { generate, type RecordingOptions } from '../../scenarios/make-recording.ts';

/** A stream with short trainings. */
export const STREAM = { name: 'fleet', metrics: { exclude: ['debug_*'] }, training: { windows: 128, minWindows: 64 } };

/** Writes hours of the demo fleet, a sample every ten seconds, to a recording in a folder of its own; its path. */
export async function writeRecording(options: RecordingOptions, stream: object = STREAM): Promise<string> {
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'tidewatch-')), 'fleet.recording.gz');
  const writer = new RecordingWriter(file, { stream: JSON.stringify(stream), createdBy: 'a test' });
  let offset = 0;
  for await (const { appendMs, key, value } of generate({ stepMs: 10_000, ...options }))
    await writer.record({ offset: offset++, appendMs, key, value });
  await writer.close();
  return file;
}
