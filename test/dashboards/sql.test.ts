import { beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import { allQueries, expandSql } from '../../dashboards/index.ts';
import { strangersIn, VIEWS } from '../../dashboards/sql.ts';
import { ensureRoles } from '../../store/roles.ts';
import { testDatabase } from '../postgres.ts';
import { fillAll } from '../store/fill-all.ts';
import { loginOf } from '../store/logins.ts';
import { FEATURES } from '../store/make.ts';
import { T0 } from '../store/monitor-make.ts';
import { makeFilling, makeOptions } from './make.ts';

const database = await testDatabase();
await ensureRoles(database.pool);
const grafana = (await loginOf(database, 'tidewatch_grafana')).pool;
const queries = allQueries(makeOptions()).filter(({ kind }) => kind === 'sql');
const HOUR_MS = 3_600_000;

describe('queries of PostgreSQL', () => {
  it.each(queries)('$dashboard, $title: runs as the role of dashboards, with nothing there', async ({ expr }) => {
    const found = await grafana.query(expandSql(expr, makeFilling(T0 + HOUR_MS)));
    expect(found.rows).toEqual([]);
  });

  it.each(queries)('$dashboard, $title: takes names that would end a text', async ({ expr, dashboard }) => {
    const many = /stream IN/.test(expr) && dashboard !== 'entity';
    const stream = many ? ['hosts', "o'neill", '; --'] : "o'neill";
    const names = { stream, entity: "x' OR true; --", feature: "'; DROP VIEW grafana.verdicts; --" };
    expect((await grafana.query(expandSql(expr, makeFilling(T0, names)))).rows).toEqual([]);
  });

  it('name views that exist', async () => {
    const there = await database.pool.query(`SELECT viewname FROM pg_views WHERE schemaname = 'grafana'`);
    expect(there.rows.map(({ viewname }) => viewname)).toEqual(expect.arrayContaining([...VIEWS]));
  });

  it('read nothing but views', () => {
    for (const { expr } of queries) expect(strangersIn(expr)).toEqual([]);
  });
});

describe('with something of everything in the database', () => {
  beforeAll(() => fillAll(database.pool, database.pool));

  /** There is nothing of the kind in the database: all is well, or figures without a limit. */
  const NOTHING = [
    'drift: What the causes were told by',
    'drift: Scores: PSI against training',
    'drift: p-values: distance from uniform',
    'drift: Alerts, of those expected, and the band',
    'drift: Calibration error',
    'models: Challenger',
  ];

  it('answers with rows, but where there is nothing to tell', async () => {
    const empty: string[] = [];
    for (const { dashboard, title, expr } of queries) {
      // letters are by the clock at which they came
      const letters = title.startsWith('Dead letters');
      const toMs = letters ? systemClock.now() + HOUR_MS : T0 + 12 * HOUR_MS;
      const filling = { ...makeFilling(toMs, { feature: FEATURES[0]! }), fromMs: toMs - 36 * HOUR_MS };
      const { rows } = await grafana.query(expandSql(expr, filling));
      if (rows.length === 0) empty.push(`${dashboard}: ${title}`);
    }
    expect(empty).toEqual(NOTHING);
  });
});

describe('of more windows than can be drawn', () => {
  it('the most severe ones are, in the order of time', async () => {
    const { expr } = queries.find(({ dashboard, title }) => dashboard === 'entity' && title === 'Severity')!;
    await database.pool.query('SELECT ensure_verdict_partitions($1, $2)', ['steps', [0]]);
    // a window a second; every hundredth is anomalous
    await database.pool.query(`
      INSERT INTO verdicts (window_start_ms, window_ms, score, p_value, severity, schema_version, calibration_version, probation,
        stream, entity, source, model_id, content_hash, features_id, vals, low, high)
      SELECT 1000 * i, 1000, 0, 0.5, CASE WHEN i % 100 = 50 THEN 2 ELSE 0.1 END, 1, 1, false,
        'steps', 'web-1', 'forest', 'm', '', 'none', '{}', '{}', '{}' FROM generate_series(0, 21599) i`);
    const filling = makeFilling(6 * HOUR_MS, { stream: 'steps' });
    const { rows } = await grafana.query(expandSql(expr, filling));
    expect(rows.length).toBeGreaterThan(2900);
    expect(rows.length).toBeLessThanOrEqual(3001);
    expect(rows.filter(({ severity }) => severity === 2)).toHaveLength(216);
    const times = rows.map(({ time }) => Number(time));
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });
});
