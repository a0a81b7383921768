import type pg from 'pg';
import { type DashboardQuery, expandPromql, expandSql, type Filling } from '../../../dashboards/index.ts';
import type { TestPrometheus } from '../../prometheus.ts';

/** What a panel, a variable or annotations show: the rows of all their queries, as text, by dashboard and title. */
export type Shown = ReadonlyMap<string, readonly string[]>;

const nameOf = ({ dashboard, title }: DashboardQuery): string => `${dashboard}: ${title}`;

/** What PostgreSQL answers now. */
export async function askSql(queries: readonly DashboardQuery[], pool: pg.Pool, filling: Filling): Promise<Shown> {
  const out = new Map<string, string[]>();
  for (const query of queries) {
    if (query.kind !== 'sql') continue;
    const { rows } = await pool.query(expandSql(query.expr, filling));
    add(out, query, rows);
  }
  return out;
}

/** What Prometheus answers of the time that is filled in. */
export async function askPromql(
  queries: readonly DashboardQuery[],
  prometheus: TestPrometheus,
  filling: Filling,
): Promise<Shown> {
  const { fromMs, toMs, stepSeconds } = filling;
  const out = new Map<string, string[]>();
  for (const query of queries) {
    if (query.kind !== 'promql') continue;
    const promql = expandPromql(query.expr, filling);
    const series = query.instant
      ? await prometheus.query(promql, toMs)
      : await prometheus.range(promql, fromMs, toMs, stepSeconds * 1_000);
    add(out, query, series);
  }
  return out;
}

function add(out: Map<string, string[]>, query: DashboardQuery, rows: readonly unknown[]): void {
  const name = nameOf(query);
  out.set(name, [...(out.get(name) ?? []), ...rows.map((row) => JSON.stringify(row))]);
}

/** A panel may ask both. */
export function together(some: Shown, others: Shown): Shown {
  const names = new Set([...some.keys(), ...others.keys()]);
  return new Map([...names].map((name) => [name, [...(some.get(name) ?? []), ...(others.get(name) ?? [])]]));
}

/** Names of what shows nothing. */
export const emptyIn = (shown: Shown): string[] =>
  [...shown].filter(([, rows]) => rows.length === 0).map(([name]) => name);

/** Names of what shows the same in both. */
export const alikeIn = (some: Shown, other: Shown): string[] =>
  [...some].filter(([name, rows]) => rows.join('\n') === other.get(name)!.join('\n')).map(([name]) => name);
