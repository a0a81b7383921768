import type pg from 'pg';
import { expandSql, type Filling } from '../../dashboards/index.ts';
import { refusedScans } from './plans.ts';

export interface Question {
  name: string;
  sql: string;
}

const IN_TIME = 'time_ms BETWEEN 1000::bigint * $__unixEpochFrom() AND 1000::bigint * $__unixEpochTo()';
const STREAM = 'stream IN ($' + '{stream:sqlstring})';
const ENTITY = `${STREAM} AND entity = $` + '{entity:sqlstring}';

/** What dashboards ask of each view, whatever their panels are at the time: a range, a stream and where it fits an entity. */
export const QUESTIONS: readonly Question[] = [
  {
    name: 'severity of an entity',
    sql: `SELECT time, severity, score, p_value FROM grafana.verdicts WHERE ${ENTITY} AND ${IN_TIME} ORDER BY time`,
  },
  {
    name: 'values of an entity against their bands',
    sql: `SELECT time, feature, value, low, high FROM grafana.verdict_features WHERE ${ENTITY} AND ${IN_TIME} ORDER BY time`,
  },
  {
    name: 'reasons of an entity',
    sql: `SELECT time, metric, share FROM grafana.verdict_attributions WHERE ${ENTITY} AND ${IN_TIME} ORDER BY time`,
  },
  {
    name: 'newest anomalous windows of the fleet',
    sql: `SELECT time, entity, severity, id FROM grafana.verdicts WHERE ${STREAM} AND anomalous AND ${IN_TIME} ORDER BY time_ms DESC LIMIT 100`,
  },
  {
    name: 'anomalous windows of the fleet by hour',
    sql: `SELECT date_trunc('hour', time) AS time, count(*) FROM grafana.verdicts WHERE ${STREAM} AND anomalous AND ${IN_TIME} GROUP BY 1 ORDER BY 1`,
  },
  {
    name: 'metrics that most reasons name',
    sql: `SELECT metric, sum(share) FROM grafana.verdict_attributions WHERE ${STREAM} AND anomalous AND ${IN_TIME} GROUP BY 1 ORDER BY 2 DESC LIMIT 20`,
  },
  {
    name: 'most severe entities now',
    sql: `SELECT entity, severity, last_seen FROM grafana.entities WHERE ${STREAM} ORDER BY severity DESC LIMIT 50`,
  },
  { name: 'names of the entities', sql: `SELECT entity FROM grafana.entities WHERE ${STREAM} ORDER BY entity` },
  {
    name: 'open incidents',
    sql: `SELECT started, entity, peak_severity, top_metric, summary FROM grafana.incidents WHERE ${STREAM} AND open ORDER BY peak_severity DESC LIMIT 100`,
  },
  {
    name: 'incidents of the range',
    sql: `SELECT time, entity, summary FROM grafana.incidents WHERE ${STREAM} AND ${IN_TIME} ORDER BY time_ms DESC LIMIT 500`,
  },
  {
    name: 'incidents of an entity',
    sql: `SELECT time, resolved, summary FROM grafana.incidents WHERE ${ENTITY} AND ${IN_TIME} ORDER BY time_ms DESC`,
  },
  {
    name: 'figures',
    sql: `SELECT time, figure, value, limit_low, limit_high FROM grafana.figures WHERE ${STREAM} AND span = 'day' AND ${IN_TIME} ORDER BY time`,
  },
  {
    name: 'drift by feature',
    sql: `SELECT time, feature, psi, ks FROM grafana.drift WHERE ${STREAM} AND ${IN_TIME} ORDER BY time`,
  },
  {
    name: 'causes',
    sql: `SELECT time, cause, summary FROM grafana.causes WHERE ${STREAM} AND ${IN_TIME} ORDER BY time`,
  },
  {
    name: 'data quality',
    sql: `SELECT time, dimension, points FROM grafana.data_quality WHERE ${STREAM} AND ${IN_TIME} ORDER BY time`,
  },
  {
    name: 'windows judged by hour',
    sql: `SELECT time, windows, champion_alerts FROM grafana.observations WHERE ${STREAM} AND ${IN_TIME} ORDER BY time`,
  },
  {
    name: 'decisions',
    sql: `SELECT * FROM grafana.decisions WHERE ${STREAM} AND ${IN_TIME} ORDER BY seq DESC LIMIT 200`,
  },
  {
    name: 'roles of models',
    sql: `SELECT time, champion, challenger, share FROM grafana.roles WHERE ${STREAM} AND ${IN_TIME} ORDER BY time`,
  },
  { name: 'models', sql: `SELECT * FROM grafana.models WHERE ${STREAM} ORDER BY created DESC` },
  {
    name: 'dead letters by code',
    sql: `SELECT code, count(*) FROM grafana.dead_letters WHERE ${STREAM} AND ${IN_TIME} GROUP BY code ORDER BY 2 DESC`,
  },
  {
    name: 'newest dead letters',
    sql: `SELECT time, code, detail FROM grafana.dead_letters WHERE ${IN_TIME} ORDER BY time_ms DESC LIMIT 100`,
  },
  {
    name: 'labels',
    sql: `SELECT time, entity, label FROM grafana.labels WHERE ${STREAM} AND ${IN_TIME} ORDER BY time`,
  },
  { name: 'partitions', sql: 'SELECT * FROM grafana.partitions ORDER BY stream, partition' },
];

export interface Answer {
  name: string;
  rows: number;
  /** Of the first time, and the fastest of those after it. */
  firstMs: number;
  ms: number;
  /** Tables that grow with the fleet and were read from end to end; empty when all is well. */
  refused: string[];
  /** How the verdicts, incidents and observations were reached. */
  by: string[];
}

/** Asks each question, then `again` so often, and how the database goes about it. */
export async function ask(
  pool: pg.Pool,
  questions: readonly Question[],
  filling: Filling,
  again = 3,
): Promise<Answer[]> {
  const out: Answer[] = [];
  for (const { name, sql } of questions) {
    const text = expandSql(sql, filling);
    const times: number[] = [];
    let rows = 0;
    for (let i = 0; i <= again; i++) {
      const before = performance.now();
      rows = (await pool.query(text)).rows.length;
      times.push(performance.now() - before);
    }
    const { rows: plans } = await pool.query(`EXPLAIN (FORMAT JSON) ${text}`);
    out.push({
      name,
      rows,
      firstMs: times[0]!,
      ms: Math.min(...times.slice(Math.min(again, 1))),
      ...refusedScans(plans[0]),
    });
  }
  return out;
}
