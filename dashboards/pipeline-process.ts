import { above } from './limits.ts';
import { type Panel, property } from './panel.ts';
import { lines, table, timeline } from './panels.ts';
import { maxOf, perSecond, STREAM, series, sumOf } from './promql.ts';
import { inTime, ofStreams, view } from './sql.ts';
import { prom, sqlTable } from './target.ts';
import { BREAKER } from './words.ts';

const stream = { stream: STREAM };
export const NO_WORKER = 'Unknown: no worker was scraped in this time';

/** What the processes take, and their trouble with each other and with what they depend on. */
export const processRows = (): Panel[][] => [
  [
    timeline({
      title: 'Breaker of the forest',
      description:
        'The worst of the partitions of each stream. Open: the forest failed too often, and the fallback serves for a while.',
      unit: 'none',
      noData: NO_WORKER,
      width: 8,
      height: 6,
      words: BREAKER,
      targets: [prom(maxOf('tidewatch_breaker_state', stream, ['stream']), { legend: '{{stream}}' })],
    }),
    lines({
      title: 'Memory',
      description: 'Of each process: resident, and used by the heap of V8.',
      unit: 'bytes',
      noData: NO_WORKER,
      width: 8,
      height: 6,
      min: 0,
      targets: [
        prom('process_resident_memory_bytes', { legend: '{{instance}} resident' }),
        prom('nodejs_heap_size_used_bytes', { legend: '{{instance}} heap' }),
      ],
    }),
    lines({
      title: 'Event loop',
      description:
        'By how much timers are late, 99th percentile, by process: what a busy thread makes everything else wait.',
      unit: 's',
      noData: NO_WORKER,
      width: 8,
      height: 6,
      min: 0,
      targets: [prom('nodejs_eventloop_lag_p99_seconds', { legend: '{{instance}}' })],
    }),
  ],
  [
    lines({
      title: 'Saved state',
      description: 'Size of the newest checkpoints of each stream, all partitions. Grows with the number of entities.',
      unit: 'bytes',
      noData: NO_WORKER,
      width: 8,
      height: 6,
      min: 0,
      targets: [prom(sumOf('tidewatch_checkpoint_bytes', stream, ['stream']), { legend: '{{stream}}' })],
    }),
    lines({
      title: 'Entities',
      description: 'That the partitions hold, by stream.',
      unit: 'short',
      noData: NO_WORKER,
      width: 8,
      height: 6,
      min: 0,
      targets: [prom(sumOf('tidewatch_entities', stream, ['stream']), { legend: '{{stream}}' })],
    }),
    lines({
      title: 'Trouble',
      description:
        'In a second: calls repeated because database or broker did not take them, partitions claimed and lost, rebalances, and webhooks and notifications that were refused or must be tried again.',
      unit: 'cps',
      noData: NO_WORKER,
      width: 8,
      height: 6,
      min: 0,
      named: ['database retries', 'claims', 'fenced', 'rebalances', 'webhooks refused', 'notifications not delivered'],
      targets: [
        prom(perSecond('tidewatch_database_retries_total', stream), { legend: 'database retries' }),
        prom(perSecond('tidewatch_claims_total', stream), { legend: 'claims' }),
        prom(perSecond('tidewatch_fenced_total', stream), { legend: 'fenced' }),
        prom(perSecond('tidewatch_kafka_rebalances_total'), { legend: 'rebalances' }),
        prom(perSecond('tidewatch_webhooks_total', { outcome: 'refused' }), { legend: 'webhooks refused' }),
        prom(
          `sum (rate(${series('tidewatch_notifications_total')}[$__rate_interval])) - ${perSecond('tidewatch_notifications_total', { outcome: 'accepted' })}`,
          { legend: 'notifications not delivered' },
        ),
      ],
    }),
  ],
];

/** What was refused and why, and who has which partition. */
export const tableRows = (): Panel[][] => [
  [
    table({
      title: 'Dead letters, by reason',
      description:
        'Of the time shown, with the newest detail of each. docs/reference/errors.md says what to do about a code; `tidewatch deadletters` lists and sends them again.',
      unit: 'none',
      noData: 'None in this time',
      width: 14,
      height: 7,
      fields: [
        { name: 'Letters', properties: [property.width(90), property.limits(above(1, 'warn')), property.coloured] },
        { name: /^(Stream|Code)$/, properties: [property.width(140)] },
        { name: 'Newest', properties: [property.width(150)] },
      ],
      targets: [
        sqlTable(`
              SELECT code AS "Code", count(*) AS "Letters", max(time) AS "Newest", (array_agg(detail ORDER BY time_ms DESC))[1] AS "Detail",
                stream AS "Stream"
              FROM ${view('dead_letters')} WHERE ${ofStreams} AND ${inTime}
              GROUP BY stream, code ORDER BY count(*) DESC LIMIT 50`),
      ],
    }),
    table({
      title: 'Partitions',
      description: 'As of the newest checkpoint of each: who has it, how far it is, and what its state takes.',
      unit: 'none',
      noData: 'No partition was claimed yet: has a worker run?',
      width: 10,
      height: 7,
      fields: [
        { name: 'Behind', properties: [property.width(100), property.unit('ms'), property.decimals(0)] },
        { name: 'State', properties: [property.width(90), property.unit('bytes')] },
      ],
      targets: [
        sqlTable(`
              SELECT stream AS "Stream", partition AS "Partition", owner AS "Owner", lag_ms AS "Behind", checkpointed AS "Checkpoint",
                state_bytes AS "State"
              FROM ${view('partitions')} WHERE ${ofStreams} ORDER BY lag_ms DESC NULLS LAST LIMIT 200`),
      ],
    }),
  ],
];
