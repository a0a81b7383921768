import { isIP } from 'node:net';
import { formatDuration } from '../../core/config/duration.ts';
import { annotationsOf, labelsOf } from './annotations.ts';
import { JOBS } from './dead-man.ts';
import { grouped } from './grouped.ts';
import { COMPOSE_FILES, type CompiledRule, EVERY_MS, type RuleOptions } from './rule.ts';
import { yamlFile } from './yaml.ts';

/** A process has some thousands of series; more than this is a mistake that must not take Prometheus down. */
const MAX_SAMPLES = 50_000;

/** prometheus/rules.yaml, for Prometheus 2.42 or newer. */
export function prometheusRules(rules: readonly CompiledRule[], options: Pick<RuleOptions, 'consoleUrl'>): string {
  const groups = [...grouped(rules, ({ group }) => group)].map(([name, some]) => ({
    name,
    interval: formatDuration(EVERY_MS),
    rules: some.map((rule) => ({
      alert: rule.name,
      expr: rule.expr,
      ...(rule.forMs === 0 ? {} : { for: formatDuration(rule.forMs) }),
      labels: labelsOf(rule),
      annotations: annotationsOf(rule, options, 'prometheus'),
    })),
  }));
  return yamlFile({ groups });
}

/** prometheus/prometheus.yml: who is asked, with which token, and where alerts go to. */
export function prometheusConfig({ targets, alertmanagerUrl, files = COMPOSE_FILES }: RuleOptions): string {
  const alertmanager = new URL(alertmanagerUrl);
  const authorization = { type: 'Bearer', credentials_file: files.httpToken };
  return yamlFile({
    global: { scrape_interval: '15s', scrape_timeout: '10s', evaluation_interval: formatDuration(EVERY_MS) },
    rule_files: ['rules.yaml'],
    alerting: {
      alertmanagers: [
        {
          scheme: alertmanager.protocol.slice(0, -1),
          path_prefix: alertmanager.pathname,
          static_configs: [{ targets: [alertmanager.host] }],
        },
      ],
    },
    scrape_configs: (['worker', 'monitor'] as const).map((kind) => ({
      job_name: JOBS[kind],
      metrics_path: '/metrics',
      authorization,
      sample_limit: MAX_SAMPLES,
      ...found(targets[kind]),
    })),
  });
}

/** By DNS, since there may be several of a name; an address is itself. */
function found(target: string) {
  const { hostname, port } = new URL(`http://${target}`);
  const address = hostname === 'localhost' || isIP(hostname.replace(/^\[|\]$/g, '')) !== 0;
  if (address) return { static_configs: [{ targets: [target] }] };
  return { dns_sd_configs: [{ names: [hostname], type: 'A', port: Number(port || 80), refresh_interval: '15s' }] };
}
