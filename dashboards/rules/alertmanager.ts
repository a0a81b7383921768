import { WATCHDOG } from '../../core/trigger-table.ts';
import { COMPOSE_FILES, type RuleOptions } from './rule.ts';
import { yamlFile } from './yaml.ts';

/** POST /alerts takes up to 200. */
const MAX_ALERTS = 100;
const MONITOR = 'monitor';
const PEOPLE = 'people';

/**
 * alertmanager/alertmanager.yml, for Alertmanager 0.25 or newer. What has an action goes to the monitor at once; people
 * are told in groups. The watchdog goes to the monitor, which shows when it last came.
 */
export function alertmanagerConfig({ monitorUrl, files = COMPOSE_FILES }: RuleOptions): string {
  const quick = { receiver: MONITOR, group_wait: '0s', group_interval: '1m' };
  return yamlFile({
    route: {
      receiver: PEOPLE,
      group_by: ['alertname', 'stream'],
      group_wait: '30s',
      group_interval: '5m',
      repeat_interval: '12h',
      routes: [
        { matchers: [`alertname="${WATCHDOG}"`], ...quick, repeat_interval: '5m' },
        { matchers: ['action!=""'], ...quick, repeat_interval: '1h', continue: true },
        { matchers: ['severity="info"'], receiver: 'nobody' },
        { matchers: ['severity="page"'], receiver: PEOPLE, repeat_interval: '1h' },
        // The root takes only what no route has taken, and the monitor's have.
        { receiver: PEOPLE },
      ],
    },
    // What follows from nobody deciding is not told beside it.
    inhibit_rules: [
      {
        source_matchers: ['alertname="monitor_silent"'],
        target_matchers: ['alertname=~"figures_behind|figures_missing|webhook_silent"'],
      },
    ],
    receivers: [
      {
        name: MONITOR,
        webhook_configs: [
          {
            url: `${monitorUrl}/alerts`,
            send_resolved: true,
            max_alerts: MAX_ALERTS,
            http_config: { authorization: { type: 'Bearer', credentials_file: files.alertsSecret } },
          },
        ],
      },
      people(files.peopleUrl),
      { name: 'nobody' },
    ],
  });
}

/**
 * A webhook in Slack's format, which Mattermost, Rocket.Chat, Discord and others take too: the one format whose address,
 * which is a secret, Alertmanager 0.25 reads from a file. Put other receivers here as you need them.
 */
function people(urlFile: string | null) {
  if (urlFile === null) return { name: PEOPLE };
  const facts = ['description', 'since', 'evidence', 'cause', 'action', 'runbook_url', 'console_url'];
  const lines = facts.map((key) => `{{ with .Annotations.${key} }}${key.replace('_url', '')}: {{ . }}\n{{ end }}`);
  return {
    name: PEOPLE,
    slack_configs: [
      {
        api_url_file: urlFile,
        send_resolved: true,
        title:
          '{{ .Status | toUpper }} {{ .CommonLabels.severity }}: {{ .CommonAnnotations.summary }} ({{ len .Alerts }})',
        text: `{{ range .Alerts }}{{ .Annotations.summary }}\nfires since: {{ .StartsAt }}\n${lines.join('')}\n{{ end }}`,
      },
    ],
  };
}
