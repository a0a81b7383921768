import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { build } from '../../dashboards/index.ts';
import { makeOptions } from './make.ts';
import type { Model, PanelModel } from './model.ts';
import { alertingSchema, type FileKind } from './schema/alerting.ts';
import { dashboardSchema } from './schema/dashboard.ts';
import { Types } from './schema/derive.ts';
import type { Json } from './schema/files.ts';
import { planted } from './schema/plant.ts';

const files = build(makeOptions());
const models = [...files].flatMap(([path, text]): [string, Model][] =>
  path.endsWith('.json') ? [[path, JSON.parse(text)]] : [],
);
const panels = models.flatMap(([, { panels }]) => panels);
const dashboards = dashboardSchema(new Set(panels.map(({ type }) => type)));

describe('the dashboards', () => {
  it.each(models)('%s is as the types of Grafana say', (_, model) => {
    expect(dashboards.complain(model)).toEqual([]);
  });

  const [, model] = models[0]!;
  it.each<[place: string, value: unknown, complaint: RegExp]>([
    ['schemaVersion', undefined, /must have required property 'schemaVersion'/],
    ['graphTooltips', 1, /"graphTooltips"/],
    ['graphTooltip', 3, /\/graphTooltip must be equal to one of/],
    ['refresh', 30, /\/refresh must be string/],
    ['time.from', undefined, /\/time must have required property 'from'/],
    ['links.0.type', 'dashboard', /\/links\/0\/type must be equal to one of/],
    ['links.0.keepTimes', true, /"keepTimes"/],
    ['templating.list.0.type', 'data', /\/templating\/list\/0\/type must be equal to one of/],
    ['templating.list.0.hidden', 1, /"hidden"/],
    ['templating.list.0.current.text', 1, /\/current\/text must be string/],
    ['annotations.list.0.iconColour', 'red', /"iconColour"/],
    ['annotations.list.0.iconColor', undefined, /required property 'iconColor'/],
    ['annotations.list.0.target.rawSql', undefined, /\/target must have required property 'rawSql'/],
    ['snapshot', {}, /\/snapshot boolean schema is false/],
  ])('are refused with %s = %j', (place, value, complaint) => {
    expect(dashboards.complain(planted(model, place, value)).join('\n')).toMatch(complaint);
  });

  const withOverride = (name: string) => (panel: PanelModel) =>
    panel.fieldConfig.overrides[0]?.properties[0]?.id === name;
  const ofKind = (kind: string) => (panel: PanelModel) => panel.type === kind;
  const inSql = ({ targets: [target] }: PanelModel) => target?.rawSql !== undefined;
  const inPromql = ({ targets: [target] }: PanelModel) => target?.expr !== undefined;
  const inWords = ({ fieldConfig }: PanelModel) => 'mappings' in fieldConfig.defaults;

  it.each<[place: string, value: unknown, complaint: RegExp, which: (panel: PanelModel) => boolean]>([
    ['type', 'stats', /value of tag "type" must be in oneOf/, ofKind('stat')],
    ['type', 'table', /"graphMode"/, ofKind('stat')],
    ['titel', 'x', /"titel"/, ofKind('stat')],
    ['id', -1, /\/id must be >= 0/, ofKind('stat')],
    ['gridPos.x', '0', /\/gridPos\/x must be integer/, ofKind('stat')],
    ['gridPos.y', 0.5, /\/gridPos\/y must be integer/, ofKind('stat')],
    ['gridPos.h', undefined, /\/gridPos must have required property 'h'/, ofKind('stat')],
    ['repeatDirection', 'x', /\/repeatDirection must be equal to one of/, ofKind('stat')],
    [
      'transformations',
      [{ id: 'reduce', options: {} }],
      /\/transformations\/0 boolean schema is false/,
      ofKind('stat'),
    ],
    ['options.graphMod', 'area', /"graphMod"/, ofKind('stat')],
    ['options.graphMode', 'ara', /\/graphMode must be equal to one of/, ofKind('stat')],
    ['options.textMode', undefined, /required property 'textMode'/, ofKind('stat')],
    ['options.reduceOptions.calc', [], /"calc"/, ofKind('stat')],
    ['options.reduceOptions.calcs', 'last', /\/calcs must be array/, ofKind('stat')],
    ['options.legend.placement', 'below', /\/placement must be equal to one of/, ofKind('timeseries')],
    ['options.tooltip.sorted', 'asc', /"sorted"/, ofKind('timeseries')],
    ['options.cellHeights', 'sm', /"cellHeights"/, ofKind('table')],
    ['options.rowHeight', '1', /\/rowHeight must be number/, ofKind('state-timeline')],
    ['options.displayMode', 'lines', /\/displayMode must be equal to one of/, ofKind('bargauge')],
    ['options.color.shceme', 'x', /"shceme"/, ofKind('heatmap')],
    ['fieldConfig.default', {}, /"default"/, ofKind('stat')],
    ['fieldConfig.defaults.noVal', 'x', /"noVal"/, ofKind('stat')],
    ['fieldConfig.defaults.unit', 'percents', /\/unit must be equal to one of/, ofKind('stat')],
    ['fieldConfig.defaults.color.mode', 'shade', /\/color\/mode must be equal to one of/, ofKind('stat')],
    ['fieldConfig.defaults.thresholds.steps.0.value', '1', /\/steps\/0\/value must be number/, ofKind('stat')],
    ['fieldConfig.defaults.mappings.0.type', 'values', /value of tag "type" must be in oneOf/, inWords],
    ['fieldConfig.defaults.custom', { lineWidth: 1 }, /"lineWidth"/, ofKind('stat')],
    ['fieldConfig.defaults.custom.lineWidths', 1, /"lineWidths"/, ofKind('timeseries')],
    ['fieldConfig.defaults.custom.stacking', { mode: 'on' }, /\/stacking\/mode must be/, ofKind('timeseries')],
    ['fieldConfig.defaults.custom.showPoints', 'auto', /"showPoints"/, ofKind('state-timeline')],
    ['fieldConfig.defaults.custom.align', 'middle', /\/align must be equal to one of/, ofKind('table')],
    ['fieldConfig.overrides.0.matcher.id', 'byNames', /\/matcher\/id must be/, withOverride('custom.width')],
    ['fieldConfig.overrides.0.properties.0.id', 'custom.widht', /tag "id" must be/, withOverride('custom.width')],
    ['fieldConfig.overrides.0.properties.0.id', 'custom.lineWidth', /tag "id" must be/, withOverride('custom.width')],
    ['fieldConfig.overrides.0.properties.0.value', '9', /\/value must be number/, withOverride('custom.width')],
    ['fieldConfig.overrides.0.properties.0.value.mode', 'fix', /\/value\/mode must be/, withOverride('color')],
    ['targets.0.exp', 'up', /"exp"/, inPromql],
    ['targets.0.expr', undefined, /required property 'expr'/, inPromql],
    ['targets.0.format', 'timeseries', /\/format must be equal to one of/, inPromql],
    ['targets.0.rawSql', 'SELECT 1', /"rawSql"/, inPromql],
    ['targets.0.rawSQL', 'SELECT 1', /"rawSQL"/, inSql],
    ['targets.0.format', 'rows', /\/format must be equal to one of/, inSql],
    ['targets.0.refId', undefined, /required property 'refId'/, inSql],
    ['targets.0.datasource', undefined, /required property 'datasource'/, inSql],
    ['targets.0.datasource.type', 'postgres', /\/datasource\/type must be equal to one of/, inSql],
  ])('are refused with a panel whose %s = %j', (place, value, complaint, which) => {
    const index = model.panels.length;
    const panel = planted(panels.find(which)!, place, value);
    const found = dashboards.complain({ ...model, panels: [...model.panels, panel] });
    expect(found.join('\n')).toMatch(complaint);
    for (const line of found) expect(line).toMatch(`/panels/${index}`);
  });
});

describe('the files of alerting', () => {
  const alerting = alertingSchema();
  const FILES: Record<FileKind, string> = {
    RulesFile: 'rules',
    ContactPointsFile: 'contact-points',
    PoliciesFile: 'policies',
    TemplatesFile: 'templates',
  };
  const parsed = Object.fromEntries(
    Object.entries(FILES).map(([kind, name]) => [
      kind,
      parse(files.get(`grafana/provisioning/alerting/${name}.yaml`)!),
    ]),
  );
  const fileOf = (kind: FileKind): Json => parsed[kind];

  it.each(Object.keys(FILES) as FileKind[])('%s is as the types of Grafana say', (kind) => {
    expect(alerting.complain(kind, fileOf(kind))).toEqual([]);
  });

  it('may have what files call otherwise than the types', () => {
    const file = planted(fileOf('RulesFile'), 'groups.0.rules.0.keepFiringFor', '5m');
    expect(alerting.complain('RulesFile', file)).toEqual([]);
  });

  const RULE = 'groups.0.rules.0';
  it.each<[kind: FileKind, place: string, value: unknown, complaint: RegExp]>([
    ['RulesFile', 'apiVersion', 2, /\/apiVersion must be equal to constant/],
    ['RulesFile', 'groups.0.orgId', 2, /\/orgIds\/0 must be equal to constant/],
    ['RulesFile', 'groups.0.folder', undefined, /required property 'folderUid'/],
    ['RulesFile', 'groups.0.title', 'x', /"title \(of the API\)"/],
    ['RulesFile', 'groups.0.interval', 60, /\/interval must be integer/],
    ['RulesFile', `${RULE}.condition`, undefined, /required property 'condition'/],
    ['RulesFile', `${RULE}.condition`, 'C', /the condition C is no query/],
    ['RulesFile', `${RULE}.uid`, undefined, /required property 'uid'/],
    ['RulesFile', `${RULE}.uid`, 'x'.repeat(41), /\/uid must NOT have more than 40 characters/],
    ['RulesFile', `${RULE}.title`, '', /\/title must NOT have fewer than 1 characters/],
    ['RulesFile', `${RULE}.name`, 'x', /"name"/],
    ['RulesFile', `${RULE}.folderUID`, 'x', /"folderUID \(of the API\)"/],
    ['RulesFile', `${RULE}.keep_firing_for`, '5m', /"keep_firing_for \(of the API\)"/],
    ['RulesFile', `${RULE}.noDataState`, 'Ok', /\/noDataState must be equal to one of/],
    ['RulesFile', `${RULE}.execErrState`, undefined, /required property 'execErrState'/],
    ['RulesFile', `${RULE}.for`, '5 minutes', /\/for must match pattern/],
    ['RulesFile', `${RULE}.isPaused`, 'no', /\/isPaused must be boolean/],
    ['RulesFile', `${RULE}.labels.severity`, 1, /\/labels\/severity must be string/],
    ['RulesFile', `${RULE}.data.0.relativeTimeRange`, { form: 600, to: 0 }, /"form"/],
    ['RulesFile', `${RULE}.data.0.relativeTimeRange.from`, '10m', /\/relativeTimeRange\/from must be integer/],
    ['RulesFile', `${RULE}.data.0.relativeTimeRange.to`, 600, /time range of A ends before it begins/],
    ['RulesFile', `${RULE}.data.0.datasourceUID`, 'x', /"datasourceUID"/],
    ['RulesFile', `${RULE}.data.0.model`, undefined, /required property 'model'/],
    ['RulesFile', `${RULE}.data.0.model.query`, 'up', /"query"/],
    ['RulesFile', `${RULE}.data.0.model.instant`, 'yes', /\/model\/instant must be boolean/],
    ['RulesFile', `${RULE}.data.1.model.type`, 'treshold', /value of tag "type" must be in oneOf/],
    ['RulesFile', `${RULE}.data.1.model.expression`, undefined, /required property 'expression'/],
    ['RulesFile', `${RULE}.data.1.model.reducer`, 'last', /"reducer"/],
    ['RulesFile', `${RULE}.data.1.model.conditions.0.evaluator.type`, 'above', /\/evaluator\/type must be equal/],
    ['RulesFile', `${RULE}.data.1.model.conditions.0.evaluator.params`, 0, /\/params must be array/],
    ['ContactPointsFile', 'contactPoints.0.name', undefined, /required property 'name'/],
    ['ContactPointsFile', 'contactPoints.0.receivers.0.uid', undefined, /required property 'uid'/],
    ['ContactPointsFile', 'contactPoints.0.receivers.0.type', 'alertmanager', /\/type must be equal to one of/],
    ['ContactPointsFile', 'contactPoints.0.receivers.0.settings.uri', 'x', /"uri"/],
    ['ContactPointsFile', 'contactPoints.0.receivers.0.name', 'x', /"name \(of the API\)"/],
    ['PoliciesFile', 'policies.0.recever', 'x', /"recever"/],
    ['PoliciesFile', 'policies.0.group_wait', '0 s', /\/group_wait must match pattern/],
    ['PoliciesFile', 'policies.0.routes.0.object_matchers.0', 'a=b', /\/object_matchers\/0 must be array/],
    ['PoliciesFile', 'policies.0.routes.0.continues', true, /"continues"/],
    ['TemplatesFile', 'templates.0.template', undefined, /required property 'template'/],
    ['TemplatesFile', 'templates.0.text', 'x', /"text"/],
  ])('%s is refused with %s = %j', (kind, place, value, complaint) => {
    expect(alerting.complain(kind, planted(fileOf(kind), place, value)).join('\n')).toMatch(complaint);
  });

  it('has an exception for nothing that is not there', () => {
    expect([...dashboards.types.unused, ...alerting.types.unused]).toEqual([]);
  });
});

describe('schemas from types', () => {
  const folder = mkdtempSync(join(tmpdir(), 'types-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const derive = (text: string, instead = {}): unknown => {
    writeFileSync(join(folder, 'own.d.ts'), text);
    const types = new Types((pack) => join(folder, `${pack}.d.ts`), instead);
    types.ref('own.T');
    return types.defs['own.T'];
  };

  it('are as closed as the types', () => {
    expect(
      derive('export interface T { a?: -1 | 2; b: Record<string, string[]>; _implementsDataqueryVariant(): void }'),
    ).toEqual({
      type: 'object',
      properties: {
        a: { enum: [-1, 2] },
        b: { type: 'object', additionalProperties: { type: 'array', items: { type: 'string' } } },
      },
      required: ['b'],
      additionalProperties: false,
    });
  });

  it.each([
    ['what is left open', 'interface T { a: any }', /own\.T\.a open/],
    ['a type that is nowhere', 'interface T { a: Partial<U> } interface U { b: string }', /no type own\.Partial/],
    ['a type that extends another', 'interface T extends U { a: string } interface U { b: string }', /extends/],
    ['an intersection', 'interface U { b: string } type T = U & { a: string }', /IntersectionType/],
    ['an open interface', 'interface T { [key: string]: string }', /IndexSignature/],
    ['an enum whose values are not said', 'enum T { A, B }', /EnumDeclaration/],
  ])('are not made of %s', (_, text, complaint) => {
    expect(() => derive(text)).toThrow(complaint);
  });
});
