import { fastify } from 'fastify';
import type pg from 'pg';
import { ManualClock } from '../../core/clock.ts';
import { readRoutes } from '../../monitor/api/reads.ts';
import { PostgresDeadLetters } from '../../store/dead-letters.ts';
import { PostgresLabels } from '../../store/labels.ts';
import { PostgresMonitorStore } from '../../store/monitor-store.ts';
import { PostgresReader } from '../../store/reader.ts';
import { PostgresRegistry } from '../../store/registry.ts';
import { refusedScans } from './plans.ts';
import type { Answer } from './queries.ts';

const WEEK_MS = 7 * 86_400_000;
const MONTH_MS = 31 * 86_400_000;

/** Whose page, and up to when. */
export interface Chosen {
  stream: string;
  entity: string;
  toMs: number;
}

interface Asked {
  text: string;
  values: unknown[];
}

/** Everything that the console's pages read, through the routes and stores that answer it; times are those of whole answers. */
export async function consoleReads(pool: pg.Pool, chosen: Chosen, again = 3): Promise<Answer[]> {
  const asked: Asked[] = [];
  const watched = watching(pool, asked);
  const clock = new ManualClock(chosen.toMs);
  const reader = new PostgresReader(watched);
  const app = fastify();
  readRoutes(app, reader, clock, async () => null);
  const store = new PostgresMonitorStore(watched, clock);
  const { stream, entity, toMs } = chosen;
  const [verdict] = await reader.verdicts(stream, entity, { fromMs: toMs - WEEK_MS, toMs }, 1);
  const [incident] = await reader.incidents({ stream, limit: 1 });
  const place = `/api/entities/${stream}/${entity}`;
  const get = (url: string) => async () => {
    const answer = await app.inject(url);
    if (answer.statusCode !== 200) throw new Error(`${url}: ${answer.statusCode} ${answer.body}`);
    return answer.body.length;
  };
  const count = (rows: readonly unknown[]): number => rows.length;
  const reads: [name: string, read: () => Promise<number>][] = [
    ['entities', get('/api/entities?limit=2000')],
    ['entities of a stream', get(`/api/entities?stream=${stream}&limit=2000`)],
    ['an entity, an hour', get(`${place}?from=${toMs - 3_600_000}&to=${toMs}`)],
    ['an entity, a week', get(`${place}?from=${toMs - WEEK_MS}&to=${toMs}`)],
    ['an entity, a month', get(`${place}?from=${toMs - MONTH_MS}&to=${toMs}`)],
    ['a verdict by its id', get(`/api/verdicts/${verdict!.id}`)],
    ['incidents', get('/api/incidents?limit=500')],
    ['open incidents', get('/api/incidents?open=true&limit=500')],
    ['incidents of a stream', get(`/api/incidents?stream=${stream}&limit=500`)],
    ['incidents of an entity', get(`/api/incidents?stream=${stream}&entity=${entity}`)],
    ['an incident', get(`/api/incidents/${incident!.id}`)],
    ['dead letters', get('/api/dead-letters?limit=200')],
    ['dead letters by code', async () => count(await new PostgresDeadLetters(watched).counts({ stream }))],
    ['partitions', async () => count(await reader.partitions())],
    ['observations of a week', async () => count(await store.observations(stream, toMs - WEEK_MS, toMs + 1))],
    ['observations of a month', async () => count(await store.observations(stream, toMs - MONTH_MS, toMs + 1))],
    ['decisions', async () => count(await store.ledger({ stream, limit: 200 }))],
    ['a decision', async () => Number((await store.decision(`${stream}-7`)) !== null)],
    ['models', async () => count(await new PostgresRegistry(watched, clock).list(stream))],
    ['labels', async () => count(await new PostgresLabels(watched).list({ stream }))],
  ];
  const out: Answer[] = [];
  for (const [name, read] of reads) {
    const times: number[] = [];
    let rows = 0;
    for (let i = 0; i <= again; i++) {
      asked.length = 0;
      const before = performance.now();
      rows = await read();
      times.push(performance.now() - before);
    }
    const plans: ReturnType<typeof refusedScans>[] = [];
    for (const { text, values } of [...asked]) plans.push(refusedScans(await explain(pool, text, values)));
    const all = (key: 'refused' | 'by') => [...new Set(plans.flatMap((plan) => plan[key]))];
    out.push({
      name,
      rows,
      firstMs: times[0]!,
      ms: Math.min(...times.slice(Math.min(again, 1))),
      refused: all('refused'),
      by: all('by'),
    });
  }
  await app.close();
  return out;
}

const explain = async (pool: pg.Pool, text: string, values: unknown[]): Promise<Record<string, unknown>> =>
  (await pool.query(`EXPLAIN (FORMAT JSON) ${text}`, values)).rows[0];

/** The same pool, that notes what it was asked. */
function watching(pool: pg.Pool, asked: Asked[]): pg.Pool {
  const query = (config: unknown, values: unknown) => {
    const { text, values: own } =
      typeof config === 'string' ? { text: config, values: undefined } : (config as pg.QueryConfig);
    asked.push({ text, values: (values ?? own ?? []) as unknown[] });
    return (pool.query as (...args: unknown[]) => Promise<unknown>)(config, values);
  };
  return new Proxy(pool, { get: (target, key) => (key === 'query' ? query : Reflect.get(target, key, target)) });
}
