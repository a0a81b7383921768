import { formatDuration } from '../../core/config/duration.ts';
import { sha256Hex } from '../../core/hash.ts';
import { WATCHDOG } from '../../core/trigger-table.ts';
import { annotationsOf, labelsOf } from './annotations.ts';
import { grouped } from './grouped.ts';
import { type CompiledRule, EVERY_MS, PROMETHEUS_UID, type RuleOptions } from './rule.ts';
import { yamlFile } from './yaml.ts';

const ALERTING = 'grafana/provisioning/alerting';
/** Grafana takes 40 characters at most. */
const UID_LENGTH = 40;
const ALERTMANAGER = 'tidewatch-alertmanager';
const SECOND = 1000;

/** Provisioning files of Grafana's own alerting, by path: rules, contact point, policy and templates. */
export function grafanaAlerting(
  rules: readonly CompiledRule[],
  options: Pick<RuleOptions, 'consoleUrl' | 'alertmanagerUrl'>,
): Map<string, string> {
  const files = { rules: rulesOf(rules, options), 'contact-points': contactPoints(options), policies, templates };
  return new Map(
    Object.entries(files).map(([name, content]) => [
      `${ALERTING}/${name}.yaml`,
      yamlFile({ apiVersion: 1, ...content }),
    ]),
  );
}

/** A group is a folder too: in a folder every title is there once, and the title becomes the alertname. */
function rulesOf(rules: readonly CompiledRule[], options: Pick<RuleOptions, 'consoleUrl'>) {
  const groups = [...grouped(rules, ({ group }) => group)].map(([name, some]) => ({
    orgId: 1,
    name,
    folder: name,
    interval: formatDuration(EVERY_MS),
    rules: some.map((rule) => ({
      uid: uidOf(rule),
      title: rule.name,
      condition: 'B',
      data: [queryOf(rule), THRESHOLD],
      // An expression has no series where nothing is wrong. That there are no data is told by rules of its own.
      noDataState: 'OK',
      execErrState: 'Error',
      for: rule.forMs === 0 ? '0s' : formatDuration(rule.forMs),
      isPaused: false,
      labels: labelsOf(rule),
      annotations: annotationsOf(rule, options, 'grafana'),
    })),
  }));
  return { groups };
}

/** The same for the same rule of the same streams, so that a new build changes rules rather than replacing them. */
function uidOf({ name, group }: CompiledRule): string {
  const hash = sha256Hex(new TextEncoder().encode(group)).slice(0, 8);
  return `${name.slice(0, UID_LENGTH - 9)}-${hash}`;
}

const queryOf = ({ expr }: CompiledRule) => ({
  refId: 'A',
  datasourceUid: PROMETHEUS_UID,
  relativeTimeRange: { from: (10 * EVERY_MS) / SECOND, to: 0 },
  model: {
    refId: 'A',
    datasource: { type: 'prometheus', uid: PROMETHEUS_UID },
    editorMode: 'code',
    expr,
    instant: true,
    range: false,
    intervalMs: EVERY_MS,
    maxDataPoints: 100,
  },
});

const EXPRESSION = '__expr__';
const THRESHOLD = {
  refId: 'B',
  datasourceUid: EXPRESSION,
  relativeTimeRange: { from: 0, to: 0 },
  model: {
    refId: 'B',
    datasource: { type: EXPRESSION, uid: EXPRESSION },
    type: 'threshold',
    expression: 'A',
    conditions: [{ evaluator: { type: 'gt', params: [0] } }],
  },
} as const;

/**
 * Grafana hands its alerts to Alertmanager, which knows the secret of POST /alerts from a file and tells people: settings
 * of contact points are not expanded, so a secret would stand in this file.
 */
const contactPoints = ({ alertmanagerUrl }: Pick<RuleOptions, 'alertmanagerUrl'>) => ({
  contactPoints: [
    {
      orgId: 1,
      name: ALERTMANAGER,
      receivers: [{ uid: ALERTMANAGER, type: 'prometheus-alertmanager', settings: { url: alertmanagerUrl } }],
    },
  ],
});

const policies = {
  policies: [
    {
      orgId: 1,
      receiver: ALERTMANAGER,
      group_by: ['grafana_folder', 'alertname', 'stream'],
      group_wait: '0s',
      group_interval: '1m',
      repeat_interval: '1h',
      routes: [
        { receiver: ALERTMANAGER, object_matchers: [['alertname', '=', WATCHDOG]], repeat_interval: '1m' },
        // Alertmanager forgets an alert that is not sent again.
        { receiver: ALERTMANAGER, object_matchers: [['severity', '=~', '.+']], repeat_interval: '1m' },
      ],
    },
  ],
};

/** For contact points of your own; nothing in it may begin with a dollar, which provisioning would expand. */
const templates = {
  templates: [
    {
      orgId: 1,
      name: 'tidewatch',
      template: `{{ define "tidewatch.title" }}{{ .Status | toUpper }}: {{ .CommonAnnotations.summary }} ({{ len .Alerts }}){{ end }}
{{ define "tidewatch.message" }}{{ range .Alerts }}{{ .Annotations.summary }}
{{ .Annotations.description }}
fires since: {{ .StartsAt }}
{{ with .Annotations.since }}{{ . }}
{{ end }}{{ with .Annotations.evidence }}evidence: {{ . }}
{{ end }}{{ with .Annotations.cause }}likely cause: {{ . }}
{{ end }}{{ with .Annotations.action }}{{ . }}
{{ end }}what to do: {{ .Annotations.runbook_url }}
figures: {{ .Annotations.console_url }}

{{ end }}{{ end }}
`,
    },
  ],
};
