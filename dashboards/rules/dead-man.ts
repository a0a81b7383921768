import { TRIGGERS, WATCHDOG } from '../../core/trigger-table.ts';
import type { Trigger } from '../../core/triggers.ts';
import { streamMatcher } from './condition.ts';
import type { CompiledRule } from './rule.ts';

const MINUTE_MS = 60_000;
const SECONDS = 0.001;
/** Without the alert that always fires for so long, none arrives. It comes every five minutes. */
const WATCHDOG_MS = 15 * MINUTE_MS;
/** Jobs of prometheus.yml. */
export const JOBS = { worker: 'tidewatch_worker', monitor: 'tidewatch_monitor' } as const;
const DEAD_MANS = 'tidewatch dead man';

const rule = {
  kind: 'dead_man',
  group: DEAD_MANS,
  streams: [],
  trigger: null,
  measured: false,
  ownLabels: false,
} as const;

/** Of the installation: what must be told when nothing else can be. */
export const INSTALLATION: readonly CompiledRule[] = [
  {
    ...rule,
    name: 'monitor_silent',
    title: 'Nobody decides',
    expr: 'absent(tidewatch_monitor_active == 1)',
    forMs: 5 * MINUTE_MS,
    severity: 'page',
    means: 'No process of the monitor decides: no drift is seen, nothing is rolled back. Verdicts go on.',
    runbook: 'monitor_silent',
    console: '/',
  },
  {
    ...rule,
    name: 'webhook_silent',
    title: 'Alerts do not reach the monitor',
    expr: `time() - max(tidewatch_watchdog_timestamp_seconds) > ${WATCHDOG_MS * SECONDS}\nor\nabsent(tidewatch_watchdog_timestamp_seconds)`,
    forMs: 10 * MINUTE_MS,
    severity: 'ticket',
    means:
      'The alert that always fires has not come to POST /alerts: no other one would. The monitor decides by itself.',
    runbook: 'webhook_silent',
    console: '/#/decisions',
  },
  {
    ...rule,
    name: 'config_not_reloaded',
    title: 'The new configuration is not in force',
    expr: 'max by (instance) (1 - tidewatch_config_last_reload_successful) > 0',
    forMs: 10 * MINUTE_MS,
    severity: 'ticket',
    means: 'The newest text of the configuration has a mistake: the last good policy stays in force.',
    runbook: 'config_not_reloaded',
    console: '/pipeline',
  },
  {
    ...rule,
    name: 'target_down',
    title: 'A process cannot be asked how it is',
    expr: [
      `max by (job, instance) (1 - up{job=~"${JOBS.worker}|${JOBS.monitor}"}) > 0`,
      ...Object.values(JOBS).map((job) => `absent(up{job="${job}"})`),
    ].join('\nor\n'),
    forMs: 5 * MINUTE_MS,
    severity: 'page',
    means: 'A worker or the monitor is gone, or does not answer at /metrics: nothing is known of it.',
    runbook: 'target_down',
    console: '/pipeline',
  },
  {
    ...rule,
    name: WATCHDOG,
    title: 'Always fires',
    expr: 'vector(1)',
    forMs: 0,
    severity: 'none',
    means: 'Nothing is wrong: that it arrives shows that alerts do.',
    runbook: WATCHDOG,
    console: '/',
  },
];

/** The trigger whose limit says how far figures may be behind. Where it is disabled nobody waits for figures. */
const STALE = TRIGGERS.find(({ figure, action }) => figure === 'figures_age' && action === 'page')!;
export const DEAD_MAN_NAMES: ReadonlySet<string> = new Set([
  ...INSTALLATION.map(({ name }) => name),
  'figures_behind',
  'figures_missing',
  'telemetry_silent',
]);

/** Of streams with the same triggers: no data is an alert of its own, by metrics that the monitor has no part in. */
export function ofStreams(
  names: readonly string[],
  triggers: readonly Trigger[],
  about: Pick<CompiledRule, 'group' | 'ownLabels'>,
): CompiledRule[] {
  const streams = streamMatcher(names);
  const newest = `max by (stream) (tidewatch_watermark_timestamp_seconds{${streams}})`;
  const figures = `max by (stream) (tidewatch_figures_timestamp_seconds{${streams}})`;
  const common = { ...rule, ...about, streams: names };
  const rules: CompiledRule[] = [
    {
      ...common,
      name: 'telemetry_silent',
      title: 'No telemetry comes in',
      expr: `(sum by (stream) (rate(tidewatch_ingest_points_total{${streams}}[15m])) == bool 0) > 0`,
      forMs: 15 * MINUTE_MS,
      severity: 'ticket',
      means: 'For half an hour not one point of the stream has come: what is not seen is neither well nor ill.',
      runbook: 'telemetry_silent',
      console: '/pipeline',
    },
  ];
  const stale = triggers.find(({ name, enabled }) => name === STALE.name && enabled);
  if (typeof stale?.limit !== 'number') return rules;
  const ofFigures = { ...common, severity: 'page', runbook: STALE.runbook, console: '/#/drift/{stream}' } as const;
  rules.push(
    {
      ...ofFigures,
      name: 'figures_behind',
      title: 'Figures are behind the events',
      expr: `${newest} - ${figures} > ${stale.limit * SECONDS}`,
      forMs: 5 * MINUTE_MS,
      means: 'Verdicts go on, and the monitor does not see them: no drift would be told.',
    },
    {
      ...ofFigures,
      name: 'figures_missing',
      title: 'There are no figures',
      expr: `${newest}\nunless\n${figures}`,
      forMs: stale.limit,
      means: 'Verdicts go on, and the monitor has shown no figure of the stream.',
    },
  );
  return rules;
}
