import { decisions, modelChanges } from './annotations.ts';
import { budgetsLeft } from './budgets.ts';
import type { DashboardSpec } from './dashboard.ts';
import { below } from './limits.ts';
import { decisionLink, runbookLink, toConsole } from './links.ts';
import type { BuildOptions } from './options.ts';
import { property } from './panel.ts';
import { answer, bars, lines, table, timeline } from './panels.ts';
import { maxOf, STREAM } from './promql.ts';
import { inTime, oneStream, view } from './sql.ts';
import { prom, sqlSeries, sqlTable } from './target.ts';
import { streamVariable } from './variable.ts';
import { CONTROLLER, RESULT, URGENCY } from './words.ts';

const stream = { stream: STREAM };
const NO_MODEL = 'No model has served yet: the fallback judges until there is enough history to train one';

/** A model's id as people compare it: its beginning is enough. */
const short = (column: string): string => `left(${column}, 12)`;

/** What is in force at the beginning of the time shown, and every change since, so that a timeline has no gap. */
const servingOverTime = (columns: string, tail = ''): string => `
  WITH before AS (
    SELECT max(revision) AS revision FROM ${view('roles')} WHERE ${oneStream} AND time_ms < 1000::bigint * $__unixEpochFrom()
  )
  SELECT greatest(time, $__timeFrom()::timestamptz) AS time, ${columns}
  FROM ${view('roles')}
  WHERE ${oneStream} AND time_ms <= 1000::bigint * $__unixEpochTo()
    AND revision >= coalesce((SELECT revision FROM before), 0)${tail}
  ORDER BY 1, revision`;

/** Models and decisions of one stream: who serves, who comes after, what was decided and what may still be. */
export function models({ streams, consoleUrl }: BuildOptions): DashboardSpec {
  return {
    name: 'models',
    description: 'Which model serves, where it comes from, what was decided about it and why, and what budget is left.',
    from: 'now-7d',
    refresh: '1m',
    consolePath: '/#/models',
    variables: [streamVariable(streams, false)],
    annotations: [decisions, modelChanges],
    rows: [
      [
        answer({
          title: 'The controller',
          description:
            'What the monitor is about. Held, waiting for approval and suspended need a person: the ledger below has why, the console and `tidewatch monitor` the means.',
          unit: 'none',
          noData: 'Unknown: no monitor decides',
          width: 4,
          height: 4,
          words: CONTROLLER,
          targets: [prom(maxOf('tidewatch_controller_state', stream), { instant: true })],
        }),
        answer({
          title: 'Champion',
          description: 'The model that serves: the beginning of its id. While there is none the fallback judges.',
          unit: 'none',
          noData: 'No model has served yet',
          width: 4,
          height: 4,
          column: 'Champion',
          targets: [sqlTable(newestRole('champion', 'Champion'))],
        }),
        answer({
          title: 'Challenger',
          description: 'The model that judges beside the champion, to replace it, or to be put back if it must be.',
          unit: 'none',
          noData: 'None: no model judges beside the champion',
          width: 4,
          height: 4,
          column: 'Challenger',
          targets: [sqlTable(newestRole('challenger', 'Challenger', 'AND challenger IS NOT NULL'))],
        }),
        table({
          title: 'Budget left',
          description:
            'How often the controller may still act, as it counts: in event time, from what it did. At 0 it holds the action and says so in the ledger. The limits are those of the configuration that these dashboards were built from.',
          unit: 'none',
          noData: 'Unknown: the monitor has not looked at this stream yet',
          width: 12,
          height: 4,
          fields: [
            { name: 'Left', properties: [property.width(90), property.limits(below(1, 'warn')), property.coloured] },
          ],
          targets: [sqlTable(budgetsLeft(streams))],
        }),
      ],
      [
        timeline({
          title: 'Roles over time',
          description: 'Champion, challenger and the last good model: the one that would be put back.',
          unit: 'none',
          noData: NO_MODEL,
          width: 16,
          height: 6,
          targets: [
            sqlTable(
              servingOverTime(
                `${short('champion')} AS champion, ${short('challenger')} AS challenger, ${short('last_good')} AS "last good", mode`,
              ),
            ),
          ],
        }),
        lines({
          title: 'Canary',
          description:
            'Share of the entities that the challenger serves. 0: it only judges beside the champion. It rises by itself, or the challenger is withdrawn; `tidewatch monitor reject` ends it at once.',
          unit: 'percentunit',
          noData: 'No challenger in this time',
          width: 8,
          height: 6,
          min: 0,
          max: 1,
          stepped: true,
          legend: false,
          targets: [sqlSeries(servingOverTime('coalesce(share, 0) AS share'))],
        }),
      ],
      [
        timeline({
          title: 'What the controller was about',
          description:
            'Idle, training, evaluating, shadow, canary, watching; held or suspended. A gap: no monitor was scraped then.',
          unit: 'none',
          noData: 'Unknown: no monitor was scraped in this time',
          width: 16,
          height: 4,
          words: CONTROLLER,
          targets: [prom(maxOf('tidewatch_controller_state', stream, ['stream']), { legend: '{{stream}}' })],
        }),
        bars({
          title: 'Decisions, by action and result',
          description: 'How often in the time shown, by what came of it; the ledger below has each with its reason.',
          unit: 'none',
          noData: 'No decision in this time; a longer one may have some',
          width: 8,
          height: 4,
          min: 0,
          decimals: 0,
          targets: [
            sqlTable(`
              SELECT replace(action, '_', ' ') || ': ' || result AS "Decision", count(*)::integer AS "Times"
              FROM ${view('decisions')} WHERE ${oneStream} AND ${inTime}
              GROUP BY action, result ORDER BY count(*) DESC, action, result LIMIT 16`),
          ],
        }),
      ],
      [
        table({
          title: 'Ledger',
          description:
            'Decisions of the stream, the newest first. Held: nothing was done, and why. Click one for its evidence; `tidewatch explain decision ID` decides it again, `tidewatch ledger verify` checks the chain.',
          unit: 'none',
          noData: 'No decision in this time; a longer one may have some',
          width: 24,
          height: 9,
          fields: [
            { name: 'Time', properties: [property.width(150)] },
            { name: 'Decision', properties: [property.width(120), property.links(decisionLink(consoleUrl))] },
            { name: 'Action', properties: [property.width(130)] },
            { name: 'Result', properties: [property.width(80), property.words(RESULT), property.coloured] },
            { name: 'Urgency', properties: [property.width(80), property.words(URGENCY), property.coloured] },
            { name: 'Runbook', properties: [property.width(130), property.links(runbookLink(consoleUrl))] },
            { name: /^(Trigger|Cause|Actor|Model|Hash)$/, properties: [property.width(120)] },
          ],
          targets: [
            sqlTable(`
              SELECT time AS "Time", replace(action, '_', ' ') AS "Action", result AS "Result", trigger AS "Trigger",
                cause AS "Cause", reason AS "Reason", actor AS "Actor", ${short('model_id')} AS "Model", urgency AS "Urgency",
                runbook AS "Runbook", id AS "Decision", ${short('hash')} AS "Hash"
              FROM ${view('decisions')} WHERE ${oneStream} AND ${inTime}
              ORDER BY seq DESC LIMIT 500`),
          ],
        }),
      ],
      [
        table({
          title: 'Lineage',
          description:
            'Every model that is kept, the newest first: what it was trained on, from which parent, at which cost, and how it compared with the champion of its time.',
          unit: 'none',
          noData: NO_MODEL,
          width: 24,
          height: 8,
          fields: [
            {
              name: 'Model',
              properties: [
                property.width(120),
                property.links(toConsole(consoleUrl, '/#/models', 'Models, in the console')),
              ],
            },
            { name: /^(Created|Trained from|Trained to)$/, properties: [property.width(150)] },
            { name: 'Size', properties: [property.width(90), property.unit('bytes')] },
            { name: 'Training took', properties: [property.width(100), property.unit('ms')] },
            { name: /^(Quality|Champion’s)$/, properties: [property.width(90), property.decimals(3)] },
          ],
          targets: [
            sqlTable(`
              SELECT ${short('id')} AS "Model", role AS "Role", created AS "Created", trained_from AS "Trained from",
                trained_to AS "Trained to", trained_rows AS "Windows", trained_entities AS "Entities", ${short('parent')} AS "Parent",
                quality AS "Quality", champion_quality AS "Champion’s", basis AS "Measured on", size_bytes AS "Size",
                training_ms AS "Training took", kept AS "Kept", ${short('sha256')} AS "SHA-256"
              FROM ${view('models')} WHERE ${oneStream} ORDER BY time_ms DESC LIMIT 100`),
          ],
        }),
      ],
    ],
  };
}

const newestRole = (column: 'champion' | 'challenger', title: string, also = ''): string => `
  SELECT ${short(column)} AS "${title}" FROM (
    SELECT champion, challenger FROM ${view('roles')} WHERE ${oneStream} ORDER BY revision DESC LIMIT 1
  ) newest WHERE true ${also}`;
