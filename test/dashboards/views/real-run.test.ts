import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemClock } from '../../../core/clock.ts';
import { Random } from '../../../core/random.ts';
import type { DecodeSink } from '../../../ingest/ports.ts';
import { silentLogger } from '../../../store/logger.ts';
import { PostgresPartitionStore } from '../../../store/partition-store.ts';
import { ensureRoles } from '../../../store/roles.ts';
import { STREAM, StoredPartition, startMonitor } from '../../cli/monitor/site.ts';
import { until } from '../../e2e/up.ts';
import { testDatabase } from '../../postgres.ts';
import { loginOf } from '../../store/logins.ts';
import { makeLabel } from '../../store/monitor-make.ts';

/** What the fold and the monitor themselves wrote, of a fleet whose producer changes a unit: every view tells of it. */
const START_MS = Date.UTC(2026, 0, 5);
const HEALTHY_SECONDS = 400;
const METRICS = ['cpu', 'memory', 'requests', 'latency'];

const database = await testDatabase();
await ensureRoles(database.pool);
const grafana = (await loginOf(database, 'tidewatch_grafana')).pool;
const rows = async (query: string): Promise<Record<string, unknown>[]> => (await grafana.query(query)).rows;

const random = new Random(7);
const levels = Array.from({ length: 8 }, () => METRICS.map(() => 0));
let factor = 1;

function second(sink: DecodeSink): void {
  const timeMs = START_MS + partition.next * 1_000;
  for (const [e, own] of levels.entries()) {
    const values = METRICS.map((_, m) => {
      own[m] = 0.8 * own[m]! + random.normal();
      return (20 * (m + 1) + e + own[m]!) * (m === 3 ? factor : 1);
    });
    sink.sample({ entity: `web-${e + 1}`, timeMs, names: [...METRICS], values });
  }
  if (partition.next % 50 === 49) sink.fault({ code: 'value_not_finite', detail: 'cpu is NaN' }, { entity: 'web-1' });
}

const partition: StoredPartition = new StoredPartition(
  database,
  STREAM,
  (_value, _appendMs, sink) => second(sink),
  (offset) => START_MS + offset * 1_000 + 500,
);
const watching = startMonitor(database, 'first');
afterAll(() => watching.end());

beforeAll(async () => {
  const { stores } = watching;
  const seen = async () => (await stores.monitor.state(STREAM.name))?.seen?.atMs ?? 0;
  await partition.claim();
  await partition.records(HEALTHY_SECONDS);
  await partition.train();
  await until('it is adopted', async () => (await stores.monitor.state(STREAM.name))?.serving.champion ?? null);
  await partition.records(60);
  // one entity goes its own way, then the producer's unit changes for all
  levels[0]!.fill(400);
  await partition.records(20);
  factor = 1_000;
  for (let grain = 0; grain < 8; grain++) {
    await partition.records(10);
    const wholeMs = START_MS + Math.floor((partition.next - 3) / 10) * 10_000;
    await until('it has looked', async () => (await seen()) >= wholeMs);
  }
  const recalibrated = { kind: 'recalibrate' } as const;
  await watching.monitor.parts().command(STREAM.name, recalibrated, 'operator:ann', '');
  await stores.labels.add(makeLabel({ stream: STREAM.name, fromMs: START_MS, toMs: START_MS + 1_000 }));
  await stores.maintenance.add({
    id: 'move',
    stream: STREAM.name,
    entity: null,
    metric: null,
    fromMs: START_MS,
    toMs: START_MS + 60_000,
    reason: 'move',
    actor: 'operator:ann',
    createdMs: START_MS,
  });
  const about = { stream: STREAM.name, partition: 1, clock: systemClock, log: silentLogger };
  const other = new PostgresPartitionStore(database.pool, about);
  await other.claim('other');
  await other.recordLoss(3, 9, 'retention');
}, 60_000);

it('no view is empty', async () => {
  const views = await database.pool.query<{ name: string }>(
    "SELECT viewname AS name FROM pg_views WHERE schemaname = 'grafana' ORDER BY 1",
  );
  const empty: string[] = [];
  for (const { name } of views.rows)
    if ((await rows(`SELECT 1 FROM grafana.${name} LIMIT 1`)).length === 0) empty.push(name);
  expect(empty).toEqual([]);
});

it('windows are told with their reasons, in the units of the stream', async () => {
  const [before, after] = await rows(`
    SELECT time_ms >= ${START_MS + (HEALTHY_SECONDS + 80) * 1_000} AS changed, avg(anomalous::integer)::float8 AS share
    FROM grafana.verdicts WHERE source = 'forest' GROUP BY 1 ORDER BY 1`);
  expect(before!.share).toBeLessThan(0.2);
  expect(after!.share).toBeGreaterThan(0.5);
  const [reason] = await rows(
    "SELECT metric FROM grafana.verdict_attributions WHERE anomalous AND rank = 1 AND entity = 'web-3' ORDER BY time DESC LIMIT 1",
  );
  expect(reason!.metric).toContain('latency');
  const [feature] = await rows(
    "SELECT value, low, high FROM grafana.verdict_features WHERE entity = 'web-3' AND feature = 'latency__mean__1s' ORDER BY time DESC LIMIT 1",
  );
  expect(feature!.value).toBeGreaterThan(10_000);
});

it('the cause, the figures beyond their limits and what was decided agree', async () => {
  expect(await rows("SELECT DISTINCT cause FROM grafana.causes WHERE cause = 'unit_change'")).toHaveLength(1);
  const [evidence] = await rows("SELECT evidence FROM grafana.causes WHERE cause = 'unit_change' LIMIT 1");
  expect(Object.keys(JSON.parse(evidence!.evidence as string)).length).toBeGreaterThan(0);
  const beyond = await rows("SELECT * FROM grafana.figures WHERE status = 'drift' AND limit_high IS NOT NULL");
  expect(beyond.length).toBeGreaterThan(0);
  for (const { value, limit_high } of beyond) expect(value).toBeGreaterThan(limit_high as number);
  const decided = await rows('SELECT action, cause, actor FROM grafana.decisions ORDER BY seq');
  expect(decided[0]).toMatchObject({ action: 'promote', actor: 'controller' });
  expect(decided).toContainEqual({ action: 'hold', cause: 'unit_change', actor: 'controller' });
});

it('who serves is one in all views that tell of it', async () => {
  const [role] = await rows('SELECT champion FROM grafana.roles ORDER BY revision DESC LIMIT 1');
  expect(role!.champion).toBe(partition.modelId);
  expect(await rows(`SELECT id FROM grafana.models WHERE role LIKE '%champion%'`)).toEqual([{ id: partition.modelId }]);
  const [newest] = await rows('SELECT model_id FROM grafana.observations ORDER BY time_ms DESC LIMIT 1');
  expect(newest!.model_id).toBe(partition.modelId);
});
