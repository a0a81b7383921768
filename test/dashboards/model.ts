import { COLUMNS } from '../../dashboards/dashboard.ts';

/** What Grafana's dashboard JSON has of what is checked. */
export interface Model {
  uid: string;
  title: string;
  tags: string[];
  links: { type: string; url?: string; tags: string[]; keepTime: boolean }[];
  panels: PanelModel[];
  templating: { list: { name: string; hide?: number }[] };
  annotations: { list: { name: string; placement?: string }[] };
}
export interface PanelModel {
  id: number;
  type: string;
  title: string;
  description: string;
  repeat?: string;
  gridPos: { x: number; y: number; w: number; h: number };
  options: Record<string, unknown>;
  targets: { refId: string; expr?: string; rawSql?: string; legendFormat?: string }[];
  fieldConfig: {
    defaults: {
      unit?: string;
      noValue?: string;
      mappings?: { type: string; options: Record<string, { text?: string }> }[];
    };
    overrides: { matcher: { id: string; options: unknown }; properties: { id: string; value: unknown }[] }[];
  };
}

/** Variables that Grafana has itself, and those of links. */
const OWN_VARIABLE = /^(__|timezone$)/;

/** What is wrong with a dashboard that types cannot say (schema/dashboard.ts has what they can), one line each. */
export function complaintsAbout({ panels, templating }: Model): string[] {
  const out: string[] = [];
  const variables = new Set(templating.list.map(({ name }) => name));
  const ids = new Set<number>();
  for (const panel of panels) {
    if (ids.has(panel.id)) out.push(`id ${panel.id} is there twice`);
    ids.add(panel.id);
    for (const complaint of [...aboutPanel(panel), ...aboutFields(panel)]) out.push(`${panel.title}: ${complaint}`);
    for (const [, name] of JSON.stringify(panel).matchAll(/\$\{?(\w+)/g))
      if (!variables.has(name!) && !OWN_VARIABLE.test(name!)) out.push(`${panel.title}: there is no variable ${name}`);
  }
  for (const [i, one] of panels.entries())
    for (const other of panels.slice(i + 1))
      if (overlap(one, other)) out.push(`${one.title} and ${other.title} lie on each other`);
  return out;
}

function aboutPanel({ title, description, gridPos, targets, fieldConfig }: PanelModel): string[] {
  const out: string[] = [];
  const { unit, noValue } = fieldConfig.defaults;
  if (title.trim() === '') out.push('has no title');
  if (!/^[A-Z].{20,}[.]$/s.test(description)) out.push('has no description of a sentence');
  if (!unit) out.push('has no unit');
  if (!noValue) out.push('has no words for when there are no data');
  if (gridPos.x < 0 || gridPos.x + gridPos.w > COLUMNS || gridPos.w < 1 || gridPos.h < 3)
    out.push('is beside the grid');
  if (targets.length === 0) out.push('asks nothing');
  if (new Set(targets.map(({ refId }) => refId)).size < targets.length) out.push('has two queries of one name');
  return out;
}

/** Overrides and links name columns, series or labels; a name that no query has would do nothing, without a word. */
function aboutFields({ targets, fieldConfig }: PanelModel): string[] {
  const named = targets.map(({ rawSql, expr, legendFormat }) => `${rawSql ?? expr} ${legendFormat ?? ''}`).join('\n');
  const isColumn = (name: string) => named.includes(`"${name}"`) || new RegExp(`\\b${name}\\b`).test(named);
  // a legend by label: its values are a closed list, which types check
  const byLabel = targets.some(({ legendFormat }) => legendFormat?.includes('{{'));
  const out: string[] = [];
  for (const { matcher, properties } of fieldConfig.overrides) {
    if (matcher.id === 'byName' && !byLabel && !isColumn(String(matcher.options)))
      out.push(`no column ${String(matcher.options)}`);
    for (const [, name] of JSON.stringify(properties).matchAll(/__data\.fields\[\\"([^"\\]+)/g))
      if (!isColumn(name!)) out.push(`no column ${name}`);
  }
  return out;
}

const overlap = ({ gridPos: a }: PanelModel, { gridPos: b }: PanelModel): boolean =>
  a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
