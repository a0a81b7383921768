import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CaptureRequest, captureTopic } from '../../../cli/transfer/capture.ts';
import { type ProduceRequest, produceRecordings } from '../../../cli/transfer/produce.ts';
import { type Config, rootConfig } from '../../../core/config/root.ts';
import type { LogRecord } from '../../../ingest/ports.ts';
import { openRecording, RecordingWriter } from '../../../ingest/recording.ts';
import { mergeRecords } from '../../../scenarios/produce/merge.ts';
import { MAX_SPEED } from '../../../scenarios/produce/pace.ts';
import { freshTopic, KAFKA_START_MS, kafkaBroker, testAdmin, useKafka } from '../../kafka.ts';
import { needs } from '../../needs.ts';

const FLEET = 'test/recordings/fleet.recording.gz';
const dir = mkdtempSync(path.join(tmpdir(), 'tidewatch-transfer-'));
afterAll(() => rmSync(dir, { recursive: true }));

const text = (bytes: Uint8Array | null) => (bytes === null ? null : Buffer.from(bytes).toString());

async function recordsOf(...files: string[]): Promise<LogRecord[]> {
  const runs = await Promise.all(files.map(async (file) => (await openRecording(file)).runs));
  const out: LogRecord[] = [];
  for await (const run of mergeRecords(runs)) out.push(...run);
  return out;
}

/** Values in their order, by key. */
function byKey(records: readonly LogRecord[]): Map<string | null, (string | null)[]> {
  const out = new Map<string | null, (string | null)[]>();
  for (const { key, value } of records) {
    const values = out.get(text(key)) ?? [];
    values.push(text(value));
    out.set(text(key), values);
  }
  return out;
}

needs('kafka')('against a broker', () => {
  useKafka();
  let config: Config;
  beforeAll(async () => {
    const { brokers } = await kafkaBroker();
    const kafka = { brokers: brokers.join(',') };
    const streams = [{ name: 'fleet' }, { name: 'lines', encoding: 'influx' }];
    config = rootConfig.parse({ dataDir: path.join(dir, 'data'), kafka, streams });
  }, KAFKA_START_MS);

  const send = (recordings: string[], topic: string, more: Partial<ProduceRequest> = {}) =>
    produceRecordings(config, {
      recordings,
      topic,
      speed: MAX_SPEED,
      partition: null,
      rebaseTime: false,
      resume: false,
      repeat: 1,
      create: null,
      signal: new AbortController().signal,
      onNotice: () => undefined,
      ...more,
    });
  const take = async (topic: string, name: string, more: Partial<CaptureRequest> = {}) => {
    const out = path.join(dir, name);
    await captureTopic(config, {
      topic,
      partition: null,
      from: 'start',
      to: 'end',
      out,
      stream: 'fleet',
      control: false,
      signal: new AbortController().signal,
      onNotice: () => undefined,
      ...more,
    });
    return out;
  };
  const filesIn = (folder: string) => readdirSync(folder).map((name) => path.join(folder, name));

  test('what is produced and captured holds the same records for each key in the same order', async () => {
    const topic = await freshTopic(3);
    const sent = await recordsOf(FLEET);
    const summary = await send([FLEET], topic);
    expect(summary).toMatchObject({ finished: true, records: sent.length });
    const files = filesIn(await take(topic, 'fleet/'));
    expect(files.map((file) => path.basename(file))).toEqual([0, 1, 2].map((n) => `${topic}-${n}.recording.gz`));
    expect(byKey(await recordsOf(...files))).toEqual(byKey(sent));

    // and what was captured is sent on to a topic of another shape
    const copy = await freshTopic(2);
    await send(files, copy);
    expect(byKey(await recordsOf(...filesIn(await take(copy, 'copy/'))))).toEqual(byKey(sent));
  }, 60_000);

  test('an interrupted run goes on where it stopped, and a finished one is not sent again', async () => {
    const topic = await freshTopic(2);
    const sent = await recordsOf(FLEET);
    const stop = new AbortController();
    // the original pace: one batch leaves, and then it waits
    const first = send([FLEET], topic, { speed: 200, signal: stop.signal });
    const admin = await testAdmin();
    const stored = async () => (await admin.fetchTopicOffsets(topic)).reduce((sum, { high }) => sum + Number(high), 0);
    while ((await stored()) < 20) await new Promise<void>((done) => setImmediate(done));
    stop.abort();
    const interrupted = await first;
    expect(interrupted.finished).toBe(false);
    expect(interrupted.records).toBeLessThan(sent.length);
    await expect(send([FLEET], topic, { resume: true, partition: 1 })).rejects.toThrow(/--partition was not given/);
    const resumed = await send([FLEET], topic, { resume: true });
    expect(resumed).toMatchObject({ finished: true, resumedAt: interrupted.records });
    expect(byKey(await recordsOf(...filesIn(await take(topic, 'resumed/'))))).toEqual(byKey(sent));
    await expect(send([FLEET], topic, { resume: true })).rejects.toThrow(/all was sent before/);
  }, 60_000);

  test('headers, tombstones and empty values come through', async () => {
    const file = path.join(dir, 'odd.recording.gz');
    const writer = new RecordingWriter(file, { stream: '{"name":"fleet"}', createdBy: 'a test' });
    const none = new Uint8Array(0);
    const headers = [
      ['trace', Buffer.from('1')],
      ['trace', Buffer.from('2')],
    ] as const;
    await writer.record({ offset: 0, appendMs: 1, key: Buffer.from('k'), value: Buffer.from('v'), headers });
    await writer.record({ offset: 1, appendMs: 2, key: Buffer.from('k'), value: none, tombstone: true });
    await writer.record({ offset: 2, appendMs: 3, key: Buffer.from('k'), value: none });
    await writer.close();
    const topic = await freshTopic(1);
    await send([file], topic);
    const [first, second, third] = await recordsOf(await take(topic, 'odd-again.recording.gz', { partition: 0 }));
    expect(first!.headers!.map(([name, value]) => [name, text(value)])).toEqual([
      ['trace', '1'],
      ['trace', '2'],
    ]);
    expect([second!.tombstone, third!.tombstone]).toEqual([true, undefined]);
  }, 60_000);

  test('a range of offsets or of times is captured', async () => {
    const topic = await freshTopic(1);
    await send([FLEET], topic);
    const whole = await recordsOf(await take(topic, 'whole.recording.gz', { partition: 0 }));
    const range = { partition: 0, from: { offset: 10 }, to: { offset: 15 } };
    const some = await recordsOf(await take(topic, 'some.recording.gz', range));
    expect(some.map(({ offset }) => offset)).toEqual([10, 11, 12, 13, 14]);
    const fromMs = whole.at(-1)!.appendMs;
    const late = await recordsOf(await take(topic, 'late.recording.gz', { partition: 0, from: { timeMs: fromMs } }));
    expect(late.map(({ offset }) => offset)).toEqual(
      whole.filter(({ appendMs }) => appendMs >= fromMs).map(({ offset }) => offset),
    );
  }, 60_000);

  test('rebased records happen now, each round behind the one before', async () => {
    const topic = await freshTopic(1);
    const beforeMs = Date.now();
    await send([FLEET], topic, { rebaseTime: true, repeat: 2 });
    const records = await recordsOf(await take(topic, 'now.recording.gz', { partition: 0 }));
    const times = records.flatMap(({ value }) => /"time":(\d+)/.exec(text(value)!)?.[1] ?? []).map(Number);
    const usual = times.filter((ms) => ms < beforeMs + 60_000);
    // some of the recording's clocks are far ahead on purpose
    expect(usual.length / times.length).toBeGreaterThan(0.99);
    expect(Math.max(...usual)).toBeGreaterThan(beforeMs - 60_000);
    expect(new Set(usual).size).toBeGreaterThan(700);
  }, 60_000);

  test('a topic that is missing is named with its remedy, and made when that is wanted', async () => {
    const topic = `test-made-${path.basename(dir).toLowerCase()}`;
    await expect(send([FLEET], topic)).rejects.toMatchObject({
      code: 'topic_missing',
      detail: expect.stringContaining('--create N'),
    });
    const admin = await testAdmin();
    try {
      expect(await send([FLEET], topic, { create: 3 })).toMatchObject({ finished: true });
      expect(await admin.fetchTopicOffsets(topic)).toHaveLength(3);
    } finally {
      await admin.deleteTopics({ topics: [topic] });
    }
    await expect(take('no-such-topic', 'none/')).rejects.toMatchObject({ code: 'topic_missing' });
  }, 60_000);
});
