import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { StreamConfig } from '../../../core/config/stream.ts';
import { orThrow } from '../../../core/errors.ts';
import { sha256Hex, verdictHash, verdictId } from '../../../core/hash.ts';
import type { ControlChange, ControlEntry, Verdict } from '../../../core/types.ts';
import { foldsFor } from '../../../detector/folds.ts';
import { loadModel } from '../../../detector/model.ts';
import { modelIdOf, trainArtifact } from '../../../detector/offline.ts';
import { decoderFor } from '../../../ingest/decode/index.ts';
import type { LogRecord } from '../../../ingest/ports.ts';
import { openRecording } from '../../../ingest/recording.ts';
import { PartitionCapture } from '../../../scenarios/capture/partition-capture.ts';
import { streamText } from '../../../scenarios/capture/stream-text.ts';
import { configOf, readingsOf, runRecording } from '../../../scenarios/replay/replay.ts';
import { Bench, settle } from '../../ingest/partition-bench.ts';

const RECORDING = 'test/recordings/fleet.recording.gz';
const dir = mkdtempSync(path.join(tmpdir(), 'tidewatch-lanes-'));
afterAll(() => rmSync(dir, { recursive: true }));

const hashes = (verdicts: Iterable<Verdict>) => [...verdicts].map((v) => `${verdictId(v)} ${verdictHash(v)}`).sort();

const bench = new Bench();
let config: StreamConfig;
let controls: ControlEntry[];
let live: string[];
let profiles: unknown[];
let artifacts: Uint8Array[];

/** A worker that serves one model, gives it a calibration of knots and dismissals, tries a second, promotes it and drops the first. */
beforeAll(async () => {
  config = configOf((await openRecording(RECORDING)).header);
  const records: LogRecord[] = [];
  for await (const entry of (await openRecording(RECORDING)).entries) if (entry.kind === 'record') records.push(entry);
  const { rows } = await readingsOf(RECORDING);
  artifacts = [1, 0.8].map((share) => orThrow(trainArtifact(rows.slice(0, share * rows.length), config)).artifact);
  for (const artifact of artifacts) await bench.models.put(modelIdOf(artifact), 'fleet', artifact, {});
  const [a, b] = artifacts.map((artifact) => ({ modelId: modelIdOf(artifact), sha256: sha256Hex(artifact) }));
  const metric = rows[0]!.features[0]!.split(':')[0]!;
  const stretched = orThrow(loadModel(artifacts[0]!)).calibration.combined.map((knot) => knot * 1.3);
  const calibrated = { kind: 'calibration', modelId: a!.modelId, version: 2, alertRate: 0.02 } as const;
  const dismissals = [...new Set(rows.map(({ entity }) => entity))].map(
    (entity) => ({ entity, metric, direction: 'high', decades: 3 }) as const,
  );
  const schedule: [number, ControlChange[]][] = [
    [0.2, [{ kind: 'model', ...a! }]],
    [0.3, [{ ...calibrated, combined: [...stretched], dismissals }]],
    [0.4, [{ kind: 'challenger', ...b!, share: 0 }]],
    [0.5, [{ kind: 'challenger', ...b!, share: 0.5 }]],
    [0.65, [{ kind: 'model', ...b! }]],
    [0.8, [{ kind: 'challenger', modelId: '', sha256: '', share: 0 }]],
    [1, []],
  ];
  const worker = await bench.start({ folds: foldsFor(config, decoderFor(config)) });
  for (const [share, changes] of schedule) {
    bench.log.records.push(...records.slice(bench.log.records.length, Math.floor(share * records.length)));
    await bench.pass(2_000);
    expect(worker.partition.lag).toBe(0);
    for (const change of changes) await worker.partition.change(change);
  }
  await settle();
  controls = await worker.store.controlEntries(0);
  await worker.stop();
  expect(worker.failure()).toBeNull();
  live = hashes(bench.tables.verdicts.values());
  profiles = [...bench.tables.profiles.values()];
}, 60_000);

async function captured(name: string, { from = 0, entries = controls, models = bench.models as never } = {}) {
  const notices: string[] = [];
  const to = bench.log.records.length;
  const capture = new PartitionCapture({
    file: path.join(dir, name),
    header: { stream: streamText(config), createdBy: 'a test' },
    ...{ from, to, controls: entries, models },
    onNotice: (notice) => notices.push(notice),
  });
  for (const record of bench.log.records.slice(from)) await capture.record(record);
  return { ...(await capture.finish()), notices };
}

async function replayed(file: string, options = {}) {
  const verdicts: Verdict[] = [];
  const written: unknown[] = [];
  const { refused, run } = await runRecording(file, {
    ...options,
    onOutputs: (out) => {
      verdicts.push(...out.verdicts);
      written.push(...out.profiles);
    },
  });
  return { refused, verdicts, hashes: hashes(verdicts), profiles: written, serving: run.fold.state.serving };
}

test('a capture of a challenger and a calibration replays to the same verdicts and the same counts', async () => {
  const again = await replayed((await captured('whole')).file);
  expect(again.refused).toEqual([]);
  expect(again.hashes).toEqual(live);
  expect(again.profiles).toEqual(profiles);
  expect(profiles.length).toBeGreaterThan(1);
  const speakers = new Set(again.verdicts.map((v) => `${v.modelId} ${v.calibrationVersion}`));
  expect(speakers.size).toBeGreaterThanOrEqual(4);
});

test.each([
  ['the challenger at its share', 3],
  ['the calibration', 1],
  ['the promotion', 4],
])('without %s it replays to other verdicts', async (_what, index) => {
  const entries = controls.filter((_, i) => i !== index);
  const { file } = await captured('planted', { entries });
  expect((await replayed(file)).hashes).not.toEqual(live);
});

test('from the middle it begins with champion, challenger, share and calibration of the worker', async () => {
  const { file } = await captured('late', {
    from: controls[3]!.offset,
    entries: controls.slice(0, 4),
  });
  const { refused, serving } = await replayed(file);
  const [a, b] = artifacts.map(modelIdOf);
  expect(refused).toEqual([]);
  expect([serving.champion.modelId, serving.challenger?.modelId, serving.share]).toEqual([a, b, 0.5]);
  expect(serving.champion.calibration).toMatchObject({ version: 2, dismissals: expect.anything() });
  expect(serving.champion.combined).not.toBeNull();
});

test('without its models each change that names one is refused, and said when capturing', async () => {
  const { file, notices } = await captured('gone', { models: { get: async () => null } as never });
  expect(notices).toHaveLength(4);
  const { refused, serving, verdicts } = await replayed(file);
  expect(refused).toHaveLength(4);
  expect([serving.champion.modelId, serving.challenger]).toEqual(['', null]);
  expect(new Set(verdicts.map((v) => v.modelId))).toEqual(new Set(['']));
});

test('a calibration that cannot be in force is refused, and what served before goes on', async () => {
  const entries = controls.map((entry, i) => (i === 1 ? ({ ...entry, combined: [1, 2] } as ControlEntry) : entry));
  const { refused, verdicts } = await replayed((await captured('odd', { entries })).file);
  expect(refused).toEqual([expect.stringContaining('calibration_invalid')]);
  expect(verdicts.some((v) => v.calibrationVersion === 2)).toBe(false);
});

test('with a model of its own a replay follows no recorded change of models', async () => {
  const { file } = await captured('own');
  const { verdicts, serving } = await replayed(file, { model: artifacts[1] });
  expect(serving.challenger).toBeNull();
  expect(new Set(verdicts.filter((v) => v.modelId !== '').map((v) => v.modelId))).toEqual(
    new Set([modelIdOf(artifacts[1]!)]),
  );
});
