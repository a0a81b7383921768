import { FIGURES, type FigureName } from '../core/figures.ts';
import type { Span } from '../core/triggers.ts';
import { COLOURS } from './colours.ts';
import type { Steps } from './limits.ts';
import { type Field, type Panel, type PanelSpec, property } from './panel.ts';
import { answer, lines } from './panels.ts';
import { STREAM, series } from './promql.ts';
import { inTime, oneStream, view } from './sql.ts';
import { prom, sqlSeries, type Target } from './target.ts';

/** Of what the database is asked. */
export const NO_FIGURES =
  'Unknown: nothing was observed in this time. There is one observation an hour of event time, once there is a model';

/** Limits that figures were held against, as lines; and the confidence interval as an area. */
const LIMITS: Field[] = [
  { name: 'value', properties: [property.colour(COLOURS.skyBlue)] },
  { name: /limit/, properties: [property.colour(COLOURS.vermilion), property.dashed] },
  { name: 'interval, low', properties: [property.colour(COLOURS.grey), property.noLine] },
  {
    name: 'interval, high',
    properties: [property.colour(COLOURS.grey), property.noLine, property.fillTo('interval, low'), property.fill(25)],
  },
];

/** A figure over time with what it was held against then. */
const held = (figure: FigureName, span: Span): Target =>
  sqlSeries(`
    SELECT time, low AS "interval, low", high AS "interval, high", limit_low AS "limit, low", limit_high AS "limit, high", value
    FROM ${view('figures')} WHERE ${oneStream} AND ${inTime} AND figure = '${figure}' AND span = '${span}'
    ORDER BY time_ms`);

type Rest = Pick<PanelSpec, 'title' | 'unit' | 'width' | 'height'> & Partial<PanelSpec>;
/** A figure as it was, with what it was held against. */
export const figureOverTime = (figure: FigureName, span: Span, why: string, rest: Rest): Panel =>
  lines({
    description: `${FIGURES[figure].means} Of each ${span}, with the limit that it was held against then. ${why}`,
    noData: NO_FIGURES,
    fields: LIMITS,
    targets: [held(figure, span)],
    ...rest,
  });

/** The newest value of a figure; `how` it is read, and what follows. */
export const figureNow = (
  figure: FigureName,
  span: Span,
  title: string,
  how: string,
  limits: Steps,
  rest: Partial<PanelSpec> = {},
): Panel =>
  answer({
    title,
    description: `${FIGURES[figure].means} Of the newest ${span}. ${how}`,
    unit: 'none',
    noData: `Unknown: ${figure === 'ece' ? 'too few windows have labels' : 'no figure yet, or not scraped'}`,
    width: 4,
    height: 4,
    decimals: 2,
    limits,
    targets: [prom(series('tidewatch_figure', { stream: STREAM, figure, span }), { instant: true })],
    ...rest,
  });
