import type { FigureName } from '../core/figures.ts';
import type { Span } from '../core/triggers.ts';
import { limitOf, rising, type Steps } from './limits.ts';
import type { DashboardStream } from './options.ts';
import { maxOf, perSecond, STREAM } from './promql.ts';
import { inTime, ofStreams, view } from './sql.ts';

const stream = { stream: STREAM };
const LEAST_BEHIND_SECONDS = 60;

/** Twice a window and its lateness is slow; the limit of the trigger for stale figures is bad. Seconds. */
export const behindLimits = (streams: readonly DashboardStream[]): Steps =>
  rising(
    Math.max(LEAST_BEHIND_SECONDS, ...streams.map(({ windowMs, latenessMs }) => (2 * (windowMs + latenessMs)) / 1000)),
    limitOf('figures_stale') / 1000,
  );

/** One number for all streams, as words.ts has it: the worst first, since `or` keeps what stands on its left. */
export function trustOf(streams: readonly DashboardStream[]): string {
  const figure = (name: FigureName, span: Span) =>
    maxOf('tidewatch_figure', { ...stream, figure: name, span }, ['stream']);
  const newest = maxOf('tidewatch_figures_timestamp_seconds', stream, ['stream']);
  const alerts = { ...stream, figure: 'alert_rate_ratio', span: 'day' } as const;
  const value = maxOf('tidewatch_figure', alerts, ['stream']);
  const interval = (bound: 'low' | 'high') =>
    `(${maxOf('tidewatch_figure_interval', { ...alerts, bound }, ['stream'])} or ${value})`;
  const known = (bound: 'low' | 'high') => maxOf('tidewatch_figure_limit', { ...alerts, bound }, ['stream']);
  // where no band was measured, the policy's
  const limit = (bound: 'low' | 'high', n: number) => `(${known(bound)} or 0 * ${value} + ${n})`;
  const low = Math.min(...streams.map(({ alertRatioBand }) => alertRatioBand[0]));
  const high = Math.max(...streams.map(({ alertRatioBand }) => alertRatioBand[1]));
  return `max(
  0 * (time() - ${newest} > ${limitOf('figures_stale') / 1000}) + 4
  or 0 * (${maxOf('tidewatch_fallback_active', stream, ['stream'])} > 0) + 3
  or 0 * (${figure('drift', 'interval')} > ${limitOf('drift')}) + 2
  or 0 * (${interval('low')} > ${limit('high', high)} or ${interval('high')} < ${limit('low', low)}) + 1
  or 0 * ${newest}
)`;
}

/**
 * What waits for a person: where a controller stands still until somebody says something, and the newest decision of each
 * trigger that called for somebody, or that was held back.
 */
export const toDo = (): string => `
  WITH decided AS (
    SELECT DISTINCT ON (stream, coalesce(trigger, action)) runbook, urgency, reason, stream, time
    FROM ${view('decisions')} WHERE ${ofStreams} AND ${inTime} AND action NOT IN ('await_approval', 'suspend', 'resume', 'label')
    ORDER BY stream, coalesce(trigger, action), seq DESC
  ), waiting AS (
    SELECT '' AS runbook, 'page' AS urgency, 'The controller is suspended: nothing is decided until somebody resumes it' AS reason,
      stream, time FROM ${view('controllers')} WHERE ${ofStreams} AND suspended
    UNION ALL
    SELECT '', 'ticket', 'A candidate waits to be approved or rejected: ' || candidate, stream, phase_since
    FROM ${view('controllers')} WHERE ${ofStreams} AND phase = 'approval'
  )
  SELECT runbook AS "Runbook", urgency AS "Urgency", reason AS "Why", stream AS "Stream", time AS "Since"
  FROM (SELECT * FROM waiting UNION ALL SELECT * FROM decided WHERE urgency IN ('page', 'ticket')) AS all_of_it
  ORDER BY CASE urgency WHEN 'page' THEN 0 ELSE 1 END, time DESC LIMIT 20`;

/** Figures of the newest observation of each stream that are not as they should be, with the limit on that side. */
export const beyond = (): string => `
  WITH newest AS (
    SELECT stream AS of_stream, max(time_ms) AS at_ms FROM ${view('observations')} WHERE ${ofStreams} AND ${inTime} GROUP BY stream
  )
  SELECT figure AS "Figure", span AS "Span", status AS "Status", value AS "Value",
    CASE WHEN limit_low IS NOT NULL AND value < limit_low THEN limit_low ELSE limit_high END AS "Limit", stream AS "Stream"
  FROM newest JOIN ${view('figures')} f ON f.stream = of_stream AND f.time_ms = at_ms
  WHERE status IN ('warn', 'drift')
  ORDER BY status, stream, figure, span LIMIT 50`;

/** By stream. A counter that has not begun to count is not there, so what is missing is 0 where windows were judged at all. */
export function anomalousShare(): string {
  const all = perSecond('tidewatch_windows_total', stream, ['stream']);
  const anomalous = perSecond('tidewatch_windows_total', { ...stream, outcome: 'anomalous' }, ['stream']);
  return `(${anomalous} or 0 * ${all}) / ${all}`;
}
