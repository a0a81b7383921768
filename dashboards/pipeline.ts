import { DISPOSITIONS } from '../core/types.ts';
import { decisions, modelChanges } from './annotations.ts';
import type { DashboardSpec } from './dashboard.ts';
import { none } from './limits.ts';
import type { BuildOptions } from './options.ts';
import { behindLimits } from './overview-queries.ts';
import { answer, lines } from './panels.ts';
import { NO_WORKER, processRows, tableRows } from './pipeline-process.ts';
import { inRange, minOf, perSecond, quantileOf, STREAM, sumOf } from './promql.ts';
import { JOBS } from './rules/index.ts';
import { prom } from './target.ts';
import { streamVariable } from './variable.ts';

const stream = { stream: STREAM };
const UP = `up{job=~"${Object.values(JOBS).join('|')}"}`;
const quantiles = (
  name:
    | 'tidewatch_verdict_latency_seconds'
    | 'tidewatch_event_delay_seconds'
    | 'tidewatch_fold_duration_seconds'
    | 'tidewatch_checkpoint_duration_seconds',
) => [
  // of nothing it is no number; left out, the panel says in words that there was nothing
  prom(`${quantileOf(0.5, name, stream)} >= 0`, { legend: 'median' }),
  prom(`${quantileOf(0.99, name, stream)} >= 0`, { legend: '99th percentile' }),
];
const QUANTILES = ['median', '99th percentile'];

/** The pipeline: whether records come in, are judged in time, and are safe. */
export function pipeline({ streams }: BuildOptions): DashboardSpec {
  const zero = (title: string, description: string, expr: string) =>
    answer({
      title,
      description,
      unit: 'none',
      noData: NO_WORKER,
      width: 3,
      height: 4,
      decimals: 0,
      limits: none,
      // a process that has no such figure does not show it: 0, as long as somebody answers
      targets: [prom(`${expr} or 0 * count(${UP} == 1)`, { instant: true })],
    });
  return {
    name: 'pipeline',
    description: 'Whether records come in, are judged in time and are safe, and which process has what trouble.',
    from: 'now-6h',
    refresh: '30s',
    consolePath: '/pipeline',
    variables: [streamVariable(streams, true)],
    annotations: [decisions, modelChanges],
    rows: [
      [
        answer({
          title: 'Processes that answer',
          description: 'Workers and monitors that Prometheus reaches, of those that it knows of.',
          unit: 'percentunit',
          noData: 'Unknown: Prometheus knows of no process',
          width: 3,
          height: 4,
          decimals: 0,
          limits: [
            { from: null, state: 'bad' },
            { from: 1, state: 'ok' },
          ],
          targets: [prom(`sum(${UP}) / count(${UP})`, { instant: true })],
        }),
        zero(
          'Without its forest',
          'Streams that are served by the fallback.',
          sumOf('tidewatch_fallback_active', stream),
        ),
        zero(
          'Dead letters',
          'Written in the time shown; the table below says why.',
          inRange('tidewatch_dead_letters_total'),
        ),
        zero(
          'Records refused',
          'Of which nothing could be used: often another encoding than the stream has.',
          inRange('tidewatch_ingest_records_total', { outcome: 'refused' }),
        ),
        zero(
          'Records lost',
          'Removed by retention before they were read: the reader was too far behind.',
          inRange('tidewatch_lost_records_total', stream),
        ),
        zero(
          'Forest errors',
          'Windows for which the forest failed; the fallback judged them.',
          inRange('tidewatch_forest_errors_total', stream),
        ),
        zero(
          'Split entities',
          'Entities on more than one partition: their records lack a key. `tidewatch doctor` says what to set.',
          sumOf('tidewatch_split_entities', stream),
        ),
        zero(
          'Divergence',
          'Verdicts that came out otherwise when they were judged again. Anything but 0 is a bug: please report it.',
          inRange('tidewatch_replay_divergence_total', stream),
        ),
      ],
      [
        lines({
          title: 'Records that wait',
          description:
            'Of each topic, all partitions. Rises while more comes in than is folded, or while the database is away.',
          unit: 'short',
          noData: NO_WORKER,
          width: 8,
          height: 7,
          min: 0,
          targets: [prom(sumOf('tidewatch_ingest_lag_records', {}, ['topic']), { legend: '{{topic}}' })],
        }),
        lines({
          title: 'Behind the clock',
          description:
            'Between the clock and the event time up to which windows are judged, of the partition that is furthest behind. A window and its lateness always lie between.',
          unit: 's',
          noData: 'Unknown: no window has closed in this time',
          width: 8,
          height: 7,
          min: 0,
          drawLimits: true,
          limits: behindLimits(streams).slice(0, 2),
          targets: [
            prom(`time() - ${minOf('tidewatch_watermark_timestamp_seconds', stream, ['stream'])}`, {
              legend: '{{stream}}',
            }),
          ],
        }),
        lines({
          title: 'What became of points',
          description:
            'Points in a second; exactly one disposition each. Late: after their windows had closed. Filtered: left out by the configuration.',
          unit: 'cps',
          noData: 'No points were read in this time',
          width: 8,
          height: 7,
          min: 0,
          stacked: true,
          named: DISPOSITIONS,
          targets: [
            prom(perSecond('tidewatch_ingest_points_total', stream, ['disposition']), { legend: '{{disposition}}' }),
          ],
        }),
      ],
      [
        lines({
          title: 'From record to verdict',
          description: 'From the append of the record that closed windows to their verdicts being durable.',
          unit: 's',
          noData: 'No verdicts in this time',
          width: 6,
          height: 7,
          min: 0,
          named: QUANTILES,
          targets: quantiles('tidewatch_verdict_latency_seconds'),
        }),
        lines({
          title: 'From event to verdict',
          description:
            'From the end of a window in event time to its verdict being durable: with the allowed lateness, and what its sender took.',
          unit: 's',
          noData: 'No verdicts in this time',
          width: 6,
          height: 7,
          min: 0,
          named: QUANTILES,
          targets: quantiles('tidewatch_event_delay_seconds'),
        }),
        lines({
          title: 'To fold a batch',
          description: 'To decode, window and score one batch of records.',
          unit: 's',
          noData: NO_WORKER,
          width: 6,
          height: 7,
          min: 0,
          named: QUANTILES,
          targets: quantiles('tidewatch_fold_duration_seconds'),
        }),
        lines({
          title: 'Checkpoints',
          description: 'To save the state of a partition and write it. Slow ones: look at the database.',
          unit: 's',
          noData: NO_WORKER,
          width: 6,
          height: 7,
          min: 0,
          named: QUANTILES,
          targets: quantiles('tidewatch_checkpoint_duration_seconds'),
        }),
      ],
      ...processRows(),
      ...tableRows(),
    ],
  };
}
