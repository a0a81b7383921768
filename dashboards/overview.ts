import { DISPOSITIONS } from '../core/types.ts';
import { decisions, modelChanges } from './annotations.ts';
import type { DashboardSpec } from './dashboard.ts';
import { above, limitOf, MORE_THAN_NONE, SEVERITY_LIMIT } from './limits.ts';
import { cell, decisionLink, entityLink, runbookLink, toConsole, toDashboard } from './links.ts';
import type { BuildOptions } from './options.ts';
import { anomalousShare, behindLimits, beyond, toDo, trustOf } from './overview-queries.ts';
import { property } from './panel.ts';
import { answer, lines, table } from './panels.ts';
import { maxOf, perSecond, STREAM, series, sumOf } from './promql.ts';
import { inTime, ofStreams, view } from './sql.ts';
import { prom, sqlTable } from './target.ts';
import { streamVariable } from './variable.ts';
import { CAUSE, CONTROLLER, RESULT, STATUS, TRUST, URGENCY } from './words.ts';

const stream = { stream: STREAM };

/** Trust, traffic, incidents: everything that one asks first, on one screen of 1440 × 900. */
export function overview({ streams, consoleUrl }: BuildOptions): DashboardSpec {
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
      [
        answer({
          title: 'Is telemetry arriving?',
          description:
            'Points read in a second, of all streams that are chosen. None: look at the senders, then at the pipeline.',
          unit: 'cps',
          noData: 'No: no worker tells of any points. Is one running?',
          width: 4,
          height: 4,
          decimals: 1,
          limits: [
            { from: null, state: 'bad' },
            { from: MORE_THAN_NONE, state: 'ok' },
          ],
          words: { 0: ['No: nothing arrives', 'bad'] },
          trend: true,
          links: [toDashboard('pipeline', { stream: '$__all' })],
          targets: [prom(perSecond('tidewatch_ingest_points_total', stream))],
        }),
        answer({
          title: 'How far behind?',
          description:
            'Between the clock and the event time up to which windows are judged, of the stream that is furthest behind. A window and its lateness always lie between.',
          unit: 's',
          noData: 'Unknown: no window has closed yet',
          width: 3,
          height: 4,
          decimals: 0,
          limits: behindLimits(streams),
          links: [toDashboard('pipeline', { stream: '$__all' })],
          targets: [prom(`max(time() - min by (stream) (${series('tidewatch_watermark_timestamp_seconds', stream)}))`)],
        }),
        answer({
          title: 'Is the detector trustworthy?',
          description:
            'The worst of all streams: whether figures are fresh, the forest serves, features are as in training, and alerts come at the rate that was configured.',
          unit: 'none',
          noData: 'Unknown: the monitor has no figures yet',
          width: 5,
          height: 4,
          words: TRUST,
          links: [toDashboard('drift')],
          targets: [prom(trustOf(streams), { instant: true })],
        }),
        answer({
          title: 'Likely cause',
          description:
            'Why the figures moved, as of the newest hour of each stream; the drift dashboard has the evidence.',
          unit: 'none',
          noData: 'Unknown: nothing was observed in this time',
          width: 5,
          height: 4,
          column: 'Cause',
          words: CAUSE,
          links: [toDashboard('drift')],
          targets: [
            sqlTable(`
              SELECT DISTINCT ON (stream) cause AS "Cause", stream AS "Stream"
              FROM ${view('causes')} WHERE ${ofStreams} AND ${inTime}
              ORDER BY stream, time DESC`),
          ],
        }),
        answer({
          title: 'Open incidents',
          description: 'Entities that are unlike themselves, or have gone silent, now.',
          unit: 'none',
          noData: 'Unknown: no worker tells of incidents',
          width: 3,
          height: 4,
          limits: above(1, 'warn'),
          words: { 0: ['None', 'ok'] },
          links: [toConsole(consoleUrl, '/incidents', 'Incidents in the console')],
          targets: [prom(sumOf('tidewatch_incidents_open', stream), { instant: true })],
        }),
        answer({
          title: 'The controller',
          description: 'What the monitor is about, by stream. Held and waiting for approval need a person.',
          unit: 'none',
          noData: 'Unknown: no monitor decides',
          width: 4,
          height: 4,
          words: CONTROLLER,
          named: true,
          links: [toDashboard('models')],
          targets: [
            prom(maxOf('tidewatch_controller_state', stream, ['stream']), { legend: '{{stream}}', instant: true }),
          ],
        }),
      ],
      [
        table({
          title: 'What is anomalous, and why?',
          description: `Incidents that are open, the most severe first; a severity above ${SEVERITY_LIMIT} is anomalous. Click an entity for its values against what was expected.`,
          unit: 'none',
          noData: 'Nothing: no incident is open',
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
          title: 'What should I do now?',
          description:
            'Where a controller waits for somebody, and the newest decision of each trigger in the time shown that called for a person. The runbook says what to check and how to decide.',
          unit: 'none',
          noData: 'Nothing: no decision of this time waits for anybody',
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
          title: 'What did the controller do?',
          description:
            'The newest decisions, with what came of each. Held: nothing was done, and why. Click one for its evidence.',
          unit: 'none',
          noData: 'Nothing was decided in this time',
          width: 14,
          height: 4,
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
          title: 'Which figures are beyond their limits?',
          description:
            'Of the newest hour that was observed. Unknown figures are not listed: no data is neither good nor bad.',
          unit: 'none',
          noData: 'None, or nothing was observed in this time',
          width: 10,
          height: 4,
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
          description: 'Points in a second, by what became of them. Late and dead-lettered ones were not judged.',
          unit: 'cps',
          noData: 'No points were read in this time',
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
          noData: 'No windows were judged in this time',
          width: 8,
          height: 5,
          min: 0,
          targets: [prom(anomalousShare(), { legend: '{{stream}}' })],
        }),
        lines({
          title: 'Drift, as a share of its limit',
          description:
            'How far the features have shifted over the newest interval; above the line is drift. One value an hour of event time.',
          unit: 'none',
          noData: 'Unknown: no figures of drift in this time',
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
