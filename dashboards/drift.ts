import { FIGURES, type FigureName } from '../core/figures.ts';
import type { Span } from '../core/triggers.ts';
import { decisions, modelChanges } from './annotations.ts';
import { COLOURS } from './colours.ts';
import type { DashboardSpec } from './dashboard.ts';
import { above, below, limitOf, outside, plain, rising, type Steps, textbookOf } from './limits.ts';
import type { BuildOptions } from './options.ts';
import { type Field, type Panel, type PanelSpec, property } from './panel.ts';
import { answer, heat, lines, table, timeline } from './panels.ts';
import { bucketsOf, STREAM, series } from './promql.ts';
import { inTime, oneStream, view } from './sql.ts';
import { prom, sqlSeries, sqlTable, type Target } from './target.ts';
import { streamVariable } from './variable.ts';
import { CAUSE, STATUS } from './words.ts';

const stream = { stream: STREAM };
const NO_FIGURES =
  'Unknown: nothing was observed in this time. There is one observation an hour of event time, once there is a model';

/** Features that are drawn; the table beside has all. */
const MOST_FEATURES = 12;

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
const figureOverTime = (figure: FigureName, span: Span, why: string, rest: Rest): Panel =>
  lines({
    description: `${FIGURES[figure].means} Of each ${span}, with the limit that it was held against then. ${why}`,
    noData: NO_FIGURES,
    fields: LIMITS,
    targets: [held(figure, span)],
    ...rest,
  });

const figureNow = (
  figure: FigureName,
  span: Span,
  title: string,
  limits: Steps,
  rest: Partial<PanelSpec> = {},
): Panel =>
  answer({
    title,
    description: `${FIGURES[figure].means} Of the newest ${span}.`,
    unit: 'none',
    noData: `Unknown: ${figure === 'ece' ? 'too few windows have labels' : 'no figures yet'}`,
    width: 4,
    height: 4,
    decimals: 2,
    limits,
    targets: [prom(series('tidewatch_figure', { ...stream, figure, span }), { instant: true })],
    ...rest,
  });

/** Drift and calibration of one stream: whether what comes in, and what is made of it, is as in training. */
export function drift({ streams, consoleUrl: _ }: BuildOptions): DashboardSpec {
  const widest: [number, number] = [
    Math.min(...streams.map(({ alertRatioBand }) => alertRatioBand[0])),
    Math.max(...streams.map(({ alertRatioBand }) => alertRatioBand[1])),
  ];
  return {
    name: 'drift',
    description:
      'Whether telemetry, scores and alerts of a stream are distributed as they were in training, and why not.',
    from: 'now-7d',
    refresh: '5m',
    consolePath: '/#/drift',
    variables: [streamVariable(streams, false)],
    annotations: [decisions, modelChanges],
    rows: [
      [
        answer({
          title: 'Likely cause',
          description:
            'Why figures moved, as of the newest observation. Only drift that no producer, gap, season or storm explains may change a model.',
          unit: 'none',
          noData: NO_FIGURES,
          width: 6,
          height: 4,
          column: 'Cause',
          words: CAUSE,
          targets: [
            sqlTable(
              `SELECT cause AS "Cause" FROM ${view('causes')} WHERE ${oneStream} AND ${inTime} ORDER BY time_ms DESC LIMIT 1`,
            ),
          ],
        }),
        figureNow('drift', 'interval', 'Drift, of its limit', above(limitOf('drift'), 'warn')),
        figureNow('alert_rate_ratio', 'day', 'Alerts, of those expected', outside(widest)),
        figureNow('uniformity', 'day', 'p-values: off uniform', plain),
        figureNow('data_quality', 'interval', 'Data quality, of 30', below(limitOf('data_quality_low'), 'warn'), {
          width: 3,
          decimals: 0,
        }),
        figureNow('ece', 'week', 'Calibration error', plain, { width: 3, decimals: 3 }),
      ],
      [
        timeline({
          title: 'Cause over time',
          description: 'What was told of each hour, with the words that it was told by in the table below.',
          unit: 'none',
          noData: NO_FIGURES,
          width: 24,
          height: 4,
          words: CAUSE,
          targets: [
            sqlTable(
              `SELECT time, cause AS "cause" FROM ${view('causes')} WHERE ${oneStream} AND ${inTime} ORDER BY time_ms`,
            ),
          ],
        }),
      ],
      [
        lines({
          title: 'PSI by feature',
          description: `Population stability index of the ${MOST_FEATURES} features that have shifted most, of each interval. The lines are the textbook limits: ${limitOf('psi_warn')} warns, ${textbookOf('psi_feature')} is drift. What acts is the measured limit of each feature, in the table.`,
          unit: 'none',
          noData: NO_FIGURES,
          width: 12,
          height: 8,
          min: 0,
          decimals: 2,
          drawLimits: true,
          limits: rising(limitOf('psi_warn'), textbookOf('psi_feature')),
          targets: [
            prom(`topk(${MOST_FEATURES}, ${series('tidewatch_drift_psi', stream)})`, { legend: '{{feature}}' }),
          ],
        }),
        lines({
          title: 'KS by feature',
          description: `Kolmogorov-Smirnov distance of the ${MOST_FEATURES} features that have shifted most, from bins.`,
          unit: 'none',
          noData: NO_FIGURES,
          width: 12,
          height: 8,
          min: 0,
          max: 1,
          decimals: 2,
          targets: [prom(`topk(${MOST_FEATURES}, ${series('tidewatch_drift_ks', stream)})`, { legend: '{{feature}}' })],
        }),
      ],
      [
        table({
          title: 'Features, as of the newest observation',
          description:
            'How far each has shifted, with the limit that was set from the training data, and the share of values that is missing now and was then.',
          unit: 'none',
          noData: NO_FIGURES,
          width: 14,
          height: 8,
          fields: [
            { name: 'Status', properties: [property.width(90), property.words(STATUS), property.coloured] },
            { name: /^(PSI|KS)/, properties: [property.width(90), property.decimals(3)] },
            { name: /issing/, properties: [property.width(110), property.unit('percentunit')] },
          ],
          targets: [sqlTable(featuresNow())],
        }),
        table({
          title: 'What the causes were told by',
          description: 'The sentence of each observation for which something had moved, and the features concerned.',
          unit: 'none',
          noData: 'Nothing has moved in this time, or nothing was observed',
          width: 10,
          height: 8,
          fields: [
            { name: 'Time', properties: [property.width(150)] },
            { name: 'Features', properties: [property.width(160)] },
          ],
          targets: [
            sqlTable(`
              SELECT time AS "Time", summary AS "Why", features AS "Features"
              FROM ${view('causes')} WHERE ${oneStream} AND ${inTime} AND cause <> 'none' ORDER BY time_ms DESC LIMIT 100`),
          ],
        }),
      ],
      [
        heat({
          title: 'Severities',
          description:
            'Windows by severity, as they were judged. Severity is the p-value on a scale on which 1 is the configured alert rate whatever the model, so a change of shape here is a change of p-values.',
          unit: 'none',
          noData: 'No windows were judged in this time',
          width: 12,
          height: 8,
          targets: [prom(bucketsOf('tidewatch_severity', stream), { legend: '{{le}}', format: 'heatmap' })],
        }),
        figureOverTime('psi_score', 'interval', 'Scores shift before anything else need show it.', {
          title: 'Scores: PSI against training',
          unit: 'none',
          width: 6,
          height: 8,
          min: 0,
        }),
        figureOverTime('uniformity', 'day', 'Calibrated p-values of normal windows are uniform: 0.', {
          title: 'p-values: distance from uniform',
          unit: 'none',
          width: 6,
          height: 8,
          min: 0,
        }),
      ],
      [
        figureOverTime(
          'alert_rate_ratio',
          'day',
          'Out of the band, interval and all, the scores are calibrated anew.',
          {
            title: 'Alerts, of those expected, and the band',
            unit: 'none',
            width: 8,
            height: 7,
            min: 0,
          },
        ),
        figureOverTime('ece', 'week', 'Only with enough labels: /labels of the console offers windows.', {
          title: 'Calibration error',
          unit: 'none',
          width: 8,
          height: 7,
          min: 0,
          noData: 'Unknown: too few windows have labels. The console offers some to label',
        }),
        lines({
          title: 'Data quality, by dimension',
          description:
            'Points of each dimension of the score, of 30 in all; see docs/reference/quality.md. Nothing trains below the limit.',
          unit: 'none',
          noData: NO_FIGURES,
          width: 8,
          height: 7,
          min: 0,
          stacked: true,
          targets: [
            sqlSeries(
              `SELECT time, dimension, points FROM ${view('data_quality')} WHERE ${oneStream} AND ${inTime} ORDER BY time_ms, dimension`,
            ),
          ],
        }),
      ],
    ],
  };
}

const featuresNow = (): string => `
  SELECT feature AS "Feature", status AS "Status", psi AS "PSI", psi_limit AS "PSI limit", ks AS "KS", ks_limit AS "KS limit",
    missing AS "Missing", missing_in_training AS "Missing in training"
  FROM ${view('drift')}
  WHERE ${oneStream} AND time_ms = (SELECT max(time_ms) FROM ${view('observations')} WHERE ${oneStream} AND ${inTime})
  ORDER BY psi DESC NULLS LAST, feature LIMIT 200`;
