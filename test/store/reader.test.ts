import { beforeAll, expect, it } from 'vitest';
import { ManualClock } from '../../core/clock.ts';
import { verdictHash } from '../../core/hash.ts';
import { silentLogger } from '../../store/logger.ts';
import { PostgresPartitionStore } from '../../store/partition-store.ts';
import { PostgresReader } from '../../store/reader.ts';
import { dropOldPartitions } from '../../store/retention.ts';
import { readTrainingRows } from '../../store/training-rows.ts';
import { testDatabase } from '../postgres.ts';
import { FEATURES, makeDeadLetter, makeIncident, makeVerdict, noCounters, outputs } from './make.ts';

const { pool } = await testDatabase();
const reader = new PostgresReader(pool);
const clock = new ManualClock(5_000);
const DAY_MS = 86_400_000;
const START_MS = 20_000 * DAY_MS;
const storeOf = (stream: string, partition = 0) =>
  new PostgresPartitionStore(pool, { stream, partition, clock, log: silentLogger });
const at = (entity: string, window: number, severity = 0.1) =>
  makeVerdict({ entity, windowStartMs: START_MS + window * 10_000, severity });

async function collect<T>(rows: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const row of rows) all.push(row);
  return all;
}

beforeAll(async () => {
  const store = storeOf('hosts');
  const verdicts = [0, 1, 2, 3, 4].flatMap((window) => [at('web-1', window, window), at('db-1', window)]);
  const incidents = [
    makeIncident({ id: 'old', startMs: START_MS, resolvedMs: START_MS + 1 }),
    makeIncident({ id: 'open', startMs: START_MS + 20_000 }),
    makeIncident({
      id: 'elsewhere',
      entity: 'db-1',
      kind: 'absence',
      startMs: START_MS + 10_000,
      resolvedMs: START_MS + 2,
    }),
  ];
  const deadLetters = [1, 2, 3].map((offset) =>
    makeDeadLetter({
      offset,
      point: -1,
      fault: { code: offset === 3 ? 'record_empty' : 'record_not_json', detail: 'at 0' },
      value: offset === 3 ? null : Uint8Array.of(offset),
    }),
  );
  await store.flush(outputs({ verdicts, incidents, deadLetters }));
  // an older window that comes late must not become the newest
  await store.flush(outputs({ verdicts: [at('web-1', -1, 99)] }));
});

it('lists entities by severity of their newest window, with the open incident', async () => {
  expect(await reader.entities()).toEqual([
    {
      stream: 'hosts',
      entity: 'web-1',
      lastWindowEndMs: START_MS + 50_000,
      severity: 4,
      source: 'forest',
      probation: false,
      openIncidentId: 'open',
    },
    expect.objectContaining({ entity: 'db-1', openIncidentId: null }),
  ]);
  expect(await reader.entities('nothing')).toEqual([]);
});

it('gives the verdicts of a range in the order of time, the newest when there are too many', async () => {
  const range = { fromMs: START_MS, toMs: START_MS + 40_000 };
  const starts = async (limit: number) =>
    (await reader.verdicts('hosts', 'web-1', range, limit)).map((v) => (v.windowStartMs - START_MS) / 10_000);
  expect(await starts(10)).toEqual([0, 1, 2, 3]);
  expect(await starts(2)).toEqual([2, 3]);
});

it('finds a verdict by its id, equal to the last bit', async () => {
  const verdict = at('web-1', 3, 3);
  const range = { fromMs: verdict.windowStartMs, toMs: verdict.windowStartMs + 1 };
  const [listed] = await reader.verdicts('hosts', 'web-1', range, 1);
  const found = await reader.verdict(listed!.id);
  expect(found && verdictHash(found)).toBe(verdictHash(verdict));
  expect(found?.id).toBe(listed!.id);
  // fit for a link, whatever the names are
  expect(listed!.id).toMatch(/^[0-9a-z.-]{1,45}$/);
  const other = listed!.id.replace(/\d$/, (digit) => String((Number(digit) + 1) % 10));
  for (const id of ['0000000000000000', '', other, `${listed!.id}x`, '0123456789abcdef.zzzzzzzzzz.zzzzzzzzzz.zzzzz'])
    expect(await reader.verdict(id)).toBeNull();
});

it('filters incidents by entity and by whether they are open, newest first', async () => {
  const ids = async (filter: object) => (await reader.incidents({ limit: 10, ...filter })).map((i) => i.id);
  expect(await ids({})).toEqual(['open', 'elsewhere', 'old']);
  expect(await ids({ open: true })).toEqual(['open']);
  expect(await ids({ entity: 'web-1', open: false })).toEqual(['old']);
  expect(await ids({ stream: 'hosts', limit: 1 })).toEqual(['open']);
  const old = (await reader.incident('old'))!;
  expect(await ids({ sinceMs: old.resolvedMs!, entity: 'web-1' })).toEqual(['open', 'old']);
  expect(await ids({ sinceMs: old.resolvedMs! + 1, entity: 'web-1' })).toEqual(['open']);
  expect(await ids({ untilMs: old.startMs + 1, entity: 'web-1' })).toEqual(['old']);
  expect(await ids({ untilMs: old.startMs, entity: 'web-1' })).toEqual([]);
  expect((await reader.incident('open'))?.attributions).toEqual(makeIncident().attributions);
  expect(await reader.incident('none')).toBeNull();
});

it('lists dead letters, newest first; a tombstone is empty there', async () => {
  const letters = await reader.deadLetters(2);
  expect(letters.map((d) => [d.id, d.code, d.receivedMs, ...d.value])).toEqual([
    ['hosts:0:3:-1', 'record_empty', 5_000],
    ['hosts:0:2:-1', 'record_not_json', 5_000, 2],
  ]);
  const ids = async (filter: object) => (await reader.deadLetters(9, filter)).map((d) => d.id);
  expect(await ids({ code: 'record_empty' })).toEqual(['hosts:0:3:-1']);
  expect(await ids({ sinceMs: 5_001 })).toEqual([]);
  expect(await reader.deadLetterCounts({ code: 'record_empty' })).toEqual([
    { stream: 'hosts', code: 'record_empty', count: 1, redriven: 0 },
  ]);
});

it('shows each partition as its last checkpoint left it', async () => {
  const store = storeOf('hosts', 3);
  const { epoch } = await store.claim('a');
  expect(await reader.partitions()).toEqual([]);
  const counters = { ...noCounters, applied: 7 };
  const state = Uint8Array.of(1);
  await store.checkpoint({
    epoch,
    offsetPrevious: 0,
    offsetNext: 7,
    state,
    watermarkMs: 1.5,
    controlSequence: 0,
    counters,
  });
  await store.checkpoint({
    epoch,
    offsetPrevious: 7,
    offsetNext: 8,
    state,
    watermarkMs: Number.NEGATIVE_INFINITY,
    controlSequence: 0,
    counters,
  });
  expect(await reader.partitions()).toEqual([
    {
      stream: 'hosts',
      partition: 3,
      offsetNext: 8,
      watermarkMs: Number.NEGATIVE_INFINITY,
      counters,
      checkpointedMs: 5_000,
    },
  ]);
});

it('streams the newest windows of each entity for training, in the order of time', async () => {
  const rows = await collect(readTrainingRows(pool, 'hosts', { maxWindowsPerEntity: 2 }));
  expect(rows.map((row) => [row.entity, (row.windowStartMs - START_MS) / 10_000])).toEqual([
    ['db-1', 3],
    ['db-1', 4],
    ['web-1', 3],
    ['web-1', 4],
  ]);
  expect(rows[0]?.features).toEqual(FEATURES);
  expect(rows[0]?.values).toEqual(makeVerdict().readings.values);
  const earlier = readTrainingRows(pool, 'hosts', { maxWindowsPerEntity: 9, beforeMs: START_MS });
  expect((await collect(earlier)).map((row) => row.entity)).toEqual(['web-1']);
});

it('drops the days before the newest event time less what is kept, of that stream only, and writes on', async () => {
  const store = storeOf('old');
  const other = storeOf('other');
  const day = (n: number) => makeVerdict({ windowStartMs: START_MS + n * DAY_MS });
  await store.flush(outputs({ verdicts: [day(-9), day(-2), day(-1), day(0)] }));
  await other.flush(outputs({ verdicts: [day(-9)] }));
  expect(await dropOldPartitions(pool, 'old', 1.5 * DAY_MS)).toBe(1);
  expect(await dropOldPartitions(pool, 'old', 1.5 * DAY_MS)).toBe(0);
  expect(await dropOldPartitions(pool, 'unknown', DAY_MS)).toBe(0);
  const left = await pool.query('SELECT stream, count(*) AS n FROM verdicts WHERE stream <> $1 GROUP BY 1 ORDER BY 1', [
    'hosts',
  ]);
  expect(left.rows).toEqual([
    { stream: 'old', n: 3 },
    { stream: 'other', n: 1 },
  ]);
  // the store believes that the dropped day is still there
  expect(await store.flush(outputs({ verdicts: [day(-9)] }))).toEqual({ divergent: 0 });
});

it('survives two stores that make the same day at the same time', async () => {
  const verdicts = [0, 1, 2, 3].map((n) => makeVerdict({ windowStartMs: START_MS + n * DAY_MS }));
  await Promise.all([1, 2, 3, 4].map((partition) => storeOf('busy', partition).flush(outputs({ verdicts }))));
  const { rows } = await pool.query("SELECT count(*) AS n FROM verdicts WHERE stream = 'busy'");
  expect(rows).toEqual([{ n: 4 }]);
});
