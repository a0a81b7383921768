import { decisions, modelChanges } from './annotations.ts';
import type { DashboardSpec } from './dashboard.ts';
import { figureNow, figureOverTime, NO_FIGURES } from './drift-figures.ts';
import { above, below, limitOf, outside, plain, rising, textbookOf } from './limits.ts';
import type { BuildOptions } from './options.ts';
import { property } from './panel.ts';
import { answer, heat, lines, table, timeline } from './panels.ts';
import { bucketsOf, STREAM, series } from './promql.ts';
import { inTime, oneStream, view } from './sql.ts';
import { prom, sqlSeries, sqlTable } from './target.ts';
import { streamVariable } from './variable.ts';
import { CAUSE, STATUS } from './words.ts';

const stream = { stream: STREAM };
/** Of what Prometheus is asked. */
const NO_SERIES = 'Unknown: no monitor was scraped in this time, or there is no model to compare with yet';

/** Features that are drawn; the table beside has all. */
const MOST_FEATURES = 12;

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
            'Why figures moved, as of the newest observation. Only drift that no producer, gap, season or storm explains may change a model: what a producer changed or lost is mended there first.',
          unit: 'none',
          noData: 'Unknown: nothing was observed in this time',
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
        figureNow(
          'drift',
          'interval',
          'Have features drifted?',
          'The cause beside it says whether to mend the data; the table of features says which.',
          above(limitOf('drift'), 'warn'),
        ),
        figureNow(
          'alert_rate_ratio',
          'day',
          'As many alerts as expected?',
          `Below ${widest[0]} or above ${widest[1]}, its interval too, is off. After some hours it is calibrated anew, where the cause is harmless.`,
          outside(widest),
        ),
        figureNow(
          'uniformity',
          'day',
          'Are p-values uniform?',
          '0 is as calibrated; the chart below has the limit.',
          plain,
        ),
        figureNow(
          'data_quality',
          'interval',
          'Data quality, of 30',
          `Below ${limitOf('data_quality_low')} nothing trains; the dimensions below say what to mend.`,
          below(limitOf('data_quality_low'), 'warn'),
          { width: 3, decimals: 0 },
        ),
        figureNow('ece', 'week', 'Calibration error now', 'Smaller is better; labels make it known.', plain, {
          width: 3,
          decimals: 3,
        }),
      ],
      [
        timeline({
          title: 'Cause over time',
          description:
            'What was told of each hour; the table below has the sentence. A cause that comes and goes is a limit that is near, or a producer that restarts.',
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
          noData: NO_SERIES,
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
          description: `Kolmogorov-Smirnov distance of the ${MOST_FEATURES} features that have shifted most, from bins: 0 is as in training, 1 has nothing in common with it. The table has the limit of each.`,
          unit: 'none',
          noData: NO_SERIES,
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
          noData: 'No figure has moved in this time, or nothing was observed',
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
            'Windows by severity, as they were judged. Severity is the p-value on a scale on which 1 is the configured alert rate whatever the model, so a change of shape here is a change of p-values. More above 1 than ever: many incidents, or a detector that is off; the overview says which.',
          unit: 'none',
          noData: 'No window was judged in this time, or no worker was scraped',
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
