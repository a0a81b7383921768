import { readFileSync } from 'node:fs';
import pg from 'pg';
import { beforeAll, describe, expect, it } from 'vitest';
import { FIGURE_NAMES, FIGURES } from '../../core/figures.ts';
import { PostgresReader } from '../../store/reader.ts';
import { ensureRoles, GRAFANA_SETTINGS, grafanaSettings } from '../../store/roles.ts';
import { testDatabase } from '../postgres.ts';
import { fillAll } from './fill-all.ts';
import { loginOf } from './logins.ts';
import { FEATURES } from './make.ts';
import { HOUR_MS, makeObservation, T0 } from './monitor-make.ts';

const database = await testDatabase();
await ensureRoles(database.pool);
const grafana = (await loginOf(database, 'tidewatch_grafana')).pool;
const rows = async (query: string): Promise<Record<string, unknown>[]> => (await grafana.query(query)).rows;
const columns = async (): Promise<{ view: string; column: string; type: string }[]> =>
  (
    await database.pool.query(
      `SELECT c.relname AS view, a.attname AS column, format_type(a.atttypid, NULL) AS type
       FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
       WHERE c.relnamespace = 'grafana'::regnamespace AND c.relkind = 'v' AND a.attnum > 0 ORDER BY 1, a.attnum`,
    )
  ).rows;

beforeAll(() => fillAll(database.pool, database.pool));

const AT = { stream: 'hosts', time: new Date(T0), time_ms: T0 };

describe('what workers wrote', () => {
  it('is windows, with the id by which the console knows them', async () => {
    const [verdict] = await new PostgresReader(database.pool).verdicts(
      'hosts',
      'web-1',
      { fromMs: T0, toMs: T0 + 1 },
      1,
    );
    expect(await rows('SELECT * FROM grafana.verdicts')).toEqual([
      {
        ...AT,
        entity: 'web-1',
        severity: 1.25,
        score: 0.1 + 0.2,
        p_value: 1 / 3,
        anomalous: true,
        source: 'forest',
        model_id: 'model-1',
        calibration_version: 2,
        probation: false,
        window_start: new Date(T0),
        window_end: new Date(T0 + 10_000),
        window_ms: 10_000,
        schema_version: 1,
        partition: 0,
        id: verdict!.id,
      },
    ]);
  });

  it('is features with their bands, without numbers that cannot be drawn', async () => {
    const found = await rows('SELECT feature, value, low, high FROM grafana.verdict_features');
    expect(found).toEqual([
      { feature: FEATURES[0], value: 1, low: 0, high: 2 },
      { feature: FEATURES[1], value: -0, low: null, high: null },
      { feature: FEATURES[2], value: null, low: 0, high: 1 },
      { feature: FEATURES[3], value: 5e-324, low: 0, high: 1 },
      { feature: FEATURES[4], value: 1e300, low: 0.1, high: 0.3 },
    ]);
  });

  it('is reasons, largest first, the same way', async () => {
    expect(await rows('SELECT * FROM grafana.verdict_attributions')).toEqual([
      { ...AT, entity: 'web-1', anomalous: true, rank: 1, metric: 'cpu', share: 1, value: null, low: null, high: 1.1 },
    ]);
  });

  it('is incidents and what they were about', async () => {
    expect(await rows('SELECT * FROM grafana.incidents')).toMatchObject([
      { ...AT, id: 'incident-1', started: AT.time, resolved: null, open: true, duration_ms: 10_000, top_metric: 'cpu' },
    ]);
    expect(await rows('SELECT * FROM grafana.incident_attributions')).toMatchObject([
      { ...AT, rank: 1, metric: 'cpu', share: 1, value: 14.2, low: 0.3, high: 1.1 },
    ]);
  });

  it('is entities, letters without their payloads, and partitions', async () => {
    expect(await rows('SELECT * FROM grafana.entities')).toMatchObject([
      { entity: 'web-1', last_seen: new Date(T0 + 10_000), severity: 1.25, anomalous: true, split: false },
    ]);
    expect(await rows('SELECT * FROM grafana.dead_letters')).toMatchObject([
      { stream: 'hosts', code: 'value_not_finite', entity: 'web-1', metric: 'cpu', event_time: new Date(T0) },
    ]);
    expect(await rows('SELECT * FROM grafana.lost_ranges')).toMatchObject([{ records: 1, reason: 'retention' }]);
    expect(await rows('SELECT * FROM grafana.partitions')).toMatchObject([{ watermark: AT.time, offset_next: 5 }]);
    expect(await rows("SELECT * FROM grafana.dispositions WHERE disposition = 'applied'")).toMatchObject([
      { points: 5 },
    ]);
    expect(await rows('SELECT * FROM grafana.streams')).toEqual([{ stream: 'hosts' }]);
  });
});

describe('what the monitor wrote', () => {
  it('is figures with their limits', async () => {
    expect(await rows("SELECT * FROM grafana.figures WHERE span = 'grain' ORDER BY figure")).toMatchObject([
      { ...AT, figure: 'alert_rate_ratio', value: 1.5, status: 'ok', limit_low: 0.2, limit_high: 5, low: null },
      { ...AT, figure: 'drift', value: 0.1 + 0.2, status: 'warn', limit_low: null, limit_high: 1 },
      { ...AT, figure: 'ece', value: null, status: 'unknown', limit_low: null, limit_high: null },
    ]);
    expect(await rows('SELECT * FROM grafana.drift')).toMatchObject([
      { ...AT, feature: 'cpu', psi: 0.3, psi_limit: 0.25, missing: null, status: 'drift' },
    ]);
  });

  it('has each limit on the side that is worse', async () => {
    const spans = { ...makeObservation(0).spans, day: {} as Record<string, unknown> };
    for (const name of FIGURE_NAMES) spans.day[name] = { value: 1, status: 'ok', limit: 7, interval: [0.5, 2] };
    const insert = 'INSERT INTO observations VALUES ($1, $2, $3)';
    await database.pool.query(insert, ['sides', T0, JSON.stringify(makeObservation(T0, { spans }))]);
    const found = await rows("SELECT * FROM grafana.figures WHERE stream = 'sides' AND span = 'day'");
    expect(found).toHaveLength(FIGURE_NAMES.length);
    for (const { figure, limit_low, limit_high, low, high } of found) {
      const sides = FIGURES[figure as keyof typeof FIGURES].worse === 'low' ? [7, null] : [null, 7];
      expect([figure, limit_low, limit_high, low, high]).toEqual([figure, ...sides, 0.5, 2]);
    }
  });

  it('is causes, decisions, models and who served', async () => {
    expect(await rows("SELECT * FROM grafana.causes WHERE stream = 'hosts'")).toMatchObject([
      { ...AT, cause: 'none', evidence: '{}', features: null },
    ]);
    expect(await rows("SELECT * FROM grafana.observations WHERE stream = 'hosts'")).toMatchObject([
      { ...AT, cause: 'none', data_quality: 29, champion_alerts: 1, challenger_id: 'next', challenger_share: 0.05 },
    ]);
    expect(await rows('SELECT * FROM grafana.decisions')).toMatchObject([
      { seq: 1, id: 'hosts-1', action: 'hold', trigger: 'unit_change', episode: 1, result: 'held', model_id: null },
    ]);
    expect(await rows('SELECT * FROM grafana.roles')).toMatchObject([
      { champion: 'seen', challenger: null, share: null, mode: 'forest', calibration_version: null },
    ]);
    expect(await rows('SELECT * FROM grafana.models')).toMatchObject([
      {
        id: 'seen',
        role: 'champion',
        size_bytes: 1,
        trained_from: AT.time,
        trained_to: new Date(T0 + HOUR_MS),
        kept: false,
      },
    ]);
    expect(await rows('SELECT * FROM grafana.controllers')).toMatchObject([
      { stream: 'hosts', phase: 'idle', suspended: false, held_by: null, trained: null },
    ]);
    expect(await rows('SELECT * FROM grafana.labels')).toMatchObject([{ ...AT, until: new Date(T0 + 10_000) }]);
    expect(await rows('SELECT * FROM grafana.maintenance')).toMatchObject([{ ...AT, until: new Date(T0 + HOUR_MS) }]);
  });
});

describe('every view', () => {
  it('that has a time has it as Grafana wants it and as the indexes do', async () => {
    const all = await columns();
    for (const { view, type } of all.filter(({ column }) => column === 'time')) {
      expect([view, type]).toEqual([view, 'timestamp with time zone']);
      expect(all).toContainEqual({ view, column: 'time_ms', type: 'bigint' });
    }
    expect(all.filter(({ column }) => column === 'time').length).toBeGreaterThan(15);
  });

  it('is of types that Grafana draws', async () => {
    const types = new Set((await columns()).map(({ type }) => type));
    const drawn = ['bigint', 'boolean', 'double precision', 'integer', 'text', 'timestamp with time zone', 'numeric'];
    expect([...types].filter((type) => !drawn.includes(type))).toEqual([]);
  });

  it('may be read by Grafana, which may write to none', async () => {
    const views = [...new Set((await columns()).map(({ view }) => view))];
    for (const view of views) {
      await grafana.query(`SELECT * FROM grafana.${view}`);
      await expect(grafana.query(`DELETE FROM grafana.${view}`), view).rejects.toThrow();
    }
    for (const view of ['incidents', 'labels', 'maintenance'])
      await expect(grafana.query(`DELETE FROM grafana.${view}`)).rejects.toMatchObject({ code: '42501' });
  });
});

describe('the login of Grafana', () => {
  it('is made by the containers with the settings that administrators are told of', () => {
    const sql = readFileSync('deploy/compose/logins.sql', 'utf8');
    for (const statement of grafanaSettings('grafana')) expect(sql).toContain(`${statement};`);
  });

  it('ends what takes too long, and writes nothing, large objects and temporary tables included', async () => {
    const login = await loginOf(database, 'tidewatch_grafana');
    for (const statement of grafanaSettings(login.name)) await database.pool.query(statement);
    // a pool of ours would bring its own limits
    const pool = new pg.Pool({ connectionString: login.url, max: 1 });
    try {
      for (const [name, value] of Object.entries(GRAFANA_SETTINGS))
        expect((await pool.query(`SHOW ${name}`)).rows, name).toEqual([{ [name]: value }]);
      for (const write of ['SELECT lo_create(0)', 'CREATE TEMPORARY TABLE mine (id int)'])
        await expect(pool.query(write), write).rejects.toMatchObject({
          code: expect.stringMatching(/^(25006|42501)$/),
        });
    } finally {
      await pool.end();
    }
  });
});
