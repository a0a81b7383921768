/**
 * Makes the recording that CI replays, and its expected output: `npm run make:recording`. Run it after a change that is
 * meant to alter verdicts, look at the difference that `tidewatch replay --expect` shows, and commit both.
 */
import { rm } from 'node:fs/promises';
import { RecordingWriter } from '../../ingest/recording.ts';
import { generate } from '../../scenarios/make-recording.ts';
import { replay } from '../../scenarios/replay/replay.ts';

const NAME = 'test/recordings/fleet';
const START_MS = Date.UTC(2026, 0, 5);
const MINUTE_MS = 60_000;
const at = (minutes: number): number => START_MS + minutes * MINUTE_MS;

const STREAM = {
  name: 'fleet',
  metrics: { exclude: ['debug_*'] },
  detector: { alertRate: 0.003 },
  training: { windows: 180, minWindows: 128 },
  missing: { absenceWindows: 6 },
};

const FAULTS = [
  { fault: 'latency_step', entity: 'checkout', startMs: at(40), durationMs: 4 * MINUTE_MS },
  { fault: 'unit_change', entity: 'search', metric: 'memory_bytes', startMs: at(46), durationMs: 3 * MINUTE_MS },
  { fault: 'silence', entity: 'ledger', startMs: at(50), durationMs: 4 * MINUTE_MS },
  { fault: 'traffic_drop', entity: 'edge', startMs: at(55), durationMs: 4 * MINUTE_MS },
  { fault: 'leak', entity: 'auth', startMs: at(60), durationMs: 6 * MINUTE_MS },
  { fault: 'latency_step', entity: 'payments', startMs: at(68), durationMs: 3 * MINUTE_MS },
];

const writer = new RecordingWriter(`${NAME}.recording.gz`, { stream: JSON.stringify(STREAM), createdBy: 'test/recordings/make.ts' });
let offset = 0;
for await (const { appendMs, key, value } of generate({ seed: 11, hours: 1.25, stepMs: 10_000, startMs: START_MS, faults: FAULTS })) {
  await writer.record({ offset: offset++, appendMs, key, value });
}
await writer.close();
await rm(`${NAME}.expected`, { recursive: true, force: true });
const summary = await replay(`${NAME}.recording.gz`, `${NAME}.expected`);
process.stdout.write(`${JSON.stringify(summary)}\n`);
