import { complaintsOf } from './catalogue.ts';
import { type DashboardSpec, modelOf } from './dashboard.ts';
import { drift } from './drift.ts';
import { entity } from './entity.ts';
import { DASHBOARDS } from './links.ts';
import { models } from './models.ts';
import type { BuildOptions } from './options.ts';
import { overview } from './overview.ts';
import { pipeline } from './pipeline.ts';
import { dashboardProvider, dataSources } from './provisioning.ts';
import { type DashboardQuery, queriesOf } from './queries.ts';
import { alertmanagerConfig, compileRules, grafanaAlerting, prometheusConfig, prometheusRules } from './rules/index.ts';
import { strangersIn } from './sql.ts';

export { differences } from './compare.ts';
export { expandPromql, expandSql, type Filling } from './expand.ts';
export { optionsOf } from './from-config.ts';
export { type BuildOptions, COMPOSE_ADDRESSES, type DashboardStream } from './options.ts';
export type { DashboardQuery } from './queries.ts';

/** Every dashboard, in the order in which they are listed. */
export const dashboardsOf = (options: BuildOptions): DashboardSpec[] =>
  [overview, entity, drift, models, pipeline].map((make) => make(options));

/** Every query of every dashboard. */
export const allQueries = (options: BuildOptions): DashboardQuery[] => dashboardsOf(options).flatMap(queriesOf);

/**
 * Everything that docker-compose.yml mounts, by its path below the folder. Throws for a query that names what does not
 * exist (a metric outside of the catalogue, what is no view of the schema `grafana`), and for a trigger that no rule can express.
 */
export function build(options: BuildOptions): Map<string, string> {
  const files = new Map<string, string>();
  for (const spec of dashboardsOf(options)) {
    check(queriesOf(spec));
    files.set(
      `grafana/dashboards/${DASHBOARDS[spec.name].uid}.json`,
      `${JSON.stringify(modelOf(spec, options), null, 2)}\n`,
    );
  }
  files.set('grafana/provisioning/dashboards/tidewatch.yaml', dashboardProvider());
  files.set('grafana/provisioning/datasources/tidewatch.yaml', dataSources(options));
  const rules = compileRules(options.streams);
  for (const [path, text] of grafanaAlerting(rules, options)) files.set(path, text);
  files.set('prometheus/prometheus.yml', prometheusConfig(options));
  files.set('prometheus/rules.yaml', prometheusRules(rules, options));
  files.set('alertmanager/alertmanager.yml', alertmanagerConfig(options));
  return files;
}

/** Throws an error that names dashboard, panel and what is wrong. */
export function check(queries: readonly DashboardQuery[]): void {
  for (const { dashboard, title, kind, expr } of queries) {
    const wrong =
      kind === 'promql' ? complaintsOf(expr) : strangersIn(expr).map((name) => `${name} is no view of dashboards`);
    if (wrong.length > 0) throw new Error(`dashboard ${dashboard}, ${title}: ${wrong.join('; ')}`);
  }
}
