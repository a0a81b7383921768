import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type StreamConfig, streamConfig } from '../../../core/config/stream.ts';
import { ok } from '../../../core/errors.ts';
import { sha256Hex, verdictHash, verdictId } from '../../../core/hash.ts';
import type { ControlEntry, Verdict } from '../../../core/types.ts';
import { foldsFor } from '../../../detector/folds.ts';
import { modelIdOf, trainArtifact } from '../../../detector/offline.ts';
import { decoderFor } from '../../../ingest/decode/index.ts';
import type { PlacedRecord, ReadOptions } from '../../../ingest/kafka/ports.ts';
import type { LogRecord } from '../../../ingest/ports.ts';
import { openRecording, type RecordingEntry } from '../../../ingest/recording.ts';
import { type CaptureOptions, capture } from '../../../scenarios/capture/capture.ts';
import { captureRanges, parseBound } from '../../../scenarios/capture/ranges.ts';
import { streamText } from '../../../scenarios/capture/stream-text.ts';
import { artifactParts, RecordedModel } from '../../../scenarios/replay/controls.ts';
import { configOf, readingsOf, runRecording } from '../../../scenarios/replay/replay.ts';
import { Bench, settle } from '../../ingest/partition-bench.ts';

const RECORDING = 'test/recordings/fleet.recording.gz';
const dir = mkdtempSync(path.join(tmpdir(), 'tidewatch-capture-'));
afterAll(() => rmSync(dir, { recursive: true }));

/** A topic of one partition, as a cluster hands it out. */
const kafkaOf = (records: readonly LogRecord[], partition = 0) => ({
  async *read(_topic: string, { from, to }: ReadOptions = {}): AsyncGenerator<PlacedRecord[]> {
    const [start, end] = [from?.get(partition) ?? 0, to?.get(partition) ?? records.length];
    for (let at = start; at < end; at += 100)
      yield records.slice(at, Math.min(end, at + 100)).map((record) => ({ partition, record }));
  },
});

const hashes = (verdicts: Iterable<Verdict>) => [...verdicts].map((v) => `${verdictId(v)} ${verdictHash(v)}`).sort();

async function entriesOf(file: string): Promise<RecordingEntry[]> {
  const { entries } = await openRecording(file);
  const out: RecordingEntry[] = [];
  for await (const entry of entries) out.push(entry);
  return out;
}

async function replayed(file: string) {
  const verdicts: Verdict[] = [];
  const result = await runRecording(file, { onOutputs: (out) => void verdicts.push(...out.verdicts) });
  return { ...result, hashes: hashes(verdicts), models: new Set(verdicts.map((v) => v.modelId)) };
}

describe('a captured partition', () => {
  const bench = new Bench();
  let config: StreamConfig;
  let live: string[];
  let controls: ControlEntry[];
  const captureTo = (name: string, more: Partial<CaptureOptions> = {}) =>
    capture({
      kafka: kafkaOf(bench.log.records),
      topic: 'fleet',
      ranges: [{ partition: 0, start: 0, end: bench.log.records.length }],
      fileOf: () => path.join(dir, name),
      header: { stream: streamText(config), createdBy: 'a test' },
      controls: async () => controls,
      models: bench.models,
      signal: new AbortController().signal,
      ...more,
    });

  // A worker on the fleet's records: its first model in the middle, then another, a calibration, modes, and silence.
  beforeAll(async () => {
    config = configOf((await openRecording(RECORDING)).header);
    const records = (await entriesOf(RECORDING)).filter((e) => e.kind === 'record') as LogRecord[];
    const { rows } = await readingsOf(RECORDING);
    const models = [1, 0.8].map((share) => {
      const trained = trainArtifact(rows.slice(0, share * rows.length), config);
      if (!trained.ok) throw new Error(trained.fault.detail);
      return trained.value.artifact;
    });
    for (const model of models) await bench.models.put(modelIdOf(model), 'fleet', model, {});
    const decoder = decoderFor(config);
    const worker = await bench.start({
      folds: foldsFor(config, decoder),
    });
    const upTo = async (share: number) => {
      bench.log.records.push(...records.slice(bench.log.records.length, Math.floor(share * records.length)));
      await bench.pass(2_000);
      expect(worker.partition.lag).toBe(0);
    };
    const serve = (artifact: Uint8Array) =>
      worker.partition.change({ kind: 'model', modelId: modelIdOf(artifact), sha256: sha256Hex(artifact) });
    await upTo(0.3);
    await serve(models[0]!);
    await upTo(0.5);
    await worker.partition.change({ kind: 'mode', mode: 'fallback', reason: 'test' });
    await upTo(0.6);
    await worker.partition.change({ kind: 'mode', mode: 'forest', reason: 'test' });
    await serve(models[1]!);
    await upTo(0.8);
    await serve(models[0]!);
    await worker.partition.change({ kind: 'calibration', modelId: modelIdOf(models[0]!), version: 2, alertRate: 0.01 });
    await upTo(1);
    await bench.pass(20_000, 1_000);
    await settle();
    controls = await worker.store.controlEntries(0);
    await worker.stop();
    expect(worker.failure()).toBeNull();
    live = hashes(bench.tables.verdicts.values());
  }, 60_000);

  test('replays to the very verdicts of the worker, model switches and silence included', async () => {
    const [captured] = (await captureTo('whole.recording.gz'))!;
    expect(captured).toMatchObject({ records: bench.log.records.length, controlEntries: controls.length });
    expect(new Set(controls.map((c) => c.kind))).toEqual(new Set(['model', 'mode', 'calibration', 'watermark']));
    const again = await replayed(captured!.file);
    expect(again.refused).toEqual([]);
    expect(again.models.size).toBe(3);
    expect(again.hashes).toEqual(live);
    expect(live.length).toBeGreaterThan(1_000);
  });

  test('replays to other verdicts when one control entry is missing or in another place', async () => {
    for (const planted of [
      controls.slice(1),
      controls.map((c, i) => (i === 2 ? { ...c, offset: c.offset - 200 } : c)),
    ]) {
      await captureTo('planted.recording.gz', { controls: async () => planted });
      expect((await replayed(path.join(dir, 'planted.recording.gz'))).hashes).not.toEqual(live);
    }
  });

  test('without control entries trains for itself, as any recording', async () => {
    await captureTo('plain.recording.gz', { controls: null });
    expect((await openRecording(path.join(dir, 'plain.recording.gz'))).header.controlled).toBeUndefined();
    const { models } = await replayed(path.join(dir, 'plain.recording.gz'));
    expect([...models].some((id) => id !== '' && !controls.some((c) => c.kind === 'model' && c.modelId === id))).toBe(
      true,
    );
  });

  test('names a model that is gone from the database, and a replay goes on with what served before', async () => {
    const notices: string[] = [];
    await captureTo('gone.recording.gz', { models: { get: async () => null }, onNotice: (n) => notices.push(n) });
    expect(notices).toHaveLength(3);
    const { refused, models } = await replayed(path.join(dir, 'gone.recording.gz'));
    expect(refused).toHaveLength(3);
    expect(models).toEqual(new Set(['']));
  });

  test('from the middle begins with what was in force there', async () => {
    const start = Math.floor(0.7 * bench.log.records.length);
    await captureTo('late.recording.gz', { ranges: [{ partition: 0, start, end: start + 50 }] });
    const entries = await entriesOf(path.join(dir, 'late.recording.gz'));
    const kinds = entries.map((e) => (e.kind === 'record' ? e.offset : (JSON.parse(e.json) as { kind: string }).kind));
    expect(kinds.slice(0, 4)).toEqual(['mode', 'artifact', 'model', start]);
    expect(kinds).toHaveLength(53);
  });

  test('that is not captured to its end leaves nothing behind', async () => {
    const stop = new AbortController();
    const kafka = {
      async *read() {
        yield bench.log.records.slice(0, 10).map((record) => ({ partition: 0, record }));
        stop.abort();
        yield bench.log.records.slice(10, 20).map((record) => ({ partition: 0, record }));
      },
    };
    expect(await captureTo('stopped.recording.gz', { kafka, signal: stop.signal })).toBeNull();
    const broken = {
      // biome-ignore lint/correctness/useYield: it fails first
      async *read(): AsyncGenerator<PlacedRecord[]> {
        throw new Error('planted');
      },
    };
    await expect(captureTo('broken.recording.gz', { kafka: broken })).rejects.toThrow('planted');
    expect(readdirSync(dir).filter((name) => /stopped|broken/.test(name))).toEqual([]);
  });

  test('of nothing is a recording of nothing', async () => {
    await captureTo('empty.recording.gz', { ranges: [{ partition: 0, start: 5, end: 5 }], controls: null });
    expect(await entriesOf(path.join(dir, 'empty.recording.gz'))).toEqual([]);
    expect(existsSync(path.join(dir, 'empty.recording.gz.part'))).toBe(false);
  });

  test('keeps headers and tombstones, and cuts a record that no recording takes', async () => {
    const headers = [['h', Uint8Array.of(1)]] as const;
    const records: LogRecord[] = [
      { offset: 0, appendMs: 1, key: null, value: new Uint8Array(0), tombstone: true, headers },
      { offset: 1, appendMs: 2, key: null, value: new Uint8Array(6 << 20) },
    ];
    const notices: string[] = [];
    const kafka = kafkaOf(records);
    const ranges = [{ partition: 0, start: 0, end: 2 }];
    await captureTo('odd.recording.gz', { kafka, ranges, controls: null, onNotice: (n) => notices.push(n) });
    const [tombstone, cut] = (await entriesOf(path.join(dir, 'odd.recording.gz'))) as LogRecord[];
    expect([tombstone!.tombstone, [...tombstone!.headers![0]![1]!]]).toEqual([true, [1]]);
    expect(cut!.value.length).toBe((1 << 20) + 1);
    expect(notices).toHaveLength(1);
  });
});

test('the configuration in a header is read back as the one that was written', () => {
  const written = streamConfig.parse({
    name: 's',
    topic: 'other',
    window: { size: '60s', hop: '500ms', allowedLateness: '0ms', maxSkew: '1d' },
    features: [
      { aggregation: 'ratio', metric: 'a', by: 'b' },
      { aggregation: 'lag', lag: 3 },
    ],
    metrics: { exclude: ['x*'] },
  });
  expect(streamConfig.parse(JSON.parse(streamText(written)))).toEqual(written);
});

test('an artifact comes in parts and is put together again; a part out of place is damage', async () => {
  const artifact = Uint8Array.from({ length: 5 << 20 }, (_, i) => i * 31);
  const parts = artifactParts('m', artifact);
  expect(parts).toHaveLength(3);
  const model = new RecordedModel();
  expect(await model.get('')).toBeNull();
  for (const part of parts) {
    expect(await model.get('m')).toBeNull();
    model.take(part);
  }
  expect(Buffer.compare((await model.get('m'))!, artifact)).toBe(0);
  expect(await model.get('n')).toBeNull();
  expect(() => model.take(parts[1]!)).toThrow(/recording_corrupt/);
});

describe('a range', () => {
  const admin = {
    offsets: async () => ok([0, 1].map((partition) => ({ partition, start: 10, end: 100 }))),
    offsetsAt: async (_topic: string, timeMs: number) => ok(new Map([[0, timeMs === 1_000 ? 40 : 60]])),
  };
  const bound = (text: string) => {
    const parsed = parseBound(text);
    if (!parsed.ok) throw new Error(parsed.fault.detail);
    return parsed.value;
  };
  const range = (from: string, to: string, partition: number | null = 0) =>
    captureRanges(admin, 't', partition, bound(from), bound(to));

  test('is by offsets, by times of the log, or the whole of it, within what the log has', async () => {
    expect(await range('start', 'end', null)).toMatchObject({ value: [{ start: 10 }, { partition: 1, end: 100 }] });
    expect(await range('5', '50')).toEqual(ok([{ partition: 0, start: 10, end: 50 }]));
    expect(await range('1970-01-01T00:00:01Z', '1970-01-01T00:00:02')).toEqual(
      ok([{ partition: 0, start: 40, end: 60 }]),
    );
    expect(await range('1970-01-01T00:00:01Z', 'end', 1)).toEqual(ok([{ partition: 1, start: 100, end: 100 }]));
  });

  test('that ends before it begins, of a partition that is not there, or of no time at all is refused', async () => {
    expect(await range('50', '20')).toMatchObject({ fault: { code: 'request_invalid' } });
    expect(await range('start', 'end', 7)).toMatchObject({
      fault: { code: 'not_found', detail: expect.stringContaining('0 to 1') },
    });
    for (const text of ['yesterday', '-1', '2026-13-01', '12:00']) expect(parseBound(text).ok, text).toBe(false);
  });
});
