import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  type DashboardLink,
  type DataSourceRef,
  type DynamicConfigValue,
  FieldColorBuilder,
  FieldColorModeId,
  type GridPos,
  MappingType,
  type Panel as PanelModel,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type ValueMapping,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { STATE_COLOURS, type State } from './colours.ts';
import { colourOf, plain, type Steps } from './limits.ts';
import { MIXED, type Target } from './target.ts';

/** What a value is shown as, and the state that it stands for. */
export type Words = Readonly<Record<string, readonly [text: string, state: State]>>;

/** What texts of a pattern stand for, as they are. The first one that fits counts. */
export type Patterns = readonly (readonly [pattern: RegExp, state: State])[];

/** What every panel says, whatever it looks like. */
export interface PanelSpec {
  title: string;
  /** The question that it answers and how to read it; shown at its (i). */
  description: string;
  unit: string;
  /** What stands there when there is nothing to show: why that may be, and what to do. */
  noData: string;
  targets: readonly Target[];
  /** Of 24 columns. */
  width: number;
  /** In rows of the grid. */
  height: number;
  decimals?: number;
  min?: number;
  max?: number;
  limits?: Steps;
  words?: Words;
  patterns?: Patterns;
  /** Overrides of fields, by name or by pattern. */
  fields?: readonly Field[];
  /** Opens when a value is clicked. */
  links?: readonly Builder<DashboardLink>[];
  /** Name of a variable: the panel is there once for each of its values. */
  repeat?: string;
}

/** Properties of the fields of a name, or of those that match a pattern. */
export interface Field {
  name: string | RegExp;
  properties: readonly DynamicConfigValue[];
}

export interface Panel {
  spec: PanelSpec;
  type: string;
  build(id: number, position: GridPos): PanelModel;
}

/** What the SDK's builders of panels have in common. */
interface Dressable extends Builder<PanelModel> {
  id(id: number): this;
  title(title: string): this;
  description(description: string): this;
  gridPos(position: GridPos): this;
  unit(unit: string): this;
  decimals(decimals: number): this;
  min(min: number): this;
  max(max: number): this;
  noValue(text: string): this;
  thresholds(thresholds: ThresholdsConfigBuilder): this;
  colorScheme(colour: FieldColorBuilder): this;
  mappings(mappings: ValueMapping[]): this;
  datasource(source: DataSourceRef): this;
  withTarget(target: ReturnType<Target['build']>): this;
  dataLinks(links: Builder<DashboardLink>[]): this;
  overrideByName(name: string, properties: DynamicConfigValue[]): this;
  overrideByRegexp(pattern: string, properties: DynamicConfigValue[]): this;
  repeat(variable: string): this;
  repeatDirection(direction: 'h' | 'v'): this;
  maxPerRow(most: number): this;
}

/** A panel from the SDK's builder of its kind. */
export function panel(type: string, spec: PanelSpec, make: () => Dressable): Panel {
  return {
    type,
    spec,
    build: (id, position) => dress(make(), spec).id(id).gridPos(position).build(),
  };
}

function dress<B extends Dressable>(builder: B, spec: PanelSpec): B {
  builder.title(spec.title).description(spec.description).unit(spec.unit).noValue(spec.noData);
  builder.thresholds(thresholds(spec.limits ?? plain));
  builder.colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds));
  if (spec.decimals !== undefined) builder.decimals(spec.decimals);
  if (spec.min !== undefined) builder.min(spec.min);
  if (spec.max !== undefined) builder.max(spec.max);
  const mappings = mappingsOf(spec);
  if (mappings.length > 0) builder.mappings(mappings);
  if (new Set(spec.targets.map(({ kind }) => kind)).size > 1) builder.datasource(MIXED);
  if (spec.links !== undefined) builder.dataLinks([...spec.links]);
  for (const { name, properties } of spec.fields ?? [])
    if (typeof name === 'string') builder.overrideByName(name, [...properties]);
    else builder.overrideByRegexp(String(name), [...properties]);
  if (spec.repeat !== undefined)
    builder
      .repeat(spec.repeat)
      .repeatDirection('h')
      .maxPerRow(Math.floor(24 / spec.width));
  for (const [i, target] of spec.targets.entries()) builder.withTarget(target.build(String.fromCharCode(65 + i)));
  return builder;
}

const thresholds = (steps: Steps): ThresholdsConfigBuilder =>
  new ThresholdsConfigBuilder()
    .mode(ThresholdsMode.Absolute)
    .steps(steps.map((step) => ({ value: step.from, color: colourOf(step) })));

export const mapping = (words: Words): ValueMapping => ({
  type: MappingType.ValueToText,
  options: Object.fromEntries(
    Object.entries(words).map(([value, [text, state]], index) => [value, { text, color: STATE_COLOURS[state], index }]),
  ),
});

function mappingsOf({ words, patterns = [] }: PanelSpec): ValueMapping[] {
  const texts = words === undefined ? [] : [mapping(words)];
  const matched = patterns.map(
    ([pattern, state], i): ValueMapping => ({
      type: MappingType.RegexToText,
      options: { pattern: String(pattern), result: { color: STATE_COLOURS[state], index: 100 + i } },
    }),
  );
  return [...texts, ...matched];
}

/** Shades of one colour, for series whose number nobody knows. */
export const shadesOf = (colour: string): FieldColorBuilder =>
  new FieldColorBuilder().mode(FieldColorModeId.Shades).fixedColor(colour);

/** Overrides, by what they do. */
export const property = {
  colour: (colour: string): DynamicConfigValue => ({ id: 'color', value: { mode: 'fixed', fixedColor: colour } }),
  unit: (unit: string): DynamicConfigValue => ({ id: 'unit', value: unit }),
  width: (px: number): DynamicConfigValue => ({ id: 'custom.width', value: px }),
  decimals: (n: number): DynamicConfigValue => ({ id: 'decimals', value: n }),
  words: (words: Words): DynamicConfigValue => ({ id: 'mappings', value: [mapping(words)] }),
  limits: (steps: Steps): DynamicConfigValue => ({
    id: 'thresholds',
    value: { mode: 'absolute', steps: steps.map((step) => ({ value: step.from, color: colourOf(step) })) },
  }),
  /** The text of a cell has the colour of its state. */
  coloured: { id: 'custom.cellOptions', value: { type: 'color-text' } } as DynamicConfigValue,
  wrapped: { id: 'custom.cellOptions', value: { type: 'auto', wrapText: true } } as DynamicConfigValue,
  links: (...links: Builder<DashboardLink>[]): DynamicConfigValue => ({
    id: 'links',
    value: links.map((link) => link.build()),
  }),
  noLine: { id: 'custom.lineWidth', value: 0 } as DynamicConfigValue,
  dashed: { id: 'custom.lineStyle', value: { fill: 'dash', dash: [8, 6] } } as DynamicConfigValue,
  fillTo: (field: string): DynamicConfigValue => ({ id: 'custom.fillBelowTo', value: field }),
  fill: (percent: number): DynamicConfigValue => ({ id: 'custom.fillOpacity', value: percent }),
  points: { id: 'custom.drawStyle', value: 'points' } as DynamicConfigValue,
};
