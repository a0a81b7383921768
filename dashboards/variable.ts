import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import type { VariableModel } from '@grafana/grafana-foundation-sdk/dashboard';
import {
  CustomVariableBuilder,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  VariableHide,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import type { DashboardStream } from './options.ts';
import { inTime, oneStream, ref, view } from './sql.ts';
import { flat, POSTGRES } from './target.ts';

export interface Variable {
  name: string;
  /** The query that finds its values; null for a list that is known. */
  sql: string | null;
  build(): Builder<VariableModel>;
}

/** Names under which docker-compose's Grafana has its data sources; see provisioning.ts. */
export const DATA_SOURCES = { prometheus: 'Tidewatch Prometheus', postgres: 'Tidewatch PostgreSQL' } as const;

/** In the menu beside the time: chosen once if at all, and on a phone each would take a row of what is seen first. */
const dataSource = (name: 'prometheus' | 'postgres', label: string, type: string): Variable => ({
  name,
  sql: null,
  build: () =>
    new DatasourceVariableBuilder(name)
      .label(label)
      .description(`The ${label} that the panels ask.`)
      .type(type)
      .current({ text: DATA_SOURCES[name], value: `tidewatch-${name}` })
      .multi(false)
      .includeAll(false)
      .hide(VariableHide.InControlsMenu),
});

/** Both data sources, which every dashboard has. */
export const SOURCES: readonly Variable[] = [
  dataSource('prometheus', 'Prometheus', 'prometheus'),
  dataSource('postgres', 'PostgreSQL', 'grafana-postgresql-datasource'),
];

/** Streams of the configuration; `many`: several at once, all of them to begin with. */
export function streamVariable(streams: readonly DashboardStream[], many: boolean): Variable {
  const names = streams.map(({ name }) => name);
  return {
    name: 'stream',
    sql: null,
    build: () => {
      const variable = new CustomVariableBuilder('stream')
        .label('Stream')
        .description('Streams of the configuration that the dashboards were built from.')
        .values(names.join(','))
        .multi(many)
        .includeAll(many);
      const chosen = many ? { text: ['All'], value: ['$__all'] } : { text: names[0]!, value: names[0]! };
      return variable.current({ selected: true, ...chosen });
    },
  };
}

const found = (name: string, label: string, description: string, text: string, many: boolean): Variable => {
  const sql = flat(text);
  return {
    name,
    sql,
    build: () =>
      new QueryVariableBuilder(name)
        .label(label)
        .description(description)
        .datasource(POSTGRES)
        .query(sql)
        .definition(sql)
        .refresh(VariableRefresh.OnTimeRangeChanged)
        .sort(VariableSort.Disabled)
        .multi(many)
        .includeAll(false),
  };
};

/** Entities of the stream, the most unlike themselves first. */
export const entityVariable = found(
  'entity',
  'Entity',
  'Entities of the stream; those that are least like themselves stand first.',
  `SELECT entity FROM ${view('entities')}
   WHERE ${oneStream} AND last_seen_ms >= 1000::bigint * $__unixEpochFrom()
   ORDER BY severity DESC NULLS LAST, entity LIMIT 10000`,
  false,
);

/** Features of the entity, those furthest out of their bands first. */
export const featureVariable = found(
  'feature',
  'Feature',
  'Features of the entity; those that were furthest out of their expected band in the time shown stand first.',
  `SELECT feature FROM ${view('verdict_features')}
   WHERE ${oneStream} AND entity = ${ref('entity', 'sqlstring')} AND ${inTime}
   GROUP BY feature
   ORDER BY max(greatest(value - high, low - value) / nullif(high - low, 0)) DESC NULLS LAST, feature`,
  true,
);
