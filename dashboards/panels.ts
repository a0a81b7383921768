import { PanelBuilder as BarGaugeBuilder } from '@grafana/grafana-foundation-sdk/bargauge';
import {
  BarGaugeDisplayMode,
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  LineInterpolation,
  ReduceDataOptionsBuilder,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TableCellHeight,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizOrientation,
  VizTextDisplayOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import { FieldColorBuilder, FieldColorModeId } from '@grafana/grafana-foundation-sdk/dashboard';
import {
  PanelBuilder as HeatmapBuilder,
  HeatmapColorMode,
  HeatmapColorOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/heatmap';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as StateTimelineBuilder } from '@grafana/grafana-foundation-sdk/statetimeline';
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import { COLOURS, SERIES_COLOURS } from './colours.ts';
import { type Field, type Panel, type PanelSpec, panel, property, shadesOf } from './panel.ts';

/** In pixels. Fixed, since Grafana would shrink the words for when there is nothing to one line that nobody can read. */
const VALUE_SIZE = 18;

/** One answer: the newest value. `column`: the text column to show, for a query of rows. */
export function answer(spec: PanelSpec & { column?: string; named?: boolean }): Panel {
  const { column, named = false } = spec;
  return panel('stat', spec, () =>
    new StatBuilder()
      .reduceOptions(
        column === undefined
          ? new ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false).fields('')
          : new ReduceDataOptionsBuilder().calcs([]).values(true).limit(8).fields(`/^${column}$/`),
      )
      .textMode(named ? BigValueTextMode.ValueAndName : BigValueTextMode.Value)
      .text(new VizTextDisplayOptionsBuilder().titleSize(ANSWER_SIZES.title).valueSize(VALUE_SIZE))
      .colorMode(BigValueColorMode.Value)
      .graphMode(BigValueGraphMode.None)
      .orientation(VizOrientation.Auto)
      .wideLayout(true),
  );
}

/** In pixels; an answer of LONGEST_ANSWER characters is then two lines at most, on a phone and in a fifth of 1440. */
export const ANSWER_SIZES = { title: 12, value: 15 } as const;
export const LONGEST_ANSWER = 40;

/**
 * A question answered in words: text of a query's column Answer, or numbers that `words` has. Several values stand beside
 * each other, `named` ones below their names. Size is fixed, where Grafana would shrink a sentence to what fits one line.
 */
export function inWords(spec: PanelSpec & { named?: boolean }): Panel {
  const { named = false, targets } = spec;
  const text = targets.some(({ kind }) => kind === 'sql');
  return panel('stat', spec, () =>
    new StatBuilder()
      .reduceOptions(
        text
          ? new ReduceDataOptionsBuilder().calcs([]).values(true).limit(4).fields('/^Answer$/')
          : new ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false).fields(''),
      )
      .textMode(named ? BigValueTextMode.ValueAndName : BigValueTextMode.Value)
      .text(new VizTextDisplayOptionsBuilder().titleSize(ANSWER_SIZES.title).valueSize(ANSWER_SIZES.value))
      .colorMode(BigValueColorMode.Value)
      .graphMode(BigValueGraphMode.None)
      .orientation(VizOrientation.Vertical)
      .wideLayout(false),
  );
}

interface LineSpec extends PanelSpec {
  /** Series of a closed list: each has a colour of its own, in this order. Others are shades of one colour. */
  named?: readonly string[];
  stacked?: boolean;
  stepped?: boolean;
  /** Limits are drawn as dashed lines. */
  drawLimits?: boolean;
  legend?: boolean;
}

/** Values over time. */
export function lines(spec: LineSpec): Panel {
  const { named = [], stacked = false, stepped = false, drawLimits = false, legend = true } = spec;
  const coloured: Field[] = named.map((name, i) => ({
    name,
    properties: [property.colour(SERIES_COLOURS[i % SERIES_COLOURS.length]!)],
  }));
  const fields = [...coloured, ...(spec.fields ?? [])];
  return panel('timeseries', { ...spec, fields }, () => new Lines({ stacked, stepped, drawLimits, legend }));
}

class Lines extends TimeseriesBuilder {
  constructor(look: { stacked: boolean; stepped: boolean; drawLimits: boolean; legend: boolean }) {
    super();
    this.lineWidth(1)
      .fillOpacity(look.stacked ? 30 : 0)
      .showPoints(VisibilityMode.Auto)
      .spanNulls(false);
    this.lineInterpolation(look.stepped ? LineInterpolation.StepAfter : LineInterpolation.Linear);
    this.tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending));
    this.legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(look.legend)
        .calcs([]),
    );
    if (look.stacked) this.stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group('A'));
    const style = look.drawLimits ? GraphThresholdsStyleMode.Dashed : GraphThresholdsStyleMode.Off;
    this.thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(style));
  }

  /** Not the colours of limits: a line that is above one is still itself. */
  override colorScheme(_: FieldColorBuilder): this {
    return super.colorScheme(shadesOf(COLOURS.skyBlue));
  }
}

/** Rows. Columns are named as people read them, by the query. */
export function table(spec: PanelSpec): Panel {
  return panel('table', spec, () =>
    new TableBuilder().showHeader(true).cellHeight(TableCellHeight.Sm).filterable(false),
  );
}

/** Which state held when. */
export function timeline(spec: PanelSpec & { named?: boolean }): Panel {
  return panel('state-timeline', spec, () =>
    new StateTimelineBuilder()
      .mergeValues(true)
      .showValue(VisibilityMode.Auto)
      .rowHeight(0.85)
      .legend(
        new VizLegendOptionsBuilder()
          .displayMode(LegendDisplayMode.List)
          .placement(LegendPlacement.Bottom)
          .showLegend(false)
          .calcs([]),
      ),
  );
}

/** Bars of rows: one a row, the first column is its name. */
export function bars(spec: PanelSpec): Panel {
  return panel('bargauge', spec, () =>
    new BarGaugeBuilder()
      .displayMode(BarGaugeDisplayMode.Basic)
      .orientation(VizOrientation.Horizontal)
      .showUnfilled(false)
      .reduceOptions(new ReduceDataOptionsBuilder().calcs([]).values(true).limit(16).fields('')),
  );
}

/** Counts by bucket over time. One hue, from dark to light. */
export function heat(spec: PanelSpec): Panel {
  return panel('heatmap', spec, () =>
    new Heat()
      .calculate(false)
      .color(new HeatmapColorOptionsBuilder().mode(HeatmapColorMode.Scheme).scheme('Cividis').steps(32)),
  );
}

class Heat extends HeatmapBuilder {
  override colorScheme(_: FieldColorBuilder): this {
    return super.colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Fixed).fixedColor(COLOURS.skyBlue));
  }
}
