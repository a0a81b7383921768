import { byTag, closed, type Schema, Types } from './derive.ts';
import { type Complain, complaints, fileOf, PANEL_KINDS, UNITS } from './types.ts';

const TEXT = { type: 'string' };
const PANEL = { $ref: '#/$defs/panel' };
/** Left open by the types, and nothing that we use: whoever begins to says here what it looks like. */
const UNUSED = false;

/** A number by the types; the JSON Schemas of Grafana's repository have it whole. */
const WHOLE = { type: 'integer', minimum: 0 };

/** Kinds of queries by the type of their data source. */
const QUERIES = { prometheus: 'prometheus.Dataquery', 'grafana-postgresql-datasource': 'own.SqlQuery' };

/** What stands where the types leave something open, with the reason where they say something. */
const INSTEAD: Readonly<Record<string, Schema>> = {
  'cog.Dataquery': queryOf(QUERIES),
  'dashboard.Panel': PANEL,
  'dashboard.DataTransformerConfig': UNUSED,
  'dashboard.Snapshot': UNUSED,
  'dashboard.VariableModel.query': TEXT,
  'dashboard.MatcherConfig.options': TEXT,
  'dashboard.Panel.id': WHOLE,
  'dashboard.GridPos.x': WHOLE,
  'dashboard.GridPos.y': WHOLE,
  'dashboard.GridPos.w': WHOLE,
  'dashboard.GridPos.h': WHOLE,
  // Any text by the type; Grafana passes over an override whose matcher it does not know.
  'dashboard.MatcherConfig.id': { enum: ['byName', 'byRegexp'] },
  // Any text by the type. The SDK has the names that Grafana has; the others are what its getValueFormat makes of any text.
  'dashboard.FieldConfig.unit': {
    anyOf: [{ enum: UNITS }, { type: 'string', pattern: '^(prefix|suffix|time|si|count|currency|bool):.' }],
  },
};

/** One of several kinds of queries, as its data source says. */
export function queryOf(kinds: Readonly<Record<string, string>>): Schema {
  const type = { enum: Object.keys(kinds) };
  const isOf = (kind: string) => ({
    properties: { datasource: { required: ['type'], properties: { type: { const: kind } } } },
  });
  return {
    type: 'object',
    required: ['datasource', 'refId'],
    properties: { datasource: { type: 'object', required: ['type', 'uid'], properties: { type } } },
    allOf: Object.entries(kinds).map(([kind, name]) => ({
      if: { not: isOf(kind) },
      else: { $ref: `#/$defs/${name}` },
    })),
  };
}

/**
 * A check of dashboards, in which a panel has the options and the fields of its kind.
 *
 * @param used kinds of panels that may be there: those that Grafana lacks are left out, so that panels of them are refused
 */
export function dashboardSchema(used: ReadonlySet<string>): { complain: Complain; types: Types } {
  const types = new Types(fileOf, INSTEAD);
  const dashboard = types.ref('dashboard.Dashboard');
  for (const name of Object.values(QUERIES)) types.ref(name);
  const kinds = [...PANEL_KINDS].flatMap(([kind, pack]) => (used.has(kind) ? [panelOf(types, kind, pack)] : []));
  const complain = complaints(types, dashboard, { panel: byTag('type', [...kinds, types.ref('dashboard.RowPanel')]) });
  return { complain, types };
}

/** A panel of one kind. Those without options, or without fields of their own, have none. */
function panelOf(types: Types, kind: string, pack: string): Schema {
  const none = closed({ properties: {}, required: [] });
  const options = types.has(`${pack}.Options`) ? types.ref(`${pack}.Options`) : none;
  const hasFields = types.has(`${pack}.FieldConfig`);
  const custom = hasFields ? types.ref(`${pack}.FieldConfig`) : none;
  const own = hasFields ? types.members(`${pack}.FieldConfig`).properties : {};
  return closed(
    types.members('dashboard.Panel', { type: { const: kind }, options, fieldConfig: fieldsOf(types, custom, own) }),
  );
}

/** How fields are shown: all of them, and those that an override names, by one property of all that fields have. */
function fieldsOf(types: Types, custom: Schema, own: Readonly<Record<string, Schema>>): Schema {
  const defaults = types.members('dashboard.FieldConfig', { custom });
  const { custom: _, ...standard } = defaults.properties;
  const ids = { ...standard, ...Object.fromEntries(Object.entries(own).map(([name, s]) => [`custom.${name}`, s])) };
  const property = byTag(
    'id',
    Object.entries(ids).map(([id, value]) =>
      closed({ properties: { id: { const: id }, value }, required: ['id', 'value'] }),
    ),
  );
  const matcher = types.ref('dashboard.MatcherConfig');
  const overrides = {
    type: 'array',
    items: closed({
      properties: { matcher, properties: { type: 'array', items: property } },
      required: ['matcher', 'properties'],
    }),
  };
  return closed({ properties: { defaults: closed(defaults), overrides }, required: ['defaults', 'overrides'] });
}
