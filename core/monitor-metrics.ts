import { CONTROLLER_STATES } from './controller-state.ts';
import type { MetricInfo } from './metric-info.ts';

const gauge = { type: 'gauge', setBy: 'monitor, up', since: '0.3.0' } as const;
const counter = { type: 'counter', setBy: 'monitor, up', since: '0.3.0' } as const;

/** Metrics of the process that decides; a part of the catalogue in metrics.ts. */
export const MONITOR_METRICS = {
  tidewatch_monitor_active: {
    ...gauge,
    help: '1 while this process decides; 0 while it stands by.',
    unit: 'flag',
    labels: [],
  },
  tidewatch_figures_timestamp_seconds: {
    ...gauge,
    help: 'Event time up to which the figures of a stream go, since the Unix epoch.',
    unit: 'seconds',
    labels: ['stream'],
  },
  tidewatch_figure: {
    ...gauge,
    help: 'A figure of the monitor, in its own unit; no series while it is unknown.',
    unit: 'ratio',
    labels: ['stream', 'figure', 'span'],
  },
  tidewatch_figure_limit: {
    ...gauge,
    help: 'What a known figure is held against: a limit, on the side on which it is worse, or both ends of a band.',
    unit: 'ratio',
    labels: ['stream', 'figure', 'span', 'bound'],
  },
  tidewatch_figure_interval: {
    ...gauge,
    help: 'Confidence interval of a known figure; no series for figures that have none.',
    unit: 'ratio',
    labels: ['stream', 'figure', 'span', 'bound'],
  },
  tidewatch_cause: {
    ...gauge,
    help: 'Why figures moved in the newest interval: 1 for the cause that was told, 0 for the others.',
    unit: 'flag',
    labels: ['stream', 'cause'],
  },
  tidewatch_drift_psi: {
    ...gauge,
    help: 'Population stability index of a feature over the newest interval; of the fifty that have shifted most.',
    unit: 'ratio',
    labels: ['stream', 'feature'],
  },
  tidewatch_drift_ks: {
    ...gauge,
    help: 'Kolmogorov-Smirnov distance of the same features, from bins.',
    unit: 'ratio',
    labels: ['stream', 'feature'],
  },
  tidewatch_drift_status: {
    ...gauge,
    help: 'Status of the same features: 0 ok, 1 warn, 2 drift, 3 unknown.',
    unit: 'count',
    labels: ['stream', 'feature'],
  },
  tidewatch_alert_rate_ratio: {
    ...gauge,
    help: 'Alerts observed against those that the configured alert rate lets expect, over the newest interval.',
    unit: 'ratio',
    labels: ['stream'],
  },
  tidewatch_calibration_ece: {
    ...gauge,
    help: 'Expected calibration error on labelled windows; no series without labels.',
    unit: 'ratio',
    labels: ['stream'],
  },
  tidewatch_pvalue_uniformity: {
    ...gauge,
    help: 'Distance of the p-values of the newest interval from uniform.',
    unit: 'ratio',
    labels: ['stream'],
  },
  tidewatch_controller_state: {
    ...gauge,
    help: `${Object.entries(CONTROLLER_STATES)
      .map(([state, code]) => `${code} ${state}`)
      .join(', ')}.`,
    unit: 'count',
    labels: ['stream'],
  },
  tidewatch_decisions_total: {
    ...counter,
    help: 'Decisions by this process; the ledger has all of them.',
    unit: 'count',
    labels: ['stream', 'action', 'trigger', 'result'],
  },
  tidewatch_webhooks_total: {
    ...counter,
    help: 'Calls of POST /alerts: accepted, refused, or unavailable while another process decides.',
    unit: 'count',
    labels: ['outcome'],
  },
  tidewatch_watchdog_timestamp_seconds: {
    ...gauge,
    help: 'When the alert that always fires last arrived at POST /alerts, since the Unix epoch; 0 before it has.',
    unit: 'seconds',
    labels: [],
  },
  tidewatch_notifications_total: {
    ...counter,
    help: 'Attempts to deliver a notification: accepted, refused for good, or unavailable and tried again.',
    unit: 'count',
    labels: ['outcome'],
  },
  tidewatch_config_last_reload_successful: {
    ...gauge,
    help: '1 while the newest text of the configuration is in force; 0 while the last good policy stays in its place.',
    unit: 'flag',
    labels: [],
  },
} as const satisfies Record<`tidewatch_${string}`, MetricInfo>;
