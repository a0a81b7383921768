import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';
import type { DataSourceRef } from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import { ref } from './sql.ts';

/** Both are variables of every dashboard, so that one can be imported into a Grafana with other data sources. */
export const PROMETHEUS: DataSourceRef = { type: 'prometheus', uid: ref('prometheus') };
export const POSTGRES: DataSourceRef = { type: 'grafana-postgresql-datasource', uid: ref('postgres') };
/** For a panel whose queries ask both. */
export const MIXED: DataSourceRef = { type: 'datasource', uid: '-- Mixed --' };

export interface Target {
  kind: 'promql' | 'sql';
  expr: string;
  /** One value a series, of now; else values over time. */
  instant: boolean;
  build(refId: string): Builder<Dataquery>;
}

interface PromOptions {
  /** Name of a series; {{label}} stands for a label's value. */
  legend?: string;
  instant?: boolean;
  format?: 'time_series' | 'table' | 'heatmap';
}

const PROM_FORMATS = {
  time_series: PromQueryFormat.TimeSeries,
  table: PromQueryFormat.Table,
  heatmap: PromQueryFormat.Heatmap,
};

/** A query of Prometheus. */
export function prom(expr: string, { legend = '', instant = false, format = 'time_series' }: PromOptions = {}): Target {
  return {
    kind: 'promql',
    expr,
    instant,
    build: (refId) => {
      const query = new DataqueryBuilder().datasource(PROMETHEUS).refId(refId).expr(expr).legendFormat(legend);
      return (instant ? query.instant() : query.range()).format(PROM_FORMATS[format]);
    },
  };
}

/** What Grafana's SQL data sources read; the SDK has no type for it. */
class SqlQuery implements Dataquery {
  readonly datasource = POSTGRES;
  readonly editorMode = 'code';
  readonly rawQuery = true;
  readonly refId: string;
  readonly rawSql: string;
  readonly format: 'table' | 'time_series';

  constructor(refId: string, rawSql: string, format: 'table' | 'time_series') {
    this.refId = refId;
    this.rawSql = rawSql;
    this.format = format;
  }

  _implementsDataqueryVariant(): void {
    // by this method the SDK tells queries from other objects
  }
}

const sqlTarget = (expr: string, format: 'table' | 'time_series', instant: boolean): Target => ({
  kind: 'sql',
  expr,
  instant,
  build: (refId) => ({ build: () => new SqlQuery(refId, expr, format) }),
});

/** Rows as they are. */
export const sqlTable = (text: string): Target => sqlTarget(flat(text), 'table', true);
/** Rows with `time`, in its order; text columns are labels, every number is a series. */
export const sqlSeries = (text: string): Target => sqlTarget(flat(text), 'time_series', false);

/** Without the indentation of the source that it stands in. */
export function flat(text: string): string {
  const lines = text.trim().split('\n');
  const depths = lines.slice(1).flatMap((line) => (line.trim() === '' ? [] : [line.search(/\S/)]));
  const depth = Math.min(...depths);
  return lines.map((line, i) => (i === 0 ? line : line.slice(depth)).trimEnd()).join('\n');
}
