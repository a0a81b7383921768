import type { FigureName } from '../core/figures.ts';
import type { Span } from '../core/triggers.ts';
import { limitOf, rising, type Steps } from './limits.ts';
import type { DashboardStream } from './options.ts';
import { maxOf, perSecond, STREAM, series } from './promql.ts';
import { ALARMS, NUMBERED_CAUSES, TRUST_NUMBERS } from './words.ts';

const stream = { stream: STREAM };
const LEAST_BEHIND_SECONDS = 60;

/** Twice a window and its lateness is slow; the limit of the trigger for stale figures is bad. Seconds. */
export const behindLimits = (streams: readonly DashboardStream[]): Steps =>
  rising(
    Math.max(LEAST_BEHIND_SECONDS, ...streams.map(({ windowMs, latenessMs }) => (2 * (windowMs + latenessMs)) / 1000)),
    limitOf('figures_stale') / 1000,
  );

/** Seconds between the clock and the event time up to which windows are judged, of the stream that is furthest behind. */
export const behind = (): string =>
  `max(time() - min by (stream) (${series('tidewatch_watermark_timestamp_seconds', stream)}))`;

/** How many streams sent once and send nothing now, while others do; nothing where there are none. */
export function silentStreams(): string {
  const rate = perSecond('tidewatch_ingest_points_total', stream, ['stream']);
  return `count(${rate} == 0) and sum(${rate}) > 0`;
}

/** By stream: the number of the cause that was told, as words.ts has it; 0 where none was, or nothing is known of it. */
function causeNumber(otherwise: string): string {
  const numbered = NUMBERED_CAUSES.map((cause, i) => `${series('tidewatch_cause', { ...stream, cause })} * ${i + 1}`);
  return `(max by (stream) (${numbered.join(' or ')}) or 0 * ${otherwise})`;
}

/**
 * One number for all streams, as words.ts has it: of a stream the worst, since `or` keeps what stands on its left, and of
 * all streams the highest.
 */
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
  const fallback = `(${maxOf('tidewatch_fallback_active', stream, ['stream'])} > 0)`;
  const champion = maxOf('tidewatch_model_info', { ...stream, role: 'champion' }, ['stream']);
  return `max(
  0 * (time() - ${newest} > ${limitOf('figures_stale') / 1000}) + ${TRUST_NUMBERS.stale}
  or 0 * (${fallback} unless on (stream) ${champion}) + ${TRUST_NUMBERS.learning}
  or 0 * ${fallback} + ${TRUST_NUMBERS.withoutForest}
  or (
    0 * (${figure('drift', 'interval')} > ${limitOf('drift')}) + ${TRUST_NUMBERS.drift}
    or 0 * (${interval('low')} > ${limit('high', high)} or ${interval('high')} < ${limit('low', low)}) + ${TRUST_NUMBERS.alerts}
  ) + on (stream) ${causeNumber(newest)}
  or 0 * ${newest}
)`;
}

/** The worst alert that says that something stands still, as words.ts numbers them; nothing while none fires. */
export const alarm = (): string =>
  `max(${ALARMS.map(([name], i) => `ALERTS{alertname="${name}", alertstate="firing"} * ${i + 1}`).join(' or ')})`;

/**
 * By stream; nothing while no window is judged, since the share of none is no number. A counter that has not begun to count
 * is not there, so what is missing is 0 where windows were judged at all.
 */
export function anomalousShare(): string {
  const all = perSecond('tidewatch_windows_total', stream, ['stream']);
  const anomalous = perSecond('tidewatch_windows_total', { ...stream, outcome: 'anomalous' }, ['stream']);
  return `(${anomalous} or 0 * ${all}) / ${all} >= 0`;
}
