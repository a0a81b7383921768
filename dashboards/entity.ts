import { decisions, incidentsOfEntity, modelChanges } from './annotations.ts';
import { COLOURS } from './colours.ts';
import type { DashboardSpec } from './dashboard.ts';
import { above, SEVERITY_LIMIT } from './limits.ts';
import { cell, toConsole } from './links.ts';
import type { BuildOptions } from './options.ts';
import { type Field, property } from './panel.ts';
import { answer, bars, lines, table } from './panels.ts';
import { inTime, ofEntity, ref, view } from './sql.ts';
import { sqlSeries, sqlTable } from './target.ts';
import { entityVariable, featureVariable, streamVariable } from './variable.ts';
import { SOURCE } from './words.ts';

/**
 * Steps of the time shown, 3000 of them, which is more than a screen has pixels. Of the windows of a step one is drawn, the
 * one that matters most, so that a week of ten-second windows hides no spike.
 */
const STEP = 'time_ms / greatest(1, ($__unixEpochTo()::bigint - $__unixEpochFrom()) * 1000 / 3000)';
const NO_ENTITY = 'No window of this entity in this time: choose another time or entity';
/** Of what is asked whatever the time. */
const NEVER = 'Unknown: not judged yet';

/** Value, and the band in which it was expected, as a shaded area. */
const BAND: Field[] = [
  { name: 'value', properties: [property.colour(COLOURS.skyBlue)] },
  { name: 'expected, low', properties: [property.colour(COLOURS.grey), property.noLine] },
  {
    name: 'expected, high',
    properties: [property.colour(COLOURS.grey), property.noLine, property.fillTo('expected, low'), property.fill(25)],
  },
];

/** One entity: its values against what was expected, its severity, and what it was judged by. */
export function entity({ streams, consoleUrl }: BuildOptions): DashboardSpec {
  const newest = (column: string, title: string) => `
    SELECT ${column} AS "${title}" FROM ${view('entities')} WHERE ${ofEntity}`;
  return {
    name: 'entity',
    description: 'What one entity sent, what was expected of it, how unlike itself it was, and by what.',
    from: 'now-6h',
    refresh: '1m',
    consolePath: `/entities/${ref('stream', 'percentencode')}/${ref('entity', 'percentencode')}`,
    variables: [streamVariable(streams, false), entityVariable, featureVariable],
    annotations: [incidentsOfEntity, decisions, modelChanges],
    rows: [
      [
        answer({
          title: 'How unlike itself?',
          description: `Severity of its newest window, whenever that was; above ${SEVERITY_LIMIT} it is anomalous, whatever the model. What made it so stands beside the severities below.`,
          unit: 'none',
          noData: NEVER,
          width: 4,
          height: 4,
          decimals: 2,
          column: 'Severity',
          limits: above(SEVERITY_LIMIT),
          targets: [sqlTable(newest('severity', 'Severity'))],
        }),
        answer({
          title: 'Judged by',
          description:
            'The forest, or the fallback that needs no model: it serves while there is no model, or when the forest cannot. It judges an entity by its own past alone.',
          unit: 'none',
          noData: NEVER,
          width: 3,
          height: 4,
          column: 'Source',
          words: SOURCE,
          targets: [sqlTable(newest('source', 'Source'))],
        }),
        answer({
          title: 'Last heard of',
          description:
            'End of its newest window, in event time. An entity that stops reporting becomes an incident itself: look at its sender.',
          unit: 'dateTimeFromNow',
          noData: NEVER,
          width: 3,
          height: 4,
          column: 'Last',
          targets: [sqlTable(newest('last_seen_ms', 'Last'))],
        }),
        table({
          title: 'Its incidents',
          description:
            'Incidents of the entity that lasted into the time shown, with what was unlike itself at the peak.',
          unit: 'none',
          noData: 'No incident of this entity in this time',
          width: 14,
          height: 4,
          fields: [
            { name: 'Since', properties: [property.width(150)] },
            { name: 'Until', properties: [property.width(150)] },
            { name: 'Severity', properties: [property.width(80), property.decimals(1)] },
            {
              name: 'Incident',
              properties: [
                property.width(110),
                property.links(toConsole(consoleUrl, `/incidents/${cell('Incident')}`, 'The incident, in the console')),
              ],
            },
          ],
          targets: [
            sqlTable(`
              SELECT started AS "Since", resolved AS "Until", peak_severity AS "Severity", summary AS "Why", id AS "Incident"
              FROM ${view('incidents')}
              WHERE ${ofEntity} AND last_ms >= 1000::bigint * $__unixEpochFrom() AND time_ms <= 1000::bigint * $__unixEpochTo()
              ORDER BY started DESC LIMIT 100`),
          ],
        }),
      ],
      [
        lines({
          title: 'Severity',
          description: `Of each window, or of the most severe one where there are more than can be drawn; above the line (${SEVERITY_LIMIT}) it is anomalous. One spike may pass; what lasts is an incident. Severities of different models can be compared, scores cannot.`,
          unit: 'none',
          noData: NO_ENTITY,
          width: 14,
          height: 7,
          min: 0,
          decimals: 2,
          drawLimits: true,
          legend: false,
          limits: above(SEVERITY_LIMIT),
          targets: [
            sqlSeries(`
              SELECT DISTINCT ON (${STEP}) time, severity FROM ${view('verdicts')} WHERE ${ofEntity} AND ${inTime}
              ORDER BY ${STEP}, severity DESC NULLS LAST`),
          ],
        }),
        bars({
          title: 'What made it anomalous?',
          description:
            'Mean share of each metric in the evidence of the windows in this time: of the anomalous ones where there are any, else of those that came near.',
          unit: 'percentunit',
          noData: 'Nothing: no window of this time came near to being anomalous, or none was judged',
          width: 10,
          height: 7,
          min: 0,
          max: 1,
          targets: [
            sqlTable(`
              WITH reasons AS (
                SELECT time_ms, metric, share, anomalous FROM ${view('verdict_attributions')} WHERE ${ofEntity} AND ${inTime}
              ), chosen AS (
                SELECT * FROM reasons WHERE anomalous OR NOT EXISTS (SELECT 1 FROM reasons r WHERE r.anomalous)
              )
              SELECT metric AS "Metric", sum(share) / (SELECT count(DISTINCT time_ms) FROM chosen) AS "Share"
              FROM chosen GROUP BY metric ORDER BY 2 DESC NULLS LAST LIMIT 12`),
          ],
        }),
      ],
      [
        lines({
          title: `${ref('feature')}: value and expected band`,
          description:
            'The feature of each window, and between what it was expected; where there are more windows than can be drawn, of those that were furthest out. Choose features above: those that were furthest out of their band stand first.',
          unit: 'short',
          noData: 'No values of this feature in this time: choose features above',
          width: 12,
          height: 7,
          fields: BAND,
          repeat: 'feature',
          targets: [
            sqlSeries(`
              SELECT DISTINCT ON (${STEP}) time, low AS "expected, low", high AS "expected, high", value
              FROM ${view('verdict_features')} WHERE ${ofEntity} AND ${inTime} AND feature = ${ref('feature', 'sqlstring')}
              ORDER BY ${STEP}, greatest(value - high, low - value) DESC NULLS LAST`),
          ],
        }),
      ],
      [
        table({
          title: 'Its most severe windows',
          description:
            'The windows to look at first, with score, p-value, and the model and calibration that judged. `tidewatch explain verdict ID` shows a window again from the start.',
          unit: 'none',
          noData: NO_ENTITY,
          width: 24,
          height: 8,
          fields: [
            { name: 'Window', properties: [property.width(160)] },
            {
              name: 'Severity',
              properties: [
                property.width(90),
                property.decimals(2),
                property.limits(above(SEVERITY_LIMIT)),
                property.coloured,
              ],
            },
            { name: 'Score', properties: [property.width(90), property.decimals(3)] },
            { name: 'p-value', properties: [property.width(100), property.unit('sci'), property.decimals(2)] },
            { name: 'Judged by', properties: [property.width(90), property.words(SOURCE)] },
            { name: 'Calibration', properties: [property.width(90)] },
          ],
          targets: [
            sqlTable(`
              SELECT time AS "Window", severity AS "Severity", score AS "Score", p_value AS "p-value", source AS "Judged by",
                model_id AS "Model", calibration_version AS "Calibration", id AS "ID"
              FROM ${view('verdicts')} WHERE ${ofEntity} AND ${inTime}
              ORDER BY severity DESC NULLS LAST, time_ms DESC LIMIT 50`),
          ],
        }),
      ],
    ],
  };
}
