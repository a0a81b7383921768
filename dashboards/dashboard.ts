import {
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  type GridPos,
} from '@grafana/grafana-foundation-sdk/dashboard';
import type { Annotation } from './annotations.ts';
import { barOf, DASHBOARDS, type DashboardName, TAG } from './links.ts';
import type { BuildOptions } from './options.ts';
import type { Panel } from './panel.ts';
import { SOURCES, type Variable } from './variable.ts';

export const COLUMNS = 24;

/** A dashboard before it has ids and places: rows of panels, from left to right and from the top. */
export interface DashboardSpec {
  name: DashboardName;
  /** One sentence: what one comes here for. */
  description: string;
  rows: readonly (readonly Panel[])[];
  variables: readonly Variable[];
  annotations: readonly Annotation[];
  /** Page of the console that shows the same. */
  consolePath: string;
  /** What is shown at first, to now. */
  from: string;
  refresh: string;
}

export interface Placed {
  id: number;
  position: GridPos;
  panel: Panel;
}

/** Ids count from 1 in the order of reading. Throws for a row that is too wide. */
export function placed({ name, rows }: DashboardSpec): Placed[] {
  const out: Placed[] = [];
  let y = 0;
  for (const row of rows) {
    let x = 0;
    for (const panel of row) {
      const { width: w, height: h, title } = panel.spec;
      if (x + w > COLUMNS)
        throw new Error(`dashboard ${name}, panel ${title}: the row is wider than ${COLUMNS} columns`);
      out.push({ id: out.length + 1, position: { x, y, w, h }, panel });
      x += w;
    }
    y += Math.max(...row.map(({ spec }) => spec.height));
  }
  return out;
}

/** As Grafana reads it. */
export function modelOf(spec: DashboardSpec, { consoleUrl }: Pick<BuildOptions, 'consoleUrl'>): Dashboard {
  const { uid, title } = DASHBOARDS[spec.name];
  const builder = new DashboardBuilder(title)
    .uid(uid)
    .description(spec.description)
    .tags([TAG])
    .timezone('browser')
    .readonly()
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from: spec.from, to: 'now' })
    .refresh(spec.refresh)
    .variables([...SOURCES, ...spec.variables].map((variable) => variable.build()))
    .annotations(spec.annotations.map((annotation) => annotation.build()))
    .links(barOf(consoleUrl, spec.consolePath));
  const dashboard = builder.build();
  // not withPanel, which would place them itself
  dashboard.panels = placed(spec).map(({ id, position, panel }) => panel.build(id, position));
  return dashboard;
}
