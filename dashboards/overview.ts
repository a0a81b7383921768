import { DISPOSITIONS } from '../core/types.ts';
import { decisions, modelChanges } from './annotations.ts';
import type { DashboardSpec } from './dashboard.ts';
import { above, limitOf, SEVERITY_LIMIT } from './limits.ts';
import { cell, decisionLink, entityLink, runbookLink, toDashboard } from './links.ts';
import type { BuildOptions } from './options.ts';
import { answers } from './overview-answers.ts';
import { anomalousShare } from './overview-queries.ts';
import { beyond, toDo } from './overview-sql.ts';
import { property } from './panel.ts';
import { lines, table } from './panels.ts';
import { maxOf, perSecond, STREAM } from './promql.ts';
import { inTime, ofStreams, view } from './sql.ts';
import { prom, sqlTable } from './target.ts';
import { streamVariable } from './variable.ts';
import { RESULT, STATUS, URGENCY } from './words.ts';

const stream = { stream: STREAM };

/** Five questions answered, then what the answers are made of: on one screen of 1440 × 900, the answers on a phone's. */
export function overview(options: BuildOptions): DashboardSpec {
  const { streams, consoleUrl } = options;
  return {
    name: 'overview',
    description:
      'Is telemetry arriving, is the detector trustworthy, what is anomalous and why, what was done, what now?',
    from: 'now-6h',
    refresh: '30s',
    consolePath: '/',
    variables: [streamVariable(streams, true)],
    annotations: [decisions, modelChanges],
    rows: [
      answers(options),
      [
        table({
          title: 'Open incidents, and why',
          description: `Incidents that are open, the most severe first; a severity above ${SEVERITY_LIMIT} is anomalous. Click an entity for its values against what was expected.`,
          unit: 'none',
          noData: 'No incident is open, or no window was judged yet',
          width: 14,
          height: 5,
          fields: [
            { name: 'Entity', properties: [property.width(170), property.links(entityLink())] },
            { name: 'Stream', properties: [property.width(100)] },
            { name: 'Since', properties: [property.width(150)] },
            { name: 'Severity', properties: [property.width(80), property.decimals(1)] },
          ],
          targets: [
            sqlTable(`
              SELECT entity AS "Entity", summary AS "Why", peak_severity AS "Severity", started AS "Since", stream AS "Stream"
              FROM ${view('incidents')} WHERE ${ofStreams} AND open
              ORDER BY peak_severity DESC NULLS LAST, started LIMIT 50`),
          ],
        }),
        table({
          title: 'To do',
          description:
            'Where a controller waits for somebody, and the newest decision of each trigger in the time shown that called for a person. The runbook says what to check and how to decide.',
          unit: 'none',
          noData: 'Nothing waits: no decision of this time calls for anybody',
          width: 10,
          height: 5,
          fields: [
            { name: 'Runbook', properties: [property.width(140), property.links(runbookLink(consoleUrl))] },
            { name: 'Stream', properties: [property.width(90)] },
            { name: 'Urgency', properties: [property.width(80), property.words(URGENCY), property.coloured] },
          ],
          targets: [sqlTable(toDo())],
        }),
      ],
      [
        table({
          title: 'Newest decisions',
          description:
            'The newest decisions, with what came of each. Held: nothing was done, and why. Click one for its evidence.',
          unit: 'none',
          noData: 'No decision in this time; a longer one may have some',
          width: 14,
          height: 5,
          fields: [
            { name: 'Time', properties: [property.width(150)] },
            { name: 'Decision', properties: [property.width(120), property.links(decisionLink(consoleUrl))] },
            { name: 'Action', properties: [property.width(120)] },
            { name: 'Result', properties: [property.width(80), property.words(RESULT), property.coloured] },
          ],
          targets: [
            sqlTable(`
              SELECT time AS "Time", replace(action, '_', ' ') AS "Action", result AS "Result", reason AS "Reason", id AS "Decision"
              FROM ${view('decisions')} WHERE ${ofStreams} AND ${inTime}
              ORDER BY seq DESC LIMIT 50`),
          ],
        }),
        table({
          title: 'Figures beyond their limits',
          description:
            'Of the newest hour that was observed. Unknown figures are not listed: no data is neither good nor bad. Click a stream for its drift dashboard.',
          unit: 'none',
          noData: 'None, or the monitor observed nothing in this time',
          width: 10,
          height: 5,
          fields: [
            { name: 'Status', properties: [property.width(80), property.words(STATUS), property.coloured] },
            {
              name: 'Stream',
              properties: [property.width(90), property.links(toDashboard('drift', { stream: cell('Stream') }))],
            },
            { name: /^(Value|Limit)$/, properties: [property.width(80), property.decimals(3)] },
          ],
          targets: [sqlTable(beyond())],
        }),
      ],
      [
        lines({
          title: 'Traffic',
          description:
            'Points in a second, by what became of them. Late and dead-lettered ones were not judged: the pipeline dashboard has the reasons. A fall to nothing is for the senders.',
          unit: 'cps',
          noData: 'No point was read in this time, or no worker was scraped',
          width: 8,
          height: 5,
          min: 0,
          stacked: true,
          named: DISPOSITIONS,
          targets: [
            prom(perSecond('tidewatch_ingest_points_total', stream, ['disposition']), { legend: '{{disposition}}' }),
          ],
        }),
        lines({
          title: 'Anomalous windows',
          description:
            'Share of the windows judged that were anomalous, by stream. Normal windows are at the configured alert rate at most, so what is far above is an incident, or a detector that is off.',
          unit: 'percentunit',
          noData: 'No window was judged in this time, or no worker was scraped',
          width: 8,
          height: 5,
          min: 0,
          targets: [prom(anomalousShare(), { legend: '{{stream}}' })],
        }),
        lines({
          title: 'Drift, as a share of its limit',
          description:
            'How far the features have shifted over the newest interval; above the line is drift. One value an hour of event time. Drift and calibration has the features.',
          unit: 'none',
          noData: 'Unknown: no monitor was scraped in this time, or there is no model to compare with yet',
          width: 8,
          height: 5,
          min: 0,
          decimals: 2,
          drawLimits: true,
          limits: above(limitOf('drift'), 'warn'),
          targets: [
            prom(maxOf('tidewatch_figure', { ...stream, figure: 'drift', span: 'interval' }, ['stream']), {
              legend: '{{stream}}',
            }),
          ],
        }),
      ],
    ],
  };
}
