import { limitOf, type Steps } from './limits.ts';
import { entityLink, toConsole, toDashboard } from './links.ts';
import type { BuildOptions, DashboardStream } from './options.ts';
import { alarm, behind, behindLimits, silentStreams, trustOf } from './overview-queries.ts';
import { anomalousNow, controllerNow, firstToDo } from './overview-sql.ts';
import { type Panel, property } from './panel.ts';
import { inWords } from './panels.ts';
import { perSecond, STREAM } from './promql.ts';
import { prom, sqlTable } from './target.ts';
import { ALARM_WORDS, TRUST } from './words.ts';

/** Of an answer that has no colour of its own, and of one that is not there. */
const UNKNOWN: Steps = [{ from: null, state: 'unknown' }];
const HEIGHT = 3;

/** The questions of somebody who is called at three in the morning, in the order in which they are asked. */
export function answers({ streams, consoleUrl }: BuildOptions): Panel[] {
  return [
    arriving(streams),
    inWords({
      title: 'Is the detector trustworthy?',
      description:
        'The worst of all streams, with its likely cause: whether figures are fresh, a forest serves, features are as in training, and alerts come at the rate that was configured. The drift dashboard has each stream and the evidence.',
      unit: 'none',
      noData: 'Unknown: the monitor has no figures yet',
      width: 5,
      height: HEIGHT,
      limits: UNKNOWN,
      words: TRUST,
      links: [toDashboard('drift')],
      targets: [prom(trustOf(streams), { instant: true })],
    }),
    inWords({
      title: 'What is anomalous?',
      description:
        'How many incidents are open now, and the most severe of them: the entity and what is unlike itself in it. The table below has the others. Whether it is of use depends on the first two answers.',
      unit: 'string',
      noData: 'Unknown: no window was judged yet',
      width: 5,
      height: HEIGHT,
      limits: UNKNOWN,
      patterns: [
        [/^Nothing/, 'ok'],
        [/ open: /, 'warn'],
      ],
      links: [entityLink(), toConsole(consoleUrl, '/incidents', 'Incidents in the console')],
      targets: [sqlTable(anomalousNow())],
    }),
    inWords({
      title: 'What did the controller do?',
      description:
        'Where a controller stands still until somebody acts: that. Else the newest decision in the time shown, with its result: done, held, dry run or refused. The table below has the reasons.',
      unit: 'string',
      noData: 'Unknown: no monitor has looked yet',
      width: 4,
      height: HEIGHT,
      limits: UNKNOWN,
      patterns: [
        [/^(Done|Nothing)/, 'ok'],
        [/^(Suspended|Refused)/, 'bad'],
        [/^(Waits|On hold|Held)/, 'warn'],
        [/^Dry run/, 'info'],
      ],
      links: [toDashboard('models')],
      targets: [sqlTable(controllerNow())],
    }),
    inWords({
      title: 'What should I do now?',
      description:
        'The most urgent thing that waits for a person, + how many more; the table below has all of them. Beside it, while Prometheus’ alerts say that something stands still: what to look at first, since a monitor that is down decides nothing.',
      unit: 'string',
      noData: 'Unknown: no monitor has looked yet',
      width: 5,
      height: HEIGHT,
      limits: UNKNOWN,
      words: ALARM_WORDS,
      patterns: [
        [/^Nothing/, 'ok'],
        [/^Page/, 'bad'],
        [/^(Ticket|Look at)/, 'warn'],
      ],
      links: [toConsole(consoleUrl, '/runbooks', 'Runbooks'), toConsole(consoleUrl, '/', 'Console')],
      targets: [prom(alarm(), { legend: 'Answer', instant: true }), sqlTable(firstToDo())],
    }),
  ];
}

/** Names of numbers: words that their colours go with. */
const YES = 'yes, points/s';
const NO = 'points/s';
const SILENT = 'silent streams';
const BEHIND = 'behind';
const TOO_FAR = 'far behind';

function arriving(streams: readonly DashboardStream[]): Panel {
  const rate = perSecond('tidewatch_ingest_points_total', { stream: STREAM });
  const limits = behindLimits(streams);
  const farSeconds = limits[1]!.from!;
  return inWords({
    title: 'Is telemetry arriving?',
    description: `Points read in a second, streams that sent and send nothing now, and the time from the end of the newest windows that were judged, of the stream that is furthest behind: more than ${farSeconds} s is too far. A window and its lateness always lie between. No: look at the senders, then at the pipeline.`,
    unit: 'none',
    noData: 'Unknown: no worker reports any points',
    width: 5,
    height: HEIGHT,
    named: true,
    limits: UNKNOWN,
    fields: [
      { name: YES, properties: [property.unit('short'), property.limits([{ from: null, state: 'ok' }])] },
      { name: NO, properties: [property.words({ 0: ['No', 'bad'] })] },
      { name: SILENT, properties: [property.limits([{ from: null, state: 'bad' }])] },
      { name: BEHIND, properties: [property.unit('s'), property.limits(limits.slice(0, 1))] },
      {
        name: TOO_FAR,
        properties: [
          property.unit('s'),
          property.limits([
            { from: null, state: 'warn' },
            { from: limitOf('figures_stale') / 1000, state: 'bad' },
          ]),
        ],
      },
    ],
    links: [toDashboard('pipeline', { stream: '$__all' })],
    targets: [
      prom(`${rate} > 0`, { legend: YES, instant: true }),
      prom(`${rate} == 0`, { legend: NO, instant: true }),
      prom(`${behind()} <= ${farSeconds}`, { legend: BEHIND, instant: true }),
      prom(`${behind()} > ${farSeconds}`, { legend: TOO_FAR, instant: true }),
      prom(silentStreams(), { legend: SILENT, instant: true }),
    ],
  });
}
