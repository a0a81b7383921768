import { beforeAll, expect, it } from 'vitest';
import { ManualClock } from '../../core/clock.ts';
import { PostgresDeadLetters } from '../../store/dead-letters.ts';
import { silentLogger } from '../../store/logger.ts';
import { PostgresPartitionStore } from '../../store/partition-store.ts';
import { testDatabase } from '../postgres.ts';
import { makeDeadLetter, outputs } from './make.ts';

const { pool } = await testDatabase();
const letters = new PostgresDeadLetters(pool);
const STREAM = 'ho:sts';

beforeAll(async () => {
  const clock = new ManualClock(1_000);
  for (const [stream, partition, code] of [
    [STREAM, 0, 'record_not_json'],
    [STREAM, 1, 'record_empty'],
    ['other', 0, 'record_empty'],
  ] as const) {
    const store = new PostgresPartitionStore(pool, { stream, partition, clock, log: silentLogger, topic: 'telemetry' });
    const some = [0, 1, 2].map((point) =>
      makeDeadLetter({
        stream,
        partition,
        point,
        fault: { code, detail: '' },
        value: Uint8Array.of(1, 2),
        key: null,
        ...(point === 1 && { at: { entity: 'web', metric: 'cpu', timeMs: 1_700_000_000_123 } }),
      }),
    );
    await store.flush(outputs({ deadLetters: some }));
    clock.advance(1_000);
  }
});

const ids = async (filter: Parameters<typeof letters.list>[0], limit = 100) =>
  (await letters.list(filter, { limit })).map((d) => d.id);

it('filters by stream, partition, code, time and whether it was sent again', async () => {
  expect(await ids({})).toHaveLength(9);
  expect(await ids({ stream: STREAM })).toHaveLength(6);
  expect(await ids({ stream: STREAM, partition: 1 })).toEqual([2, 1, 0].map((point) => `ho:sts:1:9:${point}`));
  expect(await ids({ code: 'record_empty' })).toHaveLength(6);
  expect(await ids({ sinceMs: 2_000, untilMs: 3_000 })).toEqual(await ids({ stream: STREAM, partition: 1 }));
  expect(await ids({ redriven: true })).toEqual([]);
  expect(await ids({ redriven: false }, 4)).toHaveLength(4);
});

it('pages without a gap or a repeat, among letters of one time too', async () => {
  const seen: string[] = [];
  for (let after: string | undefined; ; after = seen.at(-1)!) {
    const page = await letters.list({}, after === undefined ? { limit: 2 } : { limit: 2, after });
    if (page.length === 0) break;
    seen.push(...page.map((d) => d.id));
  }
  expect(seen).toEqual(await ids({}));
  expect(await letters.list({}, { limit: 9, after: 'gone:0:1:1' })).toEqual([]);
  expect(await letters.list({}, { limit: 9, after: 'no id' })).toEqual([]);
});

it('gives one by its id, whole', async () => {
  expect(await letters.get('ho:sts:1:9:2')).toMatchObject({
    stream: STREAM,
    partition: 1,
    offset: 9,
    point: 2,
    code: 'record_empty',
    topic: 'telemetry',
    receivedMs: 2_000,
    appendMs: 1_700_000_000_000,
    entity: null,
    metric: null,
    timeMs: null,
    valueBytes: 2,
    value: Buffer.of(1, 2),
    headers: [],
    redrivenMs: null,
  });
  const known = { entity: 'web', metric: 'cpu', timeMs: 1_700_000_000_123 };
  expect(await letters.get('ho:sts:1:9:1')).toMatchObject(known);
  expect((await letters.list({ partition: 1 }, { limit: 9 }))[1]).toMatchObject(known);
  expect(await letters.get('ho:sts:1:9:3')).toBeNull();
  expect(await letters.get('nonsense')).toBeNull();
});

it('marks what was sent again once, and counts it', async () => {
  expect(await letters.markRedriven(['ho:sts:0:9:0', 'ho:sts:0:9:1', 'nonsense'], 9_000, 'to telemetry:0:12')).toBe(2);
  expect(await letters.markRedriven(['ho:sts:0:9:0', 'ho:sts:0:9:2'], 9_999, 'again')).toBe(1);
  expect(await letters.get('ho:sts:0:9:0')).toMatchObject({ redrivenMs: 9_000, redriveNote: 'to telemetry:0:12' });
  expect(await ids({ redriven: true })).toHaveLength(3);
  expect(await letters.counts({})).toEqual([
    { stream: STREAM, code: 'record_empty', count: 3, redriven: 0 },
    { stream: STREAM, code: 'record_not_json', count: 3, redriven: 3 },
    { stream: 'other', code: 'record_empty', count: 3, redriven: 0 },
  ]);
  expect(await letters.counts({ stream: 'other' })).toHaveLength(1);
});
