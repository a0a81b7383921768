import { type DashboardSpec, placed } from './dashboard.ts';

/** A query of a dashboard, as Grafana would send it once variables and macros are filled in (expand.ts). */
export interface DashboardQuery {
  dashboard: string;
  /** null: of a variable or of annotations. */
  panelId: number | null;
  /** Title of the panel, name of the variable or of the annotations. */
  title: string;
  kind: 'promql' | 'sql';
  expr: string;
  /** One value of now, or rows; else values over time. */
  instant: boolean;
}

/** Every query of a dashboard: those of its panels, of its variables and of its annotations. */
export function queriesOf(spec: DashboardSpec): DashboardQuery[] {
  const dashboard = spec.name;
  const panels = placed(spec).flatMap(({ id, panel }) =>
    panel.spec.targets.map(({ kind, expr, instant }) => ({
      dashboard,
      panelId: id,
      title: panel.spec.title,
      kind,
      expr,
      instant,
    })),
  );
  const beside = [...spec.variables, ...spec.annotations].flatMap(({ name, sql }) =>
    sql === null ? [] : [{ dashboard, panelId: null, title: name, kind: 'sql' as const, expr: sql, instant: true }],
  );
  return [...panels, ...beside];
}
